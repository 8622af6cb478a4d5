//! Turns an exchange without a reply into an error.

use std::io::{self, ErrorKind as IoKind};
use std::net::SocketAddr;

use crate::outcome::{Cause, CauseText, Error, ErrorKind};
use crate::service::retry::Obstacle;
use crate::text::Token;
use crate::transport::call::{Aborted, Call, Stage};
use crate::transport::connect_error::ConnectError;
use crate::transport::shortage::Shortage;

/// An exchange that ended without a reply.
pub(crate) struct Failure {
    /// The error that the call returns if it does not retry.
    pub(crate) error: Error,
    /// Whether bytes of the request may have left.
    pub(crate) sent: bool,
    pub(crate) obstacle: Obstacle,
}

impl Failure {
    /// `destination` names the service, and the proxy if there is one.
    pub(super) fn new(error: ureq::Error, call: &Call, token: Token<'_>, destination: &str) -> Failure {
        let stage = call.stage();
        let (kind, is_transient, address, cause) = match as_connect_error(error) {
            Ok(ConnectError::Other(error)) => {
                let is_transient = error.kind() == ErrorKind::Connect;
                return Failure::unsent(error, is_transient);
            }
            Ok(error) => {
                let (kind, is_transient) = (connect_kind(&error, stage), error.is_transient());
                let (address, cause) = connect_cause(error, token);
                (kind, is_transient, address, cause)
            }
            Err(error) => {
                let (kind, is_transient, cause) = exchange_error(error, token);
                (kind, is_transient, None, cause)
            }
        };
        let kind = match call.aborted() {
            Some(Aborted::Cancelled) => ErrorKind::Cancelled,
            Some(Aborted::DeadlinePassed) => ErrorKind::Timeout,
            None => kind,
        };
        let waited = format!("after {:.1} s", call.began().elapsed().as_secs_f64());
        let text = match (kind, stage) {
            (ErrorKind::Cancelled, _) => return Failure::cancelled(stage == Stage::Sent),
            (ErrorKind::Timeout, Stage::Connecting) => {
                let step = call.step().map_or(String::new(), |step| format!(", while {step}"));
                let address = address.map_or(String::new(), |address| format!("; {address}"));
                format!("no connection to {destination} {waited}{step}{address}")
            }
            (ErrorKind::Timeout, Stage::Handshake) => format!("no TLS handshake with {destination} {waited}"),
            (ErrorKind::Timeout, Stage::Sent) => format!("no complete reply from {destination} {waited}"),
            _ => match address.map(|address| address.to_string()) {
                Some(address) if !destination.ends_with(&address) => format!("{destination} at {address}"),
                _ => destination.to_owned(),
            },
        };
        let error = Error::new(kind, text);
        let error = match cause {
            Some(cause) => error.because(cause),
            None => error,
        };
        Failure { sent: stage == Stage::Sent, ..Failure::unsent(error, is_transient) }
    }

    /// A request that was not sent. `is_transient`: whether a retry may succeed.
    pub(crate) fn unsent(error: Error, is_transient: bool) -> Failure {
        let obstacle = Obstacle { is_repeatable: is_transient, ..Obstacle::default() };
        Failure { error, sent: false, obstacle }
    }

    /// A call that ends while it waits for something of another call's.
    pub(crate) fn aborted(aborted: Aborted, what: &str) -> Failure {
        match aborted {
            Aborted::Cancelled => Failure::cancelled(false),
            Aborted::DeadlinePassed => Failure::unsent(Error::new(ErrorKind::Timeout, what), false),
        }
    }

    /// The same failure, for another call.
    pub(crate) fn again(&self) -> Failure {
        Failure { error: self.error.without_source(), ..*self }
    }

    pub(crate) fn cancelled(sent: bool) -> Failure {
        Failure { sent, ..Failure::unsent(Error::new(ErrorKind::Cancelled, "by the caller"), false) }
    }

    /// Every request needs a unique id, so without random bits nothing can be sent.
    pub(crate) fn no_random_bits() -> Failure {
        Failure::unsent(Error::new(ErrorKind::Internal, "the system provides no random bits"), false)
    }
}

/// The connect error that ureq passed on. Otherwise ureq's own error.
fn as_connect_error(error: ureq::Error) -> Result<ConnectError, ureq::Error> {
    match error {
        ureq::Error::Other(other) => other.downcast().map(|error| *error).map_err(ureq::Error::Other),
        error => Err(error),
    }
}

fn connect_kind(error: &ConnectError, stage: Stage) -> ErrorKind {
    match stage {
        _ if error.is_timeout() => ErrorKind::Timeout,
        Stage::Handshake => ErrorKind::Tls,
        _ => ErrorKind::Connect,
    }
}

/// The cause, and the address that it is about.
fn connect_cause(error: ConnectError, token: Token<'_>) -> (Option<SocketAddr>, Option<Cause>) {
    match error {
        ConnectError::TimedOut(None) => (None, None),
        ConnectError::TimedOut(Some((address, error))) | ConnectError::NoAnswer(address, error) => {
            (Some(address), io_cause(error, token))
        }
        ConnectError::Io(error) => (None, io_cause(error, token)),
        error => (None, Some(CauseText::new(&error, Some(token)).into())),
    }
}

/// The kind, whether a retry may succeed, and the cause, for an exchange that broke after connecting.
fn exchange_error(error: ureq::Error, token: Token<'_>) -> (ErrorKind, bool, Option<Cause>) {
    use ureq::Error as E;
    match error {
        E::Io(error) => {
            let is_fault_of_tls = error.kind() == IoKind::InvalidData;
            (ErrorKind::ConnectionLost, !is_fault_of_tls, io_cause(error, token))
        }
        E::Protocol(_) | E::LargeResponseHeader(..) | E::Http(_) => {
            (ErrorKind::Protocol, false, Some(CauseText::new(&error, Some(token)).into()))
        }
        error => (ErrorKind::ConnectionLost, false, Some(CauseText::new(&error, Some(token)).into())),
    }
}

/// An `io::Error`: one of the operating system as it is, with words for a shortage, and only the text of any other,
/// without the token. None for a timeout, because the error's own text says so.
fn io_cause(error: io::Error, token: Token<'_>) -> Option<Cause> {
    let error = match Shortage::of(error) {
        Ok(shortage) => return Some(io::Error::from(shortage).into()),
        Err(error) => error,
    };
    if error.kind() == IoKind::TimedOut && error.raw_os_error().is_none() {
        return None;
    }
    Some(CauseText::of_io(error, Some(token)).into())
}
