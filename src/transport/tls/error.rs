//! Puts plain words into the I/O errors of rustls' streams.

use std::io;

use super::{message, verifier};

const CLOSED: &str = "the server, or a proxy or gateway before it, closed the connection";

/// Whether TLS itself failed, not the connection below it.
pub(super) fn is_fault(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// The same error, in words for the time of the handshake.
pub(super) fn in_handshake(error: io::Error) -> io::Error {
    match rustls_error(&error) {
        Some(cause) => match verifier::refusal(cause) {
            Some(refusal) => io::Error::new(error.kind(), refusal.clone()),
            None => io::Error::new(error.kind(), message::in_handshake(cause)),
        },
        None if is_end(&error) => io::Error::new(error.kind(), format!("{CLOSED} during the TLS handshake")),
        None => error,
    }
}

/// The same error, in words for the time after the handshake.
pub(super) fn after_handshake(error: io::Error) -> io::Error {
    match rustls_error(&error) {
        Some(cause) => io::Error::new(error.kind(), message::after_handshake(cause)),
        None if is_end(&error) => io::Error::new(error.kind(), CLOSED),
        None => error,
    }
}

fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the peer closed the connection, and no layer below has better words for it. rustls' words about a missing
/// close_notify end in a link to its documentation.
fn is_end(error: &io::Error) -> bool {
    let has_words = error.get_ref().is_some_and(|words| !words.to_string().contains("close_notify"));
    error.kind() == io::ErrorKind::UnexpectedEof && !has_words
}
