//! The error bodies of Graph, and of Intune behind it.

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde_json::{Value, json};

/// How Graph passes Intune's errors on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorForm {
    /// Intune's JSON as the text of `error.message`.
    Intune,
    /// The same, wrapped once more in `ErrorCode` and `Message`.
    Deeper,
    /// Graph's own, with plain text.
    Graph,
    /// Graph's own, with JSON in camelCase as the text of `error.message`.
    CamelCase,
}

/// What the error bodies say about the request.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) request_id: String,
    pub(crate) client_request_id: String,
    pub(crate) time: DateTime<Utc>,
    pub(crate) path: String,
    pub(crate) form: ErrorForm,
    pub(crate) lowercase_inner_error: bool,
}

/// Graph's envelope.
pub(crate) fn graph(code: &str, message: &str, context: &Context) -> Value {
    let inner = if context.lowercase_inner_error { "innererror" } else { "innerError" };
    json!({"error": {
        "code": code,
        "message": message,
        inner: {
            // Without a zone, as the service writes it.
            "date": context.time.format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": context.request_id,
            "client-request-id": context.client_request_id,
        },
    }})
}

/// Graph's envelope around Intune's, in the form that the context asks for.
pub(crate) fn intune(code: &str, text: &str, context: &Context) -> Value {
    match context.form {
        ErrorForm::Graph => graph(code, text, context),
        ErrorForm::Intune => graph(code, &intune_message(text, context), context),
        ErrorForm::Deeper => {
            let deeper = json!({"ErrorCode": code, "Message": intune_message(text, context)});
            graph(code, &deeper.to_string(), context)
        }
        ErrorForm::CamelCase => {
            let code = if code == "Forbidden" { "PermissionScopeNotGranted" } else { code };
            let inner =
                json!({"errorCode": code, "message": text, "target": null, "instanceAnnotations": []});
            graph("UnknownError", &inner.to_string(), context)
        }
    }
}

/// Intune's JSON, as the text that Graph carries.
fn intune_message(text: &str, context: &Context) -> String {
    let message = format!(
        "{text} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: {} - \
         Url: https://fef.emulator.manage.microsoft.com/StatelessEnrollmentFEService{}?api-version=5025-01-01",
        context.client_request_id, context.path
    );
    let envelope = json!({
        "_version": 3,
        "Message": message,
        "CustomApiErrorPhrase": "",
        "RetryAfter": null,
        "ErrorSourceService": "",
        "HttpHeaders": "{}",
    });
    // Intune writes it on several lines.
    serde_json::to_string_pretty(&envelope).unwrap_or_default().replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(form: ErrorForm) -> Context {
        Context {
            request_id: "r".to_owned(),
            client_request_id: "c".to_owned(),
            time: DateTime::from_timestamp(0, 0).expect("valid"),
            path: "/beta/x".to_owned(),
            form,
            lowercase_inner_error: form == ErrorForm::Graph,
        }
    }

    fn text(value: &Value) -> Value {
        serde_json::from_str(value.as_str().expect("text")).expect("JSON in text")
    }

    #[test]
    fn intunes_envelope_is_json_text_and_names_the_callers_id() {
        let error = intune("Forbidden", "No.", &context(ErrorForm::Intune));
        let inside = text(&error["error"]["message"]);
        assert_eq!(inside["_version"], 3);
        let message = inside["Message"].as_str().expect("text");
        assert!(
            message.starts_with("No. - Operation ID")
                && message.contains("Activity ID: c - Url: https://fef.")
        );
        assert_eq!(error["error"]["innerError"]["date"], "1970-01-01T00:00:00");
    }

    #[test]
    fn the_deeper_form_wraps_once_more() {
        let error = intune("Forbidden", "No.", &context(ErrorForm::Deeper));
        let outer = text(&error["error"]["message"]);
        assert_eq!(outer["ErrorCode"], "Forbidden");
        assert_eq!(text(&outer["Message"])["_version"], 3);
    }

    #[test]
    fn the_form_in_camel_case_has_a_code_of_its_own() {
        let error = intune("Forbidden", "No.", &context(ErrorForm::CamelCase));
        assert_eq!(error["error"]["code"], "UnknownError");
        let inside = text(&error["error"]["message"]);
        assert_eq!(
            (&inside["errorCode"], &inside["message"]),
            (&json!("PermissionScopeNotGranted"), &json!("No."))
        );
    }

    #[test]
    fn graphs_own_form_is_plain() {
        let error = intune("Forbidden", "No.", &context(ErrorForm::Graph));
        assert_eq!(error["error"]["message"], "No.");
        assert_eq!(error["error"]["innererror"]["request-id"], "r");
    }
}
