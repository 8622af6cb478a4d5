//! The readable side of a connection: keeps the bytes of each request's head as they came.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::carrier::Stream;

/// Only this much of a longer head is kept.
const KEPT: usize = 1 << 20;

/// The bytes of the request that is being read, shared with the code that answers it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tee(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    /// The bytes that come now belong to a body, and are not kept.
    in_body: bool,
}

impl Tee {
    /// Takes the head of the request. The bytes after that are its body.
    pub(crate) fn take(&self) -> Head {
        let mut kept = self.lock();
        kept.in_body = true;
        Head::parse(&std::mem::take(&mut kept.bytes))
    }

    /// The body has ended: the next bytes begin a request.
    pub(crate) fn end_of_body(&self) {
        self.lock().in_body = false;
    }

    /// Adds bytes that were read. Returns the head if they begin a request.
    fn add(&self, bytes: &[u8]) -> Option<Head> {
        let mut kept = self.lock();
        let first = kept.bytes.is_empty() && !kept.in_body;
        if !kept.in_body && kept.bytes.len() < KEPT {
            kept.bytes.extend_from_slice(bytes);
        }
        first.then(|| Head::parse(bytes))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder panics")
    }
}

/// A request's method, path and headers, unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let text: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        Self { method, path, headers: lines.filter_map(header).collect() }
    }

    /// The bearer token among the headers.
    pub(crate) fn token(&self) -> Option<String> {
        let header = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
        bearer(&header.1)
    }
}

/// The token of an `Authorization` header.
pub(crate) fn bearer(value: &str) -> Option<String> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Decides from a new request's head whether to reset the connection without reading the request.
pub(crate) type Censor = Box<dyn Fn(&Head) -> bool + Send>;

/// A stream with a [`Tee`] in it.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    tee: Tee,
    censor: Censor,
    censored: bool,
}

impl Wire {
    pub(crate) fn new(stream: Box<dyn Stream>, tee: Tee, censor: Censor) -> Self {
        Self { stream, tee, censor, censored: false }
    }

    /// Whether a request is to be reset unread.
    pub(crate) fn is_censored(&self) -> bool {
        self.censored
    }

    /// Makes the connection end with a reset.
    pub(crate) fn reset_at_end(&self) {
        self.stream.reset_at_end();
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut wire.stream).poll_read(context, buffer);
        let fresh = &buffer.filled()[before..];
        if !fresh.is_empty() && wire.tee.add(fresh).is_some_and(|head| (wire.censor)(&head)) {
            wire.censored = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_keep_order_and_case() {
        let tee = Tee::default();
        let first =
            tee.add(b"POST /x HTTP/1.1\r\nHOST: a\r\nAuthorization: bearer  t=\r\n").expect("the first");
        assert_eq!((&*first.method, &*first.path), ("POST", "/x"));
        assert_eq!(tee.add(b"X-y:z\r\n\r\nbody: no"), None);
        let head = tee.take();
        let names: Vec<_> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["HOST", "Authorization", "X-y"]);
        assert_eq!(head.token().as_deref(), Some("t="));
        assert_eq!(tee.add(b"more of the body"), None);
        tee.end_of_body();
        assert!(tee.add(b"GET / HTTP/1.1\r\n\r\n").is_some());
    }

    #[test]
    fn only_bearer_tokens_are_tokens() {
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("abc"), None);
    }
}
