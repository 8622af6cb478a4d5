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
        None => error.to_string(),
    }
}

/// Describes an error after the handshake.
pub(super) fn later_words(error: &io::Error) -> String {
    of(error).map_or_else(|| error.to_string(), tls_words::later_words)
}

fn of(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}
