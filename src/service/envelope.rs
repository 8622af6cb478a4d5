//! The texts in the body of an error. Graph and Intune put JSON into JSON strings, several levels deep:
//!
//! - Intune's own, with `_version` and `Message`;
//! - the same again in the message of another, with `ErrorCode` and `Message`;
//! - some services behind Graph write those two in camelCase, with `instanceAnnotations` beside them.

use crate::text::{Object, Token, one_line};

/// How many levels of JSON in a string are opened. The deepest message seen so far has two.
const DEEPEST: usize = 4;

/// Intune appends ids and an internal address to its sentence. The ids are the caller's own client-request-id.
const TAIL: &str = " - Operation ID (for customer support)";

/// The service's own code and message for a failure.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The body has Graph's `error` object. A proxy or gateway sends a page instead.
    pub(crate) is_graph: bool,
    /// The message is Intune's own, not the one of Graph's gateway.
    pub(crate) is_intune: bool,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl Envelope {
    /// Never fails: a member of an unknown form counts as missing.
    pub(crate) fn read(body: &Object<'_>, token: Token<'_>) -> Envelope {
        let Some(error) = body.object("error") else { return Envelope::default() };
        let mut envelope = Envelope { is_graph: true, ..Envelope::default() };
        envelope.code = text(&error, "code");
        let message = text(&error, "message").map(|message| envelope.open(message, DEEPEST));
        envelope.code = envelope.code.and_then(|code| one_line(&code, token));
        envelope.message = message.and_then(|message| one_line(without_tail(&message), token));
        envelope
    }

    /// The innermost text of a message. If a code is around it, that says more than Graph's own, often `UnknownError`.
    fn open(&mut self, message: String, levels: usize) -> String {
        let object = match Object::read(message.as_bytes()) {
            Ok(object) if levels > 0 => object,
            _ => return message,
        };
        self.is_intune |= object.has("_version");
        let either = |names: [&str; 2]| names.into_iter().find_map(|name| text(&object, name));
        let Some(inner) = either(["Message", "message"]) else { return message };
        self.code = either(["ErrorCode", "errorCode"]).or(self.code.take());
        self.open(inner, levels - 1)
    }
}

fn text(object: &Object<'_>, name: &str) -> Option<String> {
    object.text(name).ok().flatten().filter(|text| !text.is_empty())
}

/// Intune's sentence alone, if there is one.
fn without_tail(message: &str) -> &str {
    let sentence = message.split(TAIL).next().unwrap_or_default();
    if sentence.trim().is_empty() { message } else { sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: &[u8]) -> Envelope {
        let token = Token::new("a-secret").unwrap();
        Object::read(body).map(|body| Envelope::read(&body, token)).unwrap_or_default()
    }

    fn graph(code: &str, message: &str) -> Value {
        json!({"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}})
    }

    fn wrapped(message: &str) -> String {
        json!({"_version": 3, "Message": message, "CustomApiErrorPhrase": "", "RetryAfter": null,
               "ErrorSourceService": "", "HttpHeaders": "{}"})
        .to_string()
    }

    #[test]
    fn words_are_found_in_every_wrapping() {
        let sentence = "Application is not authorized - Operation ID (for customer support): 0 - Activity ID: 1 - Url: https://x";
        let deeper = json!({"ErrorCode": "Forbidden", "Message": wrapped(sentence)}).to_string();
        let camel = json!({"errorCode": "PermissionScopeNotGranted", "message": "A scope is missing.",
                           "target": null, "innerError": null, "instanceAnnotations": []});
        let (camel, around) =
            (camel.to_string(), json!({"errorCode": "x", "message": wrapped("m")}).to_string());
        for (message, expected, is_intune) in [
            (&*camel, "A scope is missing.", false),
            (&around, "m", true),
            ("{\"errorCode\":\"x\"}", "{\"errorCode\":\"x\"}", false),
            ("Too many requests.", "Too many requests.", false),
            (&wrapped(sentence), "Application is not authorized", true),
            (&deeper, "Application is not authorized", true),
            (&wrapped(&wrapped("inner")), "inner", true),
            (&wrapped(TAIL), TAIL.trim(), true),
            ("{\"Message\": 7}", "{\"Message\": 7}", false),
            ("{\"a\": ", "{\"a\":", false),
            ("two\r\nlines", "two  lines", false),
            (&wrapped("an a-secret"), "an [token]", true),
        ] {
            let envelope = read(graph("Forbidden", message).to_string().as_bytes());
            assert_eq!(envelope.message.as_deref(), Some(expected));
            assert_eq!(envelope.is_intune, is_intune, "{message}");
            assert!(envelope.is_graph);
        }
    }

    #[test]
    fn the_innermost_code_is_the_code() {
        let code = |message: &str| read(graph("UnknownError", message).to_string().as_bytes()).code;
        for (message, expected) in [
            ("words".to_owned(), "UnknownError"),
            (wrapped("words"), "UnknownError"),
            (json!({"ErrorCode": "Forbidden", "Message": wrapped("m")}).to_string(), "Forbidden"),
            (
                json!({"errorCode": "PermissionScopeNotGranted", "message": "m"}).to_string(),
                "PermissionScopeNotGranted",
            ),
            (json!({"errorCode": "", "message": "m"}).to_string(), "UnknownError"),
            (json!({"errorCode": "a\na-secret", "message": "m"}).to_string(), "a [token]"),
            (json!({"errorCode": "x"}).to_string(), "UnknownError"),
        ] {
            assert_eq!(code(&message).as_deref(), Some(expected), "{message}");
        }
    }

    #[test]
    fn what_else_is_in_it_may_be_of_any_depth_and_shape() {
        let lists = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let objects = format!("{}0{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
        for other in
            [lists.as_str(), &objects, "1e999999", "\"\\ud800\"", "[{},null,true,-0.1e+2,\"\\u0000\"]"]
        {
            let inner = format!("{{\"x\":{other},\"_version\":{other},\"Message\":\"words\"}}");
            let inner = serde_json::to_string(&inner).unwrap();
            let body = format!("{{\"x\":{other},\"error\":{{\"x\":{other},\"message\":{inner}}}}}");
            let envelope = read(body.as_bytes());
            assert_eq!(
                (envelope.message.as_deref(), envelope.is_intune, envelope.is_graph),
                (Some("words"), true, true)
            );
        }
        let twice = br#"{"error":7,"error":{"message":"first","code":1,"message":"last","code":"a"}}"#;
        let envelope = read(twice);
        assert_eq!((envelope.message.as_deref(), envelope.code.as_deref()), (Some("last"), Some("a")));
    }

    #[test]
    fn the_opening_is_bounded() {
        let deep = (0..DEEPEST + 1).fold("core".to_owned(), |inner, _| wrapped(&inner));
        let message = read(graph("x", &deep).to_string().as_bytes()).message.unwrap();
        assert_eq!(message, wrapped("core"), "one level more than is opened stays as it is");
    }

    #[test]
    fn any_body_gives_something() {
        let deep = "[".repeat(200_000);
        let deepest = format!("{{\"error\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for (body, is_graph) in [
            (&b""[..], false),
            (b"<html>", false),
            (b"\xff\xfe", false),
            (deep.as_bytes(), false),
            (b"{\"error\":", false),
            (deepest.as_bytes(), false),
            (b"null", false),
            (b"[]", false),
            (b"{}", false),
            (b"7", false),
            (b"{\"error\":7}", false),
            (b"{\"error\":[]}", false),
            (b"{\"error\":null}", false),
            (b"[{\"error\":{}}]", false),
            (b"{\"Error\":{}}", false),
            (b"{\"error\":{}}{}", false),
            (b"{\"error\":{},\"x\":\"\xff\"}", false),
            (b" {\"error\":{}} ", true),
            (b"{\"error\":{\"code\":7,\"message\":[]}}", true),
            (b"{\"error\":{\"code\":\"\",\"message\":\"\"}}", true),
            (b"{\"error\":{\"code\":\" \",\"message\":\"\\u0000\"}}", true),
        ] {
            let expected = Envelope { is_graph, ..Envelope::default() };
            assert_eq!(read(body), expected);
        }
    }
}
