//! The requests that came, and their replies.

use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::form::Form;
use crate::party::{Party, Via};
use crate::reply::Reply;

/// Shorter tokens, which tests use, may be parts of ordinary words.
const SHORTEST_SECRET: usize = 8;

/// The fields of a form that prove who an application is.
const SECRET_FIELDS: [&str; 2] = ["client_secret", "client_assertion"];

/// One request, and its reply.
///
/// serde writes it as one JSON object without tokens and secrets.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its number, from 1.
    pub number: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// How the client connected.
    pub via: Via,
    /// The host that the client connected to.
    pub host: String,
    /// When it was read, in the service's time.
    pub time: DateTime<Utc>,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The version, such as `HTTP/1.1`.
    pub version: String,
    /// The headers in their order and case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The bearer token of its `Authorization`.
    pub token: Option<String>,
    /// Whether the service would not give this reply: a script made it, or a fault spoiled it.
    pub scripted: bool,
    /// The fault that spoiled the reply, as scripts name it.
    pub fault: Option<String>,
    /// The reply that was sent, or would have been sent without the fault. `None` if the step sends none.
    pub reply: Option<Reply>,
}

impl Recorded {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Which service it is for.
    pub fn party(&self) -> Party {
        Party::at(self.via, &self.host)
    }

    /// The fields of its body, if it is a form.
    pub(crate) fn form(&self) -> Form {
        let kind = self.header("content-type").unwrap_or_default();
        let is_form = kind.split(';').next() == Some("application/x-www-form-urlencoded");
        if is_form { Form::read(&String::from_utf8_lossy(&self.body)) } else { Form::default() }
    }

    /// What it proves its sender by: a bearer token; to Entra a secret or assertion; to a managed identity's endpoint
    /// its header or key.
    pub(crate) fn secret(&self) -> Option<String> {
        match self.party() {
            Party::Graph => self.token.clone(),
            Party::Entra => {
                let form = self.form();
                SECRET_FIELDS.iter().find_map(|name| form.get(name)).map(str::to_owned)
            }
            Party::Identity => {
                let key = || self.header("authorization").and_then(|value| value.strip_prefix("Basic "));
                self.header("x-identity-header").or_else(key).map(str::to_owned)
            }
        }
    }

    /// The tokens and secrets in it and its reply, as they may occur in texts.
    fn secrets(&self) -> Vec<(&'static str, String)> {
        let form = self.form();
        let raw = SECRET_FIELDS.iter().filter_map(|name| form.raw(name)).map(str::to_owned);
        let issued =
            self.reply.as_ref().filter(|_| self.party() != Party::Graph).and_then(Reply::access_token);
        let tokens = self.token.clone().into_iter().chain(issued).map(|token| ("token", token));
        let secrets = self.secret().into_iter().chain(raw).map(|secret| ("secret", secret));
        tokens.chain(secrets).collect()
    }

    /// Hides the tokens and secrets wherever they occur, unless they are too short for that.
    fn without_secrets(&self, text: &str) -> String {
        let secrets = self.secrets().into_iter().filter(|(_, secret)| secret.len() >= SHORTEST_SECRET);
        secrets.fold(text.to_owned(), |text, (kind, secret)| text.replace(&secret, &blot(kind, &secret)))
    }

    /// The body. In a form, secrets are hidden however short they are.
    fn body_without_secrets(&self) -> String {
        let field = |pair: &str| match pair.split_once('=') {
            Some((name, secret)) if SECRET_FIELDS.contains(&name) => {
                format!("{name}={}", blot("secret", secret))
            }
            _ => pair.to_owned(),
        };
        let text = String::from_utf8_lossy(&self.body);
        let text = if self.party() == Party::Entra {
            text.split('&').map(field).collect::<Vec<_>>().join("&")
        } else {
            text.into_owned()
        };
        self.without_secrets(&text)
    }

    fn header_without_secrets(&self, name: &str, value: &str) -> String {
        match (&*name.to_ascii_lowercase(), &self.token) {
            ("authorization", Some(token)) => format!("Bearer {}", blot("token", token)),
            ("authorization", None) => "(not a bearer token)".to_owned(),
            ("x-identity-header", _) => blot("secret", value),
            _ => self.without_secrets(value),
        }
    }

    fn headers_without_secrets(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| (name.clone(), self.header_without_secrets(name, value))).collect()
    }
}

fn blot(kind: &str, secret: &str) -> String {
    format!("({kind} of {} bytes)", secret.len())
}

impl Serialize for Recorded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reply = self.reply.as_ref().map(|reply| {
            serde_json::json!({
                "status": reply.status,
                "headers": self.headers_without_secrets(&reply.headers),
                "body": self.without_secrets(&String::from_utf8_lossy(&reply.body)),
            })
        });
        let mut object = serializer.serialize_struct("Recorded", 15)?;
        object.serialize_field("number", &self.number)?;
        object.serialize_field("connection", &self.connection)?;
        object.serialize_field("party", &self.party())?;
        object.serialize_field("via", &self.via)?;
        object.serialize_field("host", &self.host)?;
        object.serialize_field("time", &crate::tenant::wire_time(Some(self.time)))?;
        object.serialize_field("method", &self.method)?;
        object.serialize_field("path", &self.without_secrets(&self.path))?;
        object.serialize_field("query", &self.query.as_deref().map(|query| self.without_secrets(query)))?;
        object.serialize_field("version", &self.version)?;
        object.serialize_field("headers", &self.headers_without_secrets(&self.headers))?;
        object.serialize_field("body", &self.body_without_secrets())?;
        object.serialize_field("scripted", &self.scripted)?;
        object.serialize_field("fault", &self.fault)?;
        object.serialize_field("reply", &reply)?;
        object.end()
    }
}

/// One request to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Which proxy.
    pub via: Via,
    /// The method; `CONNECT` for SOCKS too.
    pub method: String,
    /// What it asked for, as `host:port`.
    pub target: String,
    /// Its headers as they came; empty for SOCKS.
    pub headers: Vec<(String, String)>,
}

/// How many connections, requests and so on there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// TCP connections, to proxies and direct ones.
    pub accepted: u64,
    /// Requests to proxies.
    pub connects: u64,
    /// Tunnels that proxies opened.
    pub tunnels: u64,
    /// TLS handshakes with the service that succeeded.
    pub handshakes: u64,
    /// TLS handshakes with the service that failed.
    pub failed_handshakes: u64,
    /// Requests to the service.
    pub requests: u64,
    /// TCP connections that are open now.
    pub open: u64,
}

/// Where exchanges are written, one JSON line each.
pub type Sink = Box<dyn Write + Send>;

/// The record, shared by all connections.
#[derive(Default)]
pub(crate) struct Record {
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    requests: Vec<Recorded>,
    connects: Vec<Connect>,
    counts: Counts,
    sink: Option<Sink>,
}

impl Record {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) -> Counts {
        self.change(|log| {
            change(&mut log.counts);
            log.counts
        })
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    pub(crate) fn connect(&self, connect: Connect) {
        self.change(|log| {
            log.counts.connects += 1;
            log.connects.push(connect);
        });
    }

    /// Keeps a request, and returns its number.
    pub(crate) fn request(&self, request: Recorded) -> u64 {
        self.change(|log| {
            log.counts.requests += 1;
            let number = log.counts.requests;
            log.requests.push(Recorded { number, ..request });
            number
        })
    }

    /// Keeps the reply to a request, and writes the exchange.
    pub(crate) fn reply(&self, number: u64, reply: Option<Reply>, scripted: bool, fault: Option<String>) {
        self.change(|log| {
            let Some(request) = log.requests.iter_mut().find(|request| request.number == number) else {
                return;
            };
            request.reply = reply;
            request.scripted = scripted;
            request.fault = fault;
            if let (Some(sink), Ok(line)) = (&mut log.sink, serde_json::to_string(request)) {
                // Go on serving if the disk is full.
                let _ = writeln!(sink, "{line}").and_then(|()| sink.flush());
            }
        });
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    pub(crate) fn connects(&self) -> Vec<Connect> {
        self.lock().connects.clone()
    }

    /// Removes the requests to the service and to the proxies. The counts stay.
    pub(crate) fn clear(&self) {
        self.change(|log| {
            log.requests.clear();
            log.connects.clear();
        });
    }

    pub(crate) fn write_to(&self, sink: Sink) {
        self.lock().sink = Some(sink);
    }

    /// Waits until the counts are as wanted. Returns `false` if that takes longer than `patience`.
    pub(crate) fn wait(&self, patience: Duration, wanted: impl Fn(&Counts) -> bool) -> bool {
        let end = Instant::now() + patience;
        let mut log = self.lock();
        while !wanted(&log.counts) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            log = self.changed.wait_timeout(log, left).expect("no holder panics").0;
        }
        true
    }

    fn change<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no holder panics")
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Record").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(token: &str) -> Recorded {
        let authorization = ("authorization".to_owned(), format!("Bearer {token}"));
        Recorded {
            number: 1,
            connection: 1,
            via: Via::TlsProxy,
            host: "h".to_owned(),
            time: DateTime::UNIX_EPOCH,
            method: "GET".to_owned(),
            path: format!("/{token}"),
            query: Some(token.to_owned()),
            version: "HTTP/1.1".to_owned(),
            headers: vec![authorization.clone(), ("X".to_owned(), token.to_owned())],
            body: token.into(),
            token: Some(token.to_owned()),
            scripted: true,
            fault: None,
            reply: Some(Reply { headers: vec![authorization], ..Reply::new(200).body(token) }),
        }
    }

    #[test]
    fn a_token_is_not_written() {
        let text = serde_json::to_string(&recorded("a-long-secret")).expect("writable");
        assert!(!text.contains("a-long-secret") && text.contains("Bearer (token of 13 bytes)"), "{text}");
        let text = serde_json::to_string(&recorded("e")).expect("writable");
        assert!(text.contains("Bearer (token of 1 bytes)") && text.contains("tls-proxy"), "{text}");
        let other = Recorded { token: None, ..recorded("a-long-secret") };
        let text =
            serde_json::to_string(&other.headers_without_secrets(&other.headers[..1])).expect("writable");
        assert!(!text.contains("secret"));
    }

    #[test]
    fn waiting_ends_in_time_and_with_the_count() {
        let record = Record::default();
        assert!(!record.wait(Duration::ZERO, |counts| counts.requests == 1));
        std::thread::scope(|scope| {
            scope.spawn(|| record.request(recorded("t")));
            assert!(record.wait(Duration::from_secs(60), |counts| counts.requests == 1));
        });
        record.reply(7, None, false, None);
        record.clear();
        assert!(record.requests().is_empty() && record.counts().requests == 1);
    }
}
