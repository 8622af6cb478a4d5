//! Reads the head of an HTTP/1.1 reply: a proxy's reply to CONNECT, or an interim reply before the service's own.

use httparse::{EMPTY_HEADER, Response, Status};

/// The most headers of a reply: more than any proxy sends. ureq accepts no more from the service either.
const MOST_HEADERS: usize = 100;

/// A complete head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReplyHead {
    pub(crate) status: u16,
    /// In bytes, including the empty line.
    pub(crate) length: usize,
    /// The values of all its `Proxy-Authenticate` headers.
    pub(crate) challenges: Vec<String>,
}

impl ReplyHead {
    /// None if the head is not complete yet, an error if it is not HTTP.
    pub(crate) fn read(input: &[u8]) -> Result<Option<ReplyHead>, httparse::Error> {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut response = Response::new(&mut headers);
        let Status::Complete(length) = response.parse(input)? else {
            return Ok(None);
        };
        let challenges =
            response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Proxy-Authenticate"));
        let challenges =
            challenges.map(|header| String::from_utf8_lossy(header.value).into_owned()).collect();
        Ok(Some(ReplyHead { status: response.code.unwrap_or_default(), length, challenges }))
    }

    /// Whether another reply follows, as after 100 or 103. Not after 101, which ends HTTP.
    pub(crate) fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }
}

/// The digits of the status of a reply that begins like this, if they have come. Reads no more than these, because every
/// reply passes here.
pub(crate) fn status_digits(input: &[u8]) -> Option<&[u8; 3]> {
    input.get("HTTP/1.1 ".len()..)?.first_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let head = b"HTTP/1.1 407 No\r\nX: y\r\nproxy-authenticate: Basic realm=\"x\"\r\nProxy-Authenticate:NTLM\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(ReplyHead::read(&head[..end]), Ok(None), "{end}");
        }
        let challenges = vec!["Basic realm=\"x\"".to_owned(), "NTLM".to_owned()];
        let expected = ReplyHead { status: 407, length: head.len(), challenges };
        assert_eq!(ReplyHead::read(&[head, &b"<html>"[..]].concat()), Ok(Some(expected)));
    }

    #[test]
    fn anything_else_is_an_error() {
        for (input, is_head) in [
            (&b"HTTP/1.0 200\r\n\r\n"[..], true),
            (b"HTTP/1.1 299 \xff\r\n\r\n", true),
            (b"HTTP/1.1 OK\r\n\r\n", false),
            (b"HTTP/9.9 200 OK\r\n\r\n", false),
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", false),
            (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", false),
            (&[&b"HTTP/1.1 200 OK\r\n"[..], &b"X: y\r\n".repeat(MOST_HEADERS), b"\r\n"].concat(), true),
            (&[&b"HTTP/1.1 200 OK\r\n"[..], &b"X: y\r\n".repeat(MOST_HEADERS + 1), b"\r\n"].concat(), false),
        ] {
            assert_eq!(ReplyHead::read(input).is_ok(), is_head, "{:?}", String::from_utf8_lossy(input));
        }
    }

    #[test]
    fn an_interim_reply_is_recognised() {
        for (status, is_interim) in
            [(100, true), (101, false), (102, true), (103, true), (199, true), (200, false)]
        {
            let head = format!("HTTP/1.1 {status} X\r\n\r\n");
            assert_eq!(ReplyHead::read(head.as_bytes()).unwrap().unwrap().is_interim(), is_interim);
        }
    }

    #[test]
    fn the_digits_of_a_status_are_known_before_the_head_is_whole() {
        for (input, expected) in [
            (&b"HTTP/1."[..], None),
            (b"HTTP/1.1 50", None),
            (b"HTTP/1.1 503", Some(b"503")),
            (b"HTTP/1.0 200 OK\r\n", Some(b"200")),
        ] {
            assert_eq!(status_digits(input), expected, "{:?}", String::from_utf8_lossy(input));
        }
    }
}
