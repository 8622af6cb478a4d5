//! Runs one exchange over a connection that obeys the call it serves. Only this module knows ureq and rustls.
//!
//! ureq speaks HTTP. This module connects, because ureq's own timeouts and shutdown do not reach everything that blocks
//! (a name look-up, a proxy that trickles its reply), and act on all calls of an agent. [`dial`] takes an idle
//! connection, or lets [`connect`] make one: by [`lookup`], [`race`], [`tunnel`] or [`socks`] for a proxy, and [`tls`].
//! [`link`] gives each blocking step to the current call, and [`idle`] keeps the connection for the next one.

mod algorithm;
mod bundle;
pub(crate) mod call;
mod canceller;
mod connect;
mod dial;
mod engine;
mod failure;
mod fork;
mod graph;
mod head;
mod helper;
mod idle;
mod link;
mod lookup;
mod pem;
mod per_process;
mod race;
pub(crate) mod random;
mod records;
mod refusal;
mod roots;
mod route;
mod socket;
mod socks;
mod statics;
mod tls;
mod tls_error;
mod tls_words;
mod tunnel;
mod verifier;
mod x509;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use ureq::http::header::{ACCEPT, AUTHORIZATION, DATE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use ureq::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use ureq::{Body, http};
use zeroize::Zeroizing;

use crate::outcome::{Error, ErrorKind};
use crate::service::reply::Reply;
use crate::service::retry::Action;
use crate::text::Token;
use crate::transport::call::Call;

pub use canceller::Canceller;
use engine::Engine;
pub(crate) use failure::Failure;
pub(crate) use graph::Graph;
pub(crate) use route::Route;

/// The longest body that is read; Graph's have a few KiB.
const LONGEST_BODY: u64 = 256 * 1024;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Connections to one service, shared by all threads.
pub(crate) struct Transport {
    engine: Engine,
}

impl Transport {
    /// Opens nothing; but what the caller or the environment names must be usable.
    pub(crate) fn new(route: Route) -> Result<Transport, Error> {
        Ok(Transport { engine: Engine::new(Arc::new(route))? })
    }

    /// One request and its answer, within what is left of the call.
    pub(crate) fn exchange(
        &self,
        call: &Arc<Call>,
        action: Action,
        address: &Address,
        token: Token<'_>,
        client_request_id: &str,
    ) -> Result<Reply, Failure> {
        let request = Request::builder()
            .uri(address.0.clone())
            .header(AUTHORIZATION, bearer(token))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CLIENT_REQUEST_ID, client_request_id);
        let agent = self.engine.agent();
        let _scope = call.enter();
        let answer = match action {
            Action::Get => request.method(Method::GET).body(()).map(|request| agent.run(request)),
            // An empty slice, not none: it sends `Content-Length: 0`.
            Action::Post => request.method(Method::POST).body(&[][..]).map(|request| agent.run(request)),
        };
        answer
            .map_err(ureq::Error::from)
            .and_then(|answer| answer)
            .and_then(read)
            .map_err(|error| Failure::new(error, call, token, &self.way(address)))
    }

    /// Whom an error names.
    fn way(&self, address: &Address) -> String {
        let host = address.0.host().unwrap_or_default();
        match &self.engine.route().proxy {
            Some(proxy) => format!("{host} by the proxy {proxy}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.engine.route().fmt(f)
    }
}

/// Where a request goes, parsed once.
pub(crate) struct Address(Uri);

impl Address {
    pub(crate) fn new(url: &str) -> Result<Address, Error> {
        let uri = url.parse().map_err(|error: http::uri::InvalidUri| {
            Error::new(ErrorKind::InvalidArgument, "the base URL cannot be parsed").because(error)
        })?;
        Ok(Address(uri))
    }
}

/// The header that holds the token, in memory that is wiped when its last owner lets go.
fn bearer(token: Token<'_>) -> HeaderValue {
    let mut value = Zeroizing::new(Vec::with_capacity(7 + token.as_str().len()));
    value.extend_from_slice(b"Bearer ");
    value.extend_from_slice(token.as_str().as_bytes());
    let mut value =
        HeaderValue::from_maybe_shared(Bytes::from_owner(value)).expect("a checked token fits a header");
    value.set_sensitive(true);
    value
}

fn read(mut answer: Response<Body>) -> Result<Reply, ureq::Error> {
    let body = match answer.body_mut().with_config().limit(LONGEST_BODY).read_to_vec() {
        Err(ureq::Error::BodyExceedsLimit(_)) => Vec::new(),
        body => body?,
    };
    let headers = answer.headers();
    Ok(Reply {
        status: answer.status().as_u16(),
        request_id: text(headers, REQUEST_ID),
        date: text(headers, DATE),
        retry_after: text(headers, RETRY_AFTER),
        challenges: headers.get_all(WWW_AUTHENTICATE).iter().map(lossy).collect(),
        body,
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(lossy)
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
