//! Why there is no connection to the service.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use crate::outcome::{Error, Name};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The call ended, or the connect timeout passed. Has the error of an address that failed before that, if any.
    #[error("no connection in time")]
    TimedOut(Option<(SocketAddr, io::Error)>),
    #[error("{0} is not known")]
    UnknownName(Name),
    /// No address answers. This one's error says most.
    #[error("{0}: {1}")]
    NoAnswer(SocketAddr, io::Error),
    #[error("{0}")]
    ProxyRefused(String),
    /// The proxy cannot reach the service, or not this address of it.
    #[error("{0}")]
    TargetUnreachable(String),
    /// TLS failed, not the connection below it.
    #[error("{0}")]
    Tls(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    /// An error that the call returns as it is, such as an unusable CA file, or one that there is no descriptor for.
    #[error(transparent)]
    Other(#[from] Error),
}

impl ConnectError {
    pub(crate) fn proxy_refused(text: &str) -> ConnectError {
        ConnectError::ProxyRefused(text.to_owned())
    }

    /// Whether a timeout of this library passed. The system's own comes after minutes, and means that nobody answers.
    pub(crate) fn is_timeout(&self) -> bool {
        match self {
            ConnectError::TimedOut(_) => true,
            ConnectError::Io(error) | ConnectError::NoAnswer(_, error) => {
                error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none()
            }
            _ => false,
        }
    }

    /// Whether a retry may succeed. A refusal, a certificate or a setting is the same a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        use ConnectError::{Io, NoAnswer, TargetUnreachable, TimedOut};
        matches!(self, TimedOut(_) | TargetUnreachable(_) | NoAnswer(..) | Io(_))
    }
}

impl From<ConnectError> for ureq::Error {
    fn from(error: ConnectError) -> ureq::Error {
        ureq::Error::Other(error.into())
    }
}
