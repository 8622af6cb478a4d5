//! One reply of the service.

use serde::{Deserialize, Serialize};

use crate::fault::bytes_text;

/// A reply: a status, headers, a body.
///
/// Unless it is [`bare`](Self::bare), the emulator adds the headers that every reply of Graph has (`request-id`,
/// `client-request-id`, `Date` and so on) if the reply does not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The status, 200 to 999.
    pub status: u16,
    /// The reason phrase, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The headers, in order. If there is a `Content-Length` or `Transfer-Encoding` among them, the emulator sends the
    /// reply as it is, right or wrong, and closes the connection.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default, with = "bytes_text")]
    pub body: Vec<u8>,
    /// Whether it lacks Graph's usual headers, like a reply from a proxy or firewall.
    #[serde(default)]
    pub bare: bool,
}

impl Reply {
    /// An empty reply of this status.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, without a `Content-Type`.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sets a JSON body.
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json").body(value.to_string())
    }

    /// Sets a JSON body whose `Content-Type` names the charset, as Entra and managed identities do.
    pub(crate) fn json_utf8(self, value: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json; charset=utf-8").body(value.to_string())
    }

    /// Makes it an HTML page, and bare.
    pub fn html(self) -> Self {
        let page = format!("<!DOCTYPE html>\r\n<html><title>{0}</title><h1>{0}</h1></html>\r\n", self.status);
        self.header("Content-Type", "text/html; charset=us-ascii").body(page).bare()
    }

    /// Sets the reason phrase.
    pub fn reason(self, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..self }
    }

    /// Leaves out Graph's usual headers.
    pub fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status).header("Location", location)
    }

    /// The first header with this name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Adds a header, unless there is one with this name.
    pub(crate) fn or_header(self, name: &str, value: &str) -> Self {
        if self.get(name).is_some() { self } else { self.header(name, value) }
    }

    /// The token that it issues.
    pub(crate) fn access_token(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        body["access_token"].as_str().map(str::to_owned)
    }

    /// Whether HTTP allows a body with this status.
    pub(crate) fn may_have_body(&self) -> bool {
        !matches!(self.status, 100..=199 | 204 | 304)
    }

    /// Whether it has its own framing of the body.
    pub(crate) fn frames_itself(&self) -> bool {
        self.get("content-length").is_some() || self.get("transfer-encoding").is_some()
    }

    /// The head as it is sent, with the body's length unless the reply has its own framing.
    pub(crate) fn head(&self) -> Vec<u8> {
        let usual =
            || hyper::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let reason = self.reason.as_deref().or_else(usual).unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.frames_itself() && self.may_have_body() {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_the_reason_and_the_length() {
        let head = |reply: Reply| String::from_utf8(reply.head()).expect("text");
        assert_eq!(head(Reply::new(204)), "HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(
            head(Reply::new(503).reason("Away").header("X", "y").body("abc")),
            "HTTP/1.1 503 Away\r\nX: y\r\nContent-Length: 3\r\n\r\n"
        );
        let framed = Reply::new(200).header("content-length", "9").body("abc");
        assert_eq!(head(framed), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
    }

    #[test]
    fn headers_are_found_in_any_case_and_added_once() {
        let reply =
            Reply::new(200).header("Retry-After", "1").or_header("retry-after", "2").or_header("Date", "x");
        assert_eq!(reply.get("RETRY-AFTER"), Some("1"));
        assert_eq!(reply.headers.len(), 2);
    }
}
