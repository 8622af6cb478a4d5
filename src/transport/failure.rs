//! Turns an exchange without an answer into an error.

use std::io::{self, ErrorKind as IoKind};

use super::tls_error;
use crate::outcome::{Cause, Error, ErrorKind, Source};
use crate::service::retry::Ending;
use crate::text::Token;
use crate::transport::call::{Call, Stage, Stop};

/// Why there is no connection to the service.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The call ended, or the connect timeout passed.
    #[error("no connection in time")]
    Over,
    /// The same, but one attempt had already failed with this error while others were still running.
    #[error("no connection in time: {0}")]
    Late(io::Error),
    #[error("the name {0} is not known")]
    UnknownName(String),
    /// The proxy refuses the connection.
    #[error("{0}")]
    Refused(String),
    /// The proxy cannot reach the service's address.
    #[error("{0}")]
    Unreachable(String),
    /// An error of TLS, in the words of [`tls_error::words`].
    #[error("{0}")]
    Tls(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A setting that the connection needs is unusable.
    #[error(transparent)]
    Unusable(#[from] Error),
}

impl ConnectError {
    pub(super) fn refused(text: &str) -> ConnectError {
        ConnectError::Refused(text.to_owned())
    }

    /// An unknown name stays unknown. Any other failure of a look-up may pass.
    pub(super) fn look_up(name: &str, error: &io::Error) -> ConnectError {
        if is_unknown_name(error) {
            ConnectError::UnknownName(name.to_owned())
        } else {
            ConnectError::Io(io::Error::new(error.kind(), format!("the look-up of {name} failed: {error}")))
        }
    }

    fn kind(&self, stage: Stage) -> ErrorKind {
        match stage {
            _ if self.is_late() => ErrorKind::Timeout,
            Stage::Handshake => ErrorKind::Tls,
            _ => ErrorKind::Connect,
        }
    }

    /// Whether this library's own timeout passed. The system's comes after minutes, and means that nobody answers.
    pub(super) fn is_late(&self) -> bool {
        match self {
            ConnectError::Over | ConnectError::Late(_) => true,
            ConnectError::Io(error) => error.kind() == IoKind::TimedOut && error.raw_os_error().is_none(),
            _ => false,
        }
    }

    fn cause(self, token: Token<'_>) -> Option<Source> {
        match self {
            ConnectError::Over => None,
            ConnectError::Io(error) | ConnectError::Late(error) => io_cause(error, token, tls_error::words),
            error => Some(Cause::new(&error, Some(token)).into()),
        }
    }

    /// Whether a retry may succeed. A refusal, a certificate or a setting is the same a moment later.
    fn is_passing(&self) -> bool {
        use ConnectError::{Io, Late, Over, Unreachable};
        matches!(self, Over | Late(_) | Unreachable(_) | Io(_))
    }
}

impl From<ConnectError> for ureq::Error {
    fn from(error: ConnectError) -> ureq::Error {
        ureq::Error::Other(error.into())
    }
}

/// std keeps only the text of getaddrinfo's error, in the process's language, and not its number.
#[cfg(unix)]
#[allow(unsafe_code)] // asks the C library
fn is_unknown_name(error: &io::Error) -> bool {
    #[cfg(target_env = "gnu")]
    const UNKNOWN: [i32; 2] = [libc::EAI_NONAME, libc::EAI_NODATA];
    #[cfg(not(target_env = "gnu"))]
    const UNKNOWN: [i32; 1] = [libc::EAI_NONAME];
    let text = error.to_string();
    UNKNOWN.into_iter().any(|number| {
        // SAFETY: gai_strerror returns a text that lives as long as the process.
        let words = unsafe { std::ffi::CStr::from_ptr(libc::gai_strerror(number)) };
        text.ends_with(&*words.to_string_lossy())
    })
}

#[cfg(windows)]
fn is_unknown_name(error: &io::Error) -> bool {
    const HOST_NOT_FOUND: i32 = 11001;
    const NO_DATA: i32 = 11004;
    matches!(error.raw_os_error(), Some(HOST_NOT_FOUND | NO_DATA))
}

/// An exchange that ended without an answer.
pub(crate) struct Failure {
    /// The error that the call returns if it does not retry.
    pub(crate) error: Error,
    /// Whether bytes of the request may have left.
    pub(crate) sent: bool,
    /// Whether a retry may succeed.
    pub(crate) is_passing: bool,
}

impl Failure {
    /// `way` names the service, and the proxy if there is one.
    pub(super) fn new(error: ureq::Error, call: &Call, token: Token<'_>, way: &str) -> Failure {
        let stage = call.stage();
        let (kind, is_passing, cause) = match connect_error(error) {
            Ok(ConnectError::Unusable(error)) => return Failure { error, sent: false, is_passing: false },
            Ok(error) => (error.kind(stage), error.is_passing(), error.cause(token)),
            Err(error) => exchange_error(error, token),
        };
        let kind = match call.stopped() {
            Some(Stop::Cancelled) => ErrorKind::Cancelled,
            Some(Stop::Deadline) => ErrorKind::Timeout,
            None => kind,
        };
        let text = match (kind, stage) {
            (ErrorKind::Cancelled, _) => return Failure::cancelled(stage == Stage::Sent),
            (ErrorKind::Timeout, Stage::Connecting) => format!("no connection to {way} in time"),
            (ErrorKind::Timeout, Stage::Handshake) => format!("no TLS handshake with {way} in time"),
            (ErrorKind::Timeout, Stage::Sent) => format!("no whole answer from {way} in time"),
            _ => way.to_owned(),
        };
        let error = Error::new(kind, text);
        let error = match cause {
            Some(cause) => error.because(cause),
            None => error,
        };
        Failure { error, sent: stage == Stage::Sent, is_passing }
    }

    pub(crate) fn cancelled(sent: bool) -> Failure {
        Failure { error: Error::new(ErrorKind::Cancelled, "by the caller"), sent, is_passing: false }
    }

    /// Every request needs a unique id, so without random bits nothing can be sent.
    pub(crate) fn no_random_bits() -> Failure {
        let error = Error::new(ErrorKind::Internal, "the system provides no random bits");
        Failure { error, sent: false, is_passing: false }
    }

    pub(crate) fn ending(&self) -> Ending {
        Ending::Failure { sent: self.sent, is_passing: self.is_passing }
    }
}

fn connect_error(error: ureq::Error) -> Result<ConnectError, ureq::Error> {
    match error {
        ureq::Error::Other(other) => other.downcast().map(|error| *error).map_err(ureq::Error::Other),
        error => Err(error),
    }
}

/// The kind, whether a retry may succeed, and the cause, for an exchange that broke after connecting.
fn exchange_error(error: ureq::Error, token: Token<'_>) -> (ErrorKind, bool, Option<Source>) {
    use ureq::Error as E;
    match error {
        E::Io(error) => (
            ErrorKind::ConnectionLost,
            !tls_error::is_fault(&error),
            io_cause(error, token, tls_error::later_words),
        ),
        E::Protocol(_) | E::LargeResponseHeader(..) | E::Http(_) => {
            (ErrorKind::Protocol, false, Some(Cause::new(&error, Some(token)).into()))
        }
        error => (ErrorKind::ConnectionLost, false, Some(Cause::new(&error, Some(token)).into())),
    }
}

/// Keeps an error of the operating system as it is, and only the text of any other, without the token. None for a
/// timeout, because the error's own text says so.
fn io_cause(error: io::Error, token: Token<'_>, words: fn(&io::Error) -> String) -> Option<Source> {
    match error.kind() {
        _ if error.raw_os_error().is_some() => Some(error.into()),
        IoKind::TimedOut => None,
        _ => Some(Cause::new(&words(&error), Some(token)).into()),
    }
}
