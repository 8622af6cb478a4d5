//! What an event of a trace is about.

use std::fmt;

/// What a [`TraceEvent`](crate::TraceEvent) is about. `{}` is one word without blanks, which never changes.
///
/// ```
/// use autopilot_sync::Topic;
///
/// assert_eq!(Topic::LookUp.to_string(), "look-up");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// `proxy`: the proxy and where it comes from, or why there is none.
    Proxy,
    /// `trust`: whose certificates are trusted, and how many.
    Trust,
    /// `look-up`: a name, and its addresses.
    LookUp,
    /// `connect`: an attempt to connect to an address, and its end.
    Connect,
    /// `tunnel`: what a proxy is asked for, and its answer.
    Tunnel,
    /// `tls`: the version and the cipher suite of a TLS connection.
    Tls,
    /// `certificate`: a server's certificate, with its issuer and its end.
    Certificate,
    /// `request`: a request that was sent, or could not be sent.
    Request,
    /// `reply`: the reply to it, or why there is none.
    Reply,
    /// `retry`: a pause before a request is repeated, and why.
    Retry,
    /// `reading`: the state of the sync, as a wait reads it.
    Reading,
    /// `token`: the service refused the token, or the caller handed in a new one. After a 401 or 403 also whose token it
    /// is, by the ids of its application and tenant, if it is a JWT.
    Token,
    /// `left-out`: so many events were here, which are not kept.
    LeftOut,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Topic::Proxy => "proxy",
            Topic::Trust => "trust",
            Topic::LookUp => "look-up",
            Topic::Connect => "connect",
            Topic::Tunnel => "tunnel",
            Topic::Tls => "tls",
            Topic::Certificate => "certificate",
            Topic::Request => "request",
            Topic::Reply => "reply",
            Topic::Retry => "retry",
            Topic::Reading => "reading",
            Topic::Token => "token",
            Topic::LeftOut => "left-out",
        })
    }
}
