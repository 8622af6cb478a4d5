//! Finds the error of TLS inside an I/O error, where rustls' streams put it.

use std::io;

use super::tls_words;
use super::verifier;

/// Whether TLS itself failed, not the connection below it.
pub(super) fn is_fault(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// Describes an error in the handshake.
pub(super) fn words(error: &io::Error) -> String {
    match of(error) {
        Some(error) => verifier::refused(error).map_or_else(|| tls_words::words(error), ToString::to_string),
        None if is_end(error) => format!("{CLOSED} during the TLS handshake"),
        None => error.to_string(),
    }
}

/// Describes an error after the handshake.
pub(super) fn later_words(error: &io::Error) -> String {
    match of(error) {
        Some(error) => tls_words::later_words(error),
        None if is_end(error) => CLOSED.to_owned(),
        None => error.to_string(),
    }
}

const CLOSED: &str = "the server, or a box in between, closed the connection";

/// Whether the peer closed the connection. An error with words of ours says more.
fn is_end(error: &io::Error) -> bool {
    let is_ours = error.get_ref().is_some_and(|words| !words.to_string().contains("close_notify"));
    error.kind() == io::ErrorKind::UnexpectedEof && !is_ours
}

fn of(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
