//! The error of every call: a kind to match on, a line to log, and what else is known.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::{Detail, Trigger};
use crate::text::{Token, TokenError, printable_line};

/// The kinds of [`Error`]. The numbers are those of the C ABI, the same in every language.
///
/// ```no_run
/// # let token = "expired";
/// use autopilot_sync::ErrorKind;
///
/// match autopilot_sync::sync(token).map_err(|error| error.kind()) {
///     Ok(outcome) => println!("{outcome}"),
///     Err(ErrorKind::Unauthorized) => println!("get a new token"),
///     Err(ErrorKind::Forbidden) => println!("ask the administrator"),
///     Err(ErrorKind::Connect | ErrorKind::Timeout) => println!("try later"),
///     Err(kind) => println!("{kind}"),
/// }
/// # assert_eq!(autopilot_sync::sync(token).unwrap_err().kind(), ErrorKind::Unauthorized);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
    /// A token or an option that is not valid. Nothing was sent.
    InvalidArgument = -1,
    /// No connection: the name look-up, TCP or the proxy failed, the proxy refused, or no file descriptor or thread is
    /// left. Nothing was sent.
    Connect = -2,
    /// The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    Tls = -3,
    /// The call did not end before its deadline.
    Timeout = -4,
    /// The caller cancelled the call.
    Cancelled = -5,
    /// The connection broke after the request was sent. The service may have carried it out.
    ConnectionLost = -6,
    /// HTTP 401: the service wants a new token, which must answer [`Detail::claims`] if there are any.
    Unauthorized = -7,
    /// HTTP 403, or a 401 of Intune's own: the tenant has no licence, or the caller lacks a permission.
    Forbidden = -8,
    /// Any other HTTP status. See [`Detail::http_status`].
    Service = -9,
    /// The reply is not HTTP, or not in the documented form, or comes from a proxy or gateway instead of Microsoft
    /// Graph.
    Protocol = -10,
    /// The service reports that the sync failed.
    SyncFailed = -11,
    /// A fault in this library.
    Internal = -12,
    /// An environment variable, a CA file or a proxy address cannot be used. The message names it. Nothing was sent.
    Configuration = -13,
}

impl ErrorKind {
    /// All kinds, in the order of their numbers.
    ///
    /// ```
    /// use autopilot_sync::ErrorKind;
    ///
    /// let of_code = |code: i32| ErrorKind::ALL.into_iter().find(|kind| kind.code() == code);
    /// assert_eq!(of_code(-4), Some(ErrorKind::Timeout));
    /// ```
    pub const ALL: [ErrorKind; 13] = [
        ErrorKind::InvalidArgument,
        ErrorKind::Connect,
        ErrorKind::Tls,
        ErrorKind::Timeout,
        ErrorKind::Cancelled,
        ErrorKind::ConnectionLost,
        ErrorKind::Unauthorized,
        ErrorKind::Forbidden,
        ErrorKind::Service,
        ErrorKind::Protocol,
        ErrorKind::SyncFailed,
        ErrorKind::Internal,
        ErrorKind::Configuration,
    ];

    /// The number of this kind in the C ABI, below zero.
    ///
    /// ```
    /// assert_eq!(autopilot_sync::ErrorKind::Forbidden.code(), -8);
    /// ```
    pub const fn code(self) -> i32 {
        self as i32
    }
}

impl ErrorKind {
    /// What to do. None if the message says it, or nothing can be done.
    fn advice(self, trigger: Trigger) -> Option<&'static str> {
        Some(match self {
            ErrorKind::InvalidArgument | ErrorKind::Tls | ErrorKind::Cancelled => return None,
            ErrorKind::Protocol | ErrorKind::Configuration => return None,
            ErrorKind::Connect => "Check the network, and the proxy if there is one.",
            ErrorKind::Timeout => "Call again, or with a longer timeout.",
            ErrorKind::ConnectionLost if trigger == Trigger::MayHaveRun => {
                "The trigger may have run. It is safe to call again."
            }
            ErrorKind::ConnectionLost => "Call again.",
            ErrorKind::Unauthorized => "Get a new token.",
            ErrorKind::Forbidden => "The tenant needs Intune, and the token the permission for this call.",
            ErrorKind::Service => "Call again later.",
            ErrorKind::SyncFailed => "It is safe to trigger another sync.",
            ErrorKind::Internal => "Report it, with this line.",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::InvalidArgument => "invalid argument",
            ErrorKind::Connect => "cannot connect",
            ErrorKind::Tls => "TLS failed",
            ErrorKind::Timeout => "timed out",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::ConnectionLost => "connection lost",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Service => "refused by the service",
            ErrorKind::Protocol => "unexpected reply",
            ErrorKind::SyncFailed => "the sync failed",
            ErrorKind::Internal => "internal error",
            ErrorKind::Configuration => "unusable configuration",
        })
    }
}

/// Why a call failed.
///
/// `{}` is one line without the cause, for a chain of [`source`](StdError::source)s. `{:#}` is one line with the cause,
/// for a log. `{:?}` adds what to do, because that is what a `main` prints which returns it; `{:#?}` has all fields. The
/// token is in none of them. After a 401 or 403, the line ends with a hint if the token tells what is wrong with it, such
/// as `hint: the token expired 12 minutes ago`. If the cause is an error of the system, the source is a
/// [`std::io::Error`].
///
/// ```
/// use autopilot_sync::{Client, ErrorKind};
///
/// let error = Client::new()?.sync("Bearer abc").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
/// assert_eq!(error.to_string(), "invalid argument: the token begins with \"Bearer \": give the token alone");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    text: String,
    detail: Detail,
    source: Option<Cause>,
}

/// The cause of an error.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Error {
        Error(Box::new(Inner { kind, text: text.into(), detail: Detail::default(), source: None }))
    }

    pub(crate) fn invalid_argument(text: impl fmt::Display) -> Error {
        Error::new(ErrorKind::InvalidArgument, text.to_string())
    }

    pub(crate) fn because(mut self, source: impl Into<Cause>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, without its source and detail.
    pub(crate) fn without_source(&self) -> Error {
        Error::new(self.kind(), self.0.text.clone())
    }

    pub(crate) fn with_detail(mut self, detail: Detail) -> Error {
        self.0.detail = detail;
        self
    }

    /// The same error, of another kind.
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    /// The line with its cause.
    pub(crate) fn line(&self) -> Arc<str> {
        format!("{self:#}").into()
    }

    /// What [`Detail::why_unknown`] says if the settings cannot be read because of this.
    pub(crate) fn why_unknown(&self) -> String {
        format!("the settings cannot be read, {self:#}")
    }

    /// The kind: match on it.
    ///
    /// ```
    /// use autopilot_sync::{Client, ErrorKind};
    ///
    /// let error = Client::builder().max_retries(1000).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What else is known about the call: HTTP status, the service's own message, request ids, what became of the
    /// trigger.
    ///
    /// ```no_run
    /// # let token = "read-only";
    /// let error = autopilot_sync::sync(token).unwrap_err();
    /// assert_eq!(error.detail().http_status(), Some(403));
    /// println!("{error:#}; the service said: {:?}", error.detail().message());
    /// ```
    pub fn detail(&self) -> &Detail {
        &self.0.detail
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Error {
        Error::invalid_argument(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, text, source, .. } = &*self.0;
        write!(f, "{kind}: {text}")?;
        match source {
            Some(source) if f.alternate() => write!(f, ": {source}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, text, detail, source } = &*self.0;
        if !f.alternate() {
            let line = format!("{self:#}");
            let has_hint = line.contains("; hint: ");
            return match kind.advice(detail.trigger).filter(|_| !has_hint) {
                Some(advice) => write!(f, "{}. {advice}", line.trim_end_matches('.')),
                None => f.write_str(&line),
            };
        }
        f.debug_struct("Error")
            .field("kind", kind)
            .field("text", text)
            .field("detail", detail)
            .field("source", source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The text of a cause that does not come from the operating system: one line of at most 4 KiB, without the token and
/// without links to the documentation of other libraries.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CauseText(String);

impl CauseText {
    pub(crate) fn new(error: &dyn fmt::Display, token: Option<Token<'_>>) -> CauseText {
        let text = printable_line(&error.to_string());
        let text = text.split(" https://docs.rs/").next().unwrap_or_default().trim_end_matches(':');
        CauseText(token.map_or(text.to_owned(), |token| token.redact(text)))
    }

    /// An error of the operating system as it is, and any other with only this text.
    pub(crate) fn of_io(error: io::Error, token: Option<Token<'_>>) -> io::Error {
        match error.raw_os_error() {
            Some(_) => error,
            None => io::Error::new(error.kind(), CauseText::new(&error, token)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide_and_crosses_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    }

    #[test]
    fn the_line_has_the_cause_only_when_asked() {
        let error = Error::new(ErrorKind::Connect, "graph.microsoft.com")
            .because(CauseText::new(&"peer closed: https://docs.rs/x", None));
        assert_eq!(error.to_string(), "cannot connect: graph.microsoft.com");
        assert_eq!(format!("{error:#}"), "cannot connect: graph.microsoft.com: peer closed");
        assert_eq!(error.source().unwrap().to_string(), "peer closed");
    }

    #[test]
    fn a_main_that_returns_it_prints_the_line_and_what_to_do() {
        let error = Error::new(ErrorKind::Connect, "graph.microsoft.com")
            .because(io::Error::from(io::ErrorKind::ConnectionRefused));
        let line = "cannot connect: graph.microsoft.com: connection refused";
        assert_eq!(format!("{error:#}"), line);
        assert_eq!(
            format!("{error:?}"),
            format!("{line}. Check the network, and the proxy if there is one.")
        );
        assert!(format!("{error:#?}").starts_with("Error {\n    kind: Connect,\n"), "{error:#?}");
        assert_eq!(format!("{:?}", Error::invalid_argument("no")), "invalid argument: no");
    }

    #[test]
    fn a_cause_does_not_show_the_token() {
        let token = Token::new("secret-0123456789").unwrap();
        let cause = CauseText::new(&"certificate of secret-0123456789.example", Some(token));
        assert_eq!(cause.to_string(), "certificate of [token].example");
        let long = format!("{}secret-0123456789", "x".repeat(4079));
        let cause = CauseText::new(&long, Some(token));
        assert_eq!(cause.to_string(), format!("{}[token]", "x".repeat(4079)));
        let endless = "\n".repeat(9) + &"x".repeat(1 << 20);
        assert_eq!(CauseText::new(&endless, None).to_string(), "x".repeat(4096));
    }

    #[test]
    fn a_cause_is_one_line() {
        let cause = CauseText::new(&"no name\r\nof \u{202e}elpmaxe", None);
        assert_eq!(cause.to_string(), "no name  of  elpmaxe");
    }

    #[test]
    fn kinds_are_numbered_without_a_gap() {
        let codes: Vec<i32> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes, (-13..=-1).rev().collect::<Vec<i32>>());
    }
}
