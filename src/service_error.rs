//! What Graph and Intune say in the body of an error: JSON in JSON text in JSON.

use serde_json::Value;

use crate::text::one_line;
use crate::token::Token;

/// Levels of text in text that are opened. The deepest seen in the wild has two.
const DEEPEST: usize = 4;

/// Intune ends its sentence with ids and an internal address; the ids are the caller's own client-request-id.
const TAIL: &str = " - Operation ID (for customer support)";

/// The service's words about a failure.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// The body is JSON at all: a box in between answers with a page.
    pub(crate) is_json: bool,
    /// Intune itself spoke, not Graph's gateway.
    pub(crate) is_intune: bool,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl ServiceError {
    /// Never fails: what is not of the known shape gives less.
    pub(crate) fn read(body: &[u8], token: Token<'_>) -> ServiceError {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return ServiceError::default();
        };
        let error = &body["error"];
        let mut said = ServiceError { is_json: true, ..ServiceError::default() };
        said.code = text(&error["code"]).and_then(|code| one_line(&code, token));
        let message = text(&error["message"]).map(|message| said.unwrap(message, DEEPEST));
        said.message = message.and_then(|message| one_line(without_tail(&message), token));
        said
    }

    /// The innermost text of a message: Intune's envelope, which some front ends wrap once more.
    fn unwrap(&mut self, message: String, levels: usize) -> String {
        let envelope = match serde_json::from_str::<Value>(&message) {
            Ok(envelope @ Value::Object(_)) if levels > 0 => envelope,
            _ => return message,
        };
        self.is_intune |= !envelope["_version"].is_null();
        match text(&envelope["Message"]) {
            Some(inner) => self.unwrap(inner, levels - 1),
            None => message,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Intune's sentence alone, where there is one.
fn without_tail(message: &str) -> &str {
    let sentence = message.split(TAIL).next().unwrap_or_default();
    if sentence.trim().is_empty() { message } else { sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> ServiceError {
        ServiceError::read(body.to_string().as_bytes(), Token::new("a-secret").unwrap())
    }

    fn graph(code: &str, message: &str) -> Value {
        json!({"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}})
    }

    fn envelope(message: &str) -> String {
        json!({"_version": 3, "Message": message, "CustomApiErrorPhrase": "", "RetryAfter": null,
               "ErrorSourceService": "", "HttpHeaders": "{}"})
        .to_string()
    }

    #[test]
    fn words_are_found_in_every_wrapping() {
        let sentence = "Application is not authorized - Operation ID (for customer support): 0 - Activity ID: 1 - Url: https://x";
        let deeper = json!({"ErrorCode": "Forbidden", "Message": envelope(sentence)}).to_string();
        for (message, expected, is_intune) in [
            ("Too many requests.", "Too many requests.", false),
            (&envelope(sentence), "Application is not authorized", true),
            (&deeper, "Application is not authorized", true),
            (&envelope(&envelope("inner")), "inner", true),
            (&envelope(TAIL), TAIL.trim(), true),
            ("{\"Message\": 7}", "{\"Message\": 7}", false),
            ("{\"a\": ", "{\"a\":", false),
            ("two\r\nlines", "two  lines", false),
            (&envelope("an a-secret"), "an [token]", true),
        ] {
            let said = read(graph("Forbidden", message));
            assert_eq!(said.message.as_deref(), Some(expected));
            assert_eq!(said.is_intune, is_intune, "{message}");
            assert_eq!((said.code.as_deref(), said.is_json), (Some("Forbidden"), true));
        }
    }

    #[test]
    fn the_opening_is_bounded() {
        let deep = (0..DEEPEST + 1).fold("core".to_owned(), |inner, _| envelope(&inner));
        let message = read(graph("x", &deep)).message.unwrap();
        assert_eq!(message, envelope("core"), "one level more than is opened stays as it is");
    }

    #[test]
    fn any_body_gives_something() {
        let deep = "[".repeat(200_000);
        for (body, is_json) in [
            (&b""[..], false),
            (b"<html>", false),
            (b"\xff\xfe", false),
            (deep.as_bytes(), false),
            (b"{\"error\":", false),
            (b"null", true),
            (b"[]", true),
            (b"{}", true),
            (b"{\"error\":7}", true),
            (b"{\"error\":{\"code\":7,\"message\":[]}}", true),
            (b"{\"error\":{\"code\":\"\",\"message\":\"\"}}", true),
            (b"{\"error\":{\"code\":\" \",\"message\":\"\\u0000\"}}", true),
        ] {
            let expected = ServiceError { is_json, ..ServiceError::default() };
            assert_eq!(ServiceError::read(body, Token::new("a-secret").unwrap()), expected);
        }
    }
}
