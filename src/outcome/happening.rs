//! What happens in a call, and how a trace tells it. A value holds what is known; the words are made when asked for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::operation::Operation;
use super::topic::Topic;
use super::{Settings, SyncStatus};
use crate::text::{Time, Token, one_line};

/// Small, because a fleet has many: what is larger than two words is in a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The proxy and where it comes from, or why there is none.
    Proxy(Arc<str>),
    /// Names the trusted authorities.
    Trust(Arc<str>),
    LookUp(Box<Name>),
    Found(Box<[IpAddr]>),
    NotFound(Box<str>),
    Connecting(Box<SocketAddr>),
    Connected(Box<SocketAddr>),
    NotConnected(Box<(SocketAddr, String)>),
    /// What a proxy is asked to connect to.
    Tunnel(Box<str>),
    /// The proxy's answer, in this library's words.
    TunnelAnswer(Box<str>),
    /// The version and the cipher suite, and with whom.
    Tls(Box<str>),
    Certificate(Box<Certificate>),
    Request {
        operation: Operation,
        client_request_id: Arc<str>,
    },
    /// A request for a token.
    TokenRequest(Box<str>),
    /// A token came, and until when it is good.
    Token(Box<str>),
    /// Why a request could not be sent.
    NotSent(Arc<str>),
    Reply {
        status: u16,
        request_id: Option<Arc<str>>,
    },
    /// Why there is no reply.
    NoReply(Arc<str>),
    /// A pause before the next request, and why the last one failed.
    Retry {
        pause_ms: u32,
        reason: Arc<str>,
    },
    /// A pause until the service accepts a trigger.
    Window {
        pause_ms: u32,
    },
    Reading(Box<Reading>),
    /// The call has no token yet.
    NoToken,
    TokenRefused,
    /// Whose token was refused.
    Identity(Box<str>),
    NewToken,
    /// How many events are not kept.
    LeftOut(u32),
}

/// A name that is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) owner: Owner,
    pub(crate) name: String,
}

/// Who has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Service,
    Proxy,
    /// This PAC file chooses the proxy.
    #[cfg_attr(not(windows), allow(dead_code, reason = "other systems have none"))]
    PacFile,
}

/// A server's certificate. The names are the server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// In RFC 3339 format, if it could be read.
    pub(crate) not_after: Option<String>,
    pub(crate) is_refused: bool,
}

/// What a reading showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    status: Option<SyncStatus>,
    last_sync: Option<Time>,
    last_trigger: Option<Time>,
}

impl Happening {
    pub(crate) fn reading(settings: &Settings) -> Happening {
        Happening::Reading(Box::new(Reading {
            status: settings.status().cloned(),
            last_sync: settings.last_sync_time(),
            last_trigger: settings.last_manual_sync_time(),
        }))
    }

    pub(crate) fn retry(pause: Duration, reason: Arc<str>) -> Happening {
        Happening::Retry { pause_ms: milliseconds(pause), reason }
    }

    pub(crate) fn window(pause: Duration) -> Happening {
        Happening::Window { pause_ms: milliseconds(pause) }
    }

    /// Takes the token out of a peer's own words, and makes them one printable line.
    pub(super) fn clean(&mut self, token: Token<'_>) {
        let clean = |text: &str| one_line(text, token).unwrap_or_default();
        match self {
            Happening::NotFound(text) => *text = clean(text).into(),
            Happening::Certificate(certificate) => {
                let Certificate { subject, issuer, not_after: _, is_refused: _ } = &mut **certificate;
                (*subject, *issuer) = (clean(subject), clean(issuer));
            }
            _ => {}
        }
    }

    pub(super) fn topic(&self) -> Topic {
        use Happening as H;
        match self {
            H::Proxy(_) => Topic::Proxy,
            H::LookUp(name) if name.owner == Owner::PacFile => Topic::Proxy,
            H::Trust(_) => Topic::Trust,
            H::LookUp(_) | H::Found(_) | H::NotFound(_) => Topic::LookUp,
            H::Connecting(_) | H::Connected(_) | H::NotConnected(_) => Topic::Connect,
            H::Tunnel(_) | H::TunnelAnswer(_) => Topic::Tunnel,
            H::Tls(_) => Topic::Tls,
            H::Certificate(_) => Topic::Certificate,
            H::Request { .. } | H::TokenRequest(_) | H::NotSent(_) => Topic::Request,
            H::Reply { .. } | H::NoReply(_) => Topic::Reply,
            H::Retry { .. } | H::Window { .. } => Topic::Retry,
            H::Reading(_) => Topic::Reading,
            H::Token(_) | H::NoToken | H::TokenRefused | H::Identity(_) | H::NewToken => Topic::Token,
            H::LeftOut(_) => Topic::LeftOut,
        }
    }

    /// The step that a connection was in when the time was over, for an error: "looking up the proxy's name proxy".
    pub(crate) fn as_step(&self) -> Option<String> {
        use Happening as H;
        match self {
            H::LookUp(name) => Some(format!("looking up {name}")),
            H::Connecting(address) => Some(format!("connecting to {address}")),
            H::Connected(address) => Some(format!("talking to {address}")),
            H::Tunnel(_) => Some("waiting for the proxy's answer".to_owned()),
            _ => None,
        }
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Happening as H;
        match self {
            H::Proxy(text) | H::Trust(text) => f.write_str(text),
            H::LookUp(name) => name.fmt(f),
            H::Found(addresses) => list(f, addresses),
            H::NotFound(text) | H::TunnelAnswer(text) | H::Tls(text) => f.write_str(text),
            H::Connecting(address) => write!(f, "to {address}"),
            H::Connected(address) => write!(f, "{address} answers"),
            H::NotConnected(failure) => write!(f, "{}: {}", failure.0, failure.1),
            H::Tunnel(target) => write!(f, "to {target}"),
            H::Certificate(certificate) => certificate.fmt(f),
            H::Request { operation, client_request_id } => {
                let (method, path) = operation.line();
                write!(f, "{method} {path} (client-request-id {client_request_id})")
            }
            H::TokenRequest(text) | H::Token(text) => f.write_str(text),
            H::NotSent(why) => write!(f, "not sent: {why}"),
            H::Reply { status, request_id: Some(id) } => write!(f, "HTTP {status} (request-id {id})"),
            H::Reply { status, request_id: None } => write!(f, "HTTP {status}"),
            H::NoReply(why) => write!(f, "none: {why}"),
            H::Retry { pause_ms, reason } => write!(f, "in {}: {reason}", Seconds(*pause_ms)),
            H::Window { pause_ms } => {
                write!(f, "in {}: the service accepts no trigger before", Seconds(*pause_ms))
            }
            H::Reading(reading) => reading.fmt(f),
            H::NoToken => f.write_str("there is none yet"),
            H::TokenRefused => f.write_str("the service refuses it"),
            H::Identity(text) => f.write_str(text),
            H::NewToken => f.write_str("the caller has handed in a new one"),
            H::LeftOut(1) => f.write_str("1 event"),
            H::LeftOut(count) => write!(f, "{count} events"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, addresses: &[IpAddr]) -> fmt::Result {
    for (index, address) in addresses.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{address}")?;
    }
    Ok(())
}

/// Milliseconds, shown in seconds.
struct Seconds(u32);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} s", self.0 / 1000, self.0 / 100 % 10)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.owner {
            Owner::Service => "the service's name",
            Owner::Proxy => "the proxy's name",
            Owner::PacFile => "the proxy in the PAC file",
        };
        write!(f, "{whose} {}", self.name)
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certificate { subject, issuer, not_after, is_refused } = self;
        write!(f, "{subject}, issued by {issuer}")?;
        if let Some(end) = not_after {
            write!(f, ", valid until {end}")?;
        }
        if *is_refused { f.write_str("; it is refused") } else { Ok(()) }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reading { status, last_sync, last_trigger } = self;
        f.write_str(status.as_ref().map_or("no status", SyncStatus::as_str))?;
        for (what, time) in [("last sync", last_sync), ("last trigger", last_trigger)] {
            match time {
                Some(time) => write!(f, ", {what} {time}")?,
                None => write!(f, ", {what} never")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Object;

    fn reading(body: &str) -> Happening {
        let object = Object::read(body.as_bytes()).unwrap();
        Happening::reading(&Settings::read(&object, Token::new("a-token").unwrap()).unwrap())
    }

    fn certificate(subject: &str, is_refused: bool) -> Happening {
        Happening::Certificate(Box::new(Certificate {
            subject: subject.to_owned(),
            issuer: "CN=An authority".to_owned(),
            not_after: Some("2027-01-01T00:00:00Z".to_owned()),
            is_refused,
        }))
    }

    #[test]
    fn each_event_has_a_topic_and_words() {
        use Happening as H;
        let address: SocketAddr = "[2001:db8::1]:3128".parse().unwrap();
        let name = |owner| H::LookUp(Box::new(Name { owner, name: "a.example".to_owned() }));
        let id = || Arc::<str>::from("an-id");
        for (happening, line) in [
            (H::Proxy("none".into()), "proxy: none"),
            (H::Trust("the system's".into()), "trust: the system's"),
            (name(Owner::Service), "look-up: the service's name a.example"),
            (name(Owner::Proxy), "look-up: the proxy's name a.example"),
            (name(Owner::PacFile), "proxy: the proxy in the PAC file a.example"),
            (
                H::Found(["192.0.2.1", "::1"].map(|text| text.parse().unwrap()).into()),
                "look-up: 192.0.2.1, ::1",
            ),
            (H::NotFound("it is not known".into()), "look-up: it is not known"),
            (H::Connecting(address.into()), "connect: to [2001:db8::1]:3128"),
            (H::Connected(address.into()), "connect: [2001:db8::1]:3128 answers"),
            (
                H::NotConnected(Box::new((address, "refused".to_owned()))),
                "connect: [2001:db8::1]:3128: refused",
            ),
            (H::Tunnel("a:443".into()), "tunnel: to a:443"),
            (H::TunnelAnswer("HTTP 200".into()), "tunnel: HTTP 200"),
            (H::Tls("TLS 1.3".into()), "tls: TLS 1.3"),
            (
                certificate("CN=a", false),
                "certificate: CN=a, issued by CN=An authority, valid until 2027-01-01T00:00:00Z",
            ),
            (
                certificate("CN=a", true),
                "certificate: CN=a, issued by CN=An authority, valid until 2027-01-01T00:00:00Z; it is refused",
            ),
            (
                H::Request { operation: Operation::TriggerSync, client_request_id: id() },
                "request: POST /beta/deviceManagement/windowsAutopilotSettings/sync (client-request-id an-id)",
            ),
            (
                H::Request { operation: Operation::ReadSettings, client_request_id: id() },
                "request: GET /beta/deviceManagement/windowsAutopilotSettings (client-request-id an-id)",
            ),
            (H::NotSent("cancelled".into()), "request: not sent: cancelled"),
            (H::Reply { status: 204, request_id: Some(id()) }, "reply: HTTP 204 (request-id an-id)"),
            (H::Reply { status: 502, request_id: None }, "reply: HTTP 502"),
            (H::NoReply("connection lost".into()), "reply: none: connection lost"),
            (H::retry(Duration::from_millis(1450), "HTTP 503".into()), "retry: in 1.4 s: HTTP 503"),
            (H::window(Duration::from_secs(592)), "retry: in 592.0 s: the service accepts no trigger before"),
            (
                reading(
                    r#"{"syncStatus":"inProgress","lastSyncDateTime":"2026-01-02T03:04:05.6Z",
                    "lastManualSyncTriggerDateTime":"0001-01-01T00:00:00Z"}"#,
                ),
                "reading: inProgress, last sync 2026-01-02 03:04:05 UTC, last trigger never",
            ),
            (
                reading(r#"{"lastSyncDateTime":"2026-01-02T03:04:05+02:00"}"#),
                "reading: no status, last sync 2026-01-02 01:04:05 UTC, last trigger never",
            ),
            (H::NoToken, "token: there is none yet"),
            (H::TokenRefused, "token: the service refuses it"),
            (H::Identity("in the tenant an-id".into()), "token: in the tenant an-id"),
            (H::NewToken, "token: the caller has handed in a new one"),
            (H::LeftOut(1), "left-out: 1 event"),
            (H::LeftOut(2), "left-out: 2 events"),
        ] {
            assert_eq!(format!("{}: {happening}", happening.topic()), line);
        }
    }

    #[test]
    fn a_peers_words_are_cleaned() {
        let token = Token::new("secret-0123456789").unwrap();
        let mut happening = certificate("CN=secret-0123456789.\nexample", true);
        happening.clean(token);
        assert!(happening.to_string().starts_with("CN=[token]. example, issued"), "{happening}");
        let mut happening = Happening::NotFound("secret-0123456789 is\u{202e} not known".into());
        happening.clean(token);
        assert_eq!(happening.to_string(), "[token] is  not known");
    }
}
