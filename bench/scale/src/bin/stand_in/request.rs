//! One request, and its reply as it is sent.

use std::fmt::Write;
use std::io;

use autopilot_emulator::Reply;

const MOST_HEADERS: usize = 64;

#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Empty if there is none.
    pub(crate) token: &'a str,
    /// Its length, body included.
    pub(crate) length: usize,
}

impl Request<'_> {
    /// The first request in these bytes. None if it is not complete yet.
    pub(crate) fn read(bytes: &[u8]) -> io::Result<Option<Request<'_>>> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(bytes).map_err(io::Error::other)?;
        let httparse::Status::Complete(length) = parsed else { return Ok(None) };
        let (method, path) = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
        let header = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        if header("transfer-encoding").is_some() {
            return Err(io::Error::other("a request with Transfer-Encoding"));
        }
        let body = header("content-length").map_or(Ok(0), str::parse).map_err(io::Error::other)?;
        let token = header("authorization").and_then(|text| text.strip_prefix("Bearer "));
        let request = Request { method, path, token: token.unwrap_or_default(), length: length + body };
        Ok((request.length <= bytes.len()).then_some(request))
    }
}

/// The reply as it is sent.
pub(crate) fn bytes(reply: &Reply) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} \r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if reply.status != 204 {
        let _ = write!(head, "Content-Length: {}\r\n", reply.body.len());
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&reply.body);
    bytes
}
