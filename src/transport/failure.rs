//! What an exchange without an answer means.

use std::io;

use crate::call::{Call, Stage, Stop};
use crate::error::{Cause, Error, ErrorKind, Source};
use crate::retry::Ending;
use crate::token::Token;

/// An exchange without an answer.
pub(crate) struct Failure {
    /// What a call ends with that does not try again.
    pub(crate) error: Error,
    /// Whether bytes of the request may have left.
    pub(crate) sent: bool,
    /// Whether a moment later it may go better.
    pub(crate) is_passing: bool,
}

impl Failure {
    /// `way` names the service, and the proxy if there is one.
    pub(super) fn new(error: ureq::Error, call: &Call, token: Token<'_>, way: &str) -> Failure {
        let stage = call.stage();
        let kind = classify(&error, stage, call.stopped());
        let text = match (kind, stage) {
            (ErrorKind::Cancelled, _) => "by the caller".to_owned(),
            (ErrorKind::Timeout, Stage::Connecting) => format!("no connection to {way} in time"),
            (ErrorKind::Timeout, Stage::Handshake) => format!("no TLS handshake with {way} in time"),
            (ErrorKind::Timeout, Stage::Sent) => format!("no whole answer from {way} in time"),
            _ => way.to_owned(),
        };
        let sent = stage == Stage::Sent;
        let is_passing = is_passing(&error, kind);
        let error = match error {
            _ if matches!(kind, ErrorKind::Timeout | ErrorKind::Cancelled) => Error::new(kind, text),
            ureq::Error::Other(error) => match error.downcast::<Error>() {
                Ok(error) => *error,
                Err(error) => Error::new(kind, text).because(Cause::new(&error, Some(token))),
            },
            error => Error::new(kind, text).because(cause(error, token)),
        };
        Failure { error, sent, is_passing }
    }

    /// Nothing can be sent without an id that no other request has.
    pub(crate) fn no_random_bits() -> Failure {
        let error = Error::new(ErrorKind::Internal, "the system gives no random bits");
        Failure { error, sent: false, is_passing: false }
    }

    pub(crate) fn ending(&self) -> Ending {
        Ending::Failure { sent: self.sent, is_passing: self.is_passing }
    }
}

fn classify(error: &ureq::Error, stage: Stage, stop: Option<Stop>) -> ErrorKind {
    use ureq::Error as E;
    match (stop, error, stage) {
        (Some(Stop::Cancelled), ..) => ErrorKind::Cancelled,
        (Some(Stop::Deadline), ..) | (None, E::Timeout(_), _) => ErrorKind::Timeout,
        (_, E::Protocol(_) | E::LargeResponseHeader(..) | E::Http(_), Stage::Sent) => ErrorKind::Protocol,
        (.., Stage::Connecting) => ErrorKind::Connect,
        (.., Stage::Handshake) => ErrorKind::Tls,
        (.., Stage::Sent) => ErrorKind::ConnectionLost,
    }
}

/// A refusal, a certificate or a setting is the same a second later; a failure of the network may not be.
fn is_passing(error: &ureq::Error, kind: ErrorKind) -> bool {
    match (kind, error) {
        (ErrorKind::Timeout, _) => true,
        (ErrorKind::Connect | ErrorKind::Tls | ErrorKind::ConnectionLost, ureq::Error::Io(error)) => {
            error.kind() != io::ErrorKind::InvalidData
        }
        _ => false,
    }
}

/// An error of the operating system is kept as it is; of all others the words, without the token.
fn cause(error: ureq::Error, token: Token<'_>) -> Source {
    match error {
        ureq::Error::Io(error) if error.raw_os_error().is_some() => error.into(),
        ureq::Error::Io(error) => Cause::new(&error, Some(token)).into(),
        error => Cause::new(&error, Some(token)).into(),
    }
}
