//! What Graph and Intune say in the body of an error: JSON in JSON text in JSON.

use crate::text::{Object, Token, one_line};

/// Levels of text in text that are opened. The deepest seen in the wild has two.
const DEEPEST: usize = 4;

/// Intune ends its sentence with ids and an internal address; the ids are the caller's own client-request-id.
const TAIL: &str = " - Operation ID (for customer support)";

/// The service's words about a failure.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ServiceError {
    /// The body is JSON with an error in it: a box in between answers with a page.
    pub(crate) is_graph: bool,
    /// Intune itself spoke, not Graph's gateway.
    pub(crate) is_intune: bool,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl ServiceError {
    /// Never fails: what is not of the known shape gives less.
    pub(crate) fn read(body: &[u8], token: Token<'_>) -> ServiceError {
        let Some(error) = Object::read(body).ok().and_then(|body| body.object("error")) else {
            return ServiceError::default();
        };
        let mut said = ServiceError { is_graph: true, ..ServiceError::default() };
        said.code = text(&error, "code").and_then(|code| one_line(&code, token));
        let message = text(&error, "message").map(|message| said.unwrap(message, DEEPEST));
        said.message = message.and_then(|message| one_line(without_tail(&message), token));
        said
    }

    /// The innermost text of a message: Intune's envelope, which some front ends wrap once more.
    fn unwrap(&mut self, message: String, levels: usize) -> String {
        let envelope = match Object::read(message.as_bytes()) {
            Ok(envelope) if levels > 0 => envelope,
            _ => return message,
        };
        self.is_intune |= envelope.has("_version");
        match text(&envelope, "Message") {
            Some(inner) => self.unwrap(inner, levels - 1),
            None => message,
        }
    }
}

fn text(object: &Object<'_>, name: &str) -> Option<String> {
    object.text(name).ok().flatten().filter(|text| !text.is_empty())
}

/// Intune's sentence alone, where there is one.
fn without_tail(message: &str) -> &str {
    let sentence = message.split(TAIL).next().unwrap_or_default();
    if sentence.trim().is_empty() { message } else { sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

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
            assert_eq!((said.code.as_deref(), said.is_graph), (Some("Forbidden"), true));
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
            let said = ServiceError::read(body.as_bytes(), Token::new("a-secret").unwrap());
            assert_eq!((said.message.as_deref(), said.is_intune, said.is_graph), (Some("words"), true, true));
        }
        let twice = br#"{"error":7,"error":{"message":"first","code":1,"message":"last","code":"a"}}"#;
        let said = ServiceError::read(twice, Token::new("a-secret").unwrap());
        assert_eq!((said.message.as_deref(), said.code.as_deref()), (Some("last"), Some("a")));
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
            let expected = ServiceError { is_graph, ..ServiceError::default() };
            assert_eq!(ServiceError::read(body, Token::new("a-secret").unwrap()), expected);
        }
    }
}
