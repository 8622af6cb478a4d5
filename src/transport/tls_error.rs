//! The error of TLS inside of an I/O error, as rustls' streams hand it on.

use std::io;

use super::tls_words;
use super::verifier;

/// Whether TLS itself fails, and not what is below.
pub(super) fn is_fault(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

/// What ends a handshake, in words.
pub(super) fn words(error: &io::Error) -> String {
    match of(error) {
        Some(error) => verifier::refused(error).map_or_else(|| tls_words::words(error), ToString::to_string),
        None => error.to_string(),
    }
}

/// What ends a connection that was made, in words.
pub(super) fn later_words(error: &io::Error) -> String {
    of(error).map_or_else(|| error.to_string(), tls_words::later_words)
}

fn of(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
