//! Makes one exchange of HTTPS at a time, with ureq.

use std::io::Read;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use ureq::config::Config;
use ureq::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use ureq::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Agent, AsSendBody, Body, http};
use zeroize::{Zeroize, Zeroizing};

use crate::config::{ProxyRule, limits};
use crate::outcome::{Error, ErrorKind, Operation};
use crate::service::reply::RawReply;
use crate::text::Token;
use crate::transport::call::Call;
use crate::transport::connections::{Dialer, LONGEST_HEAD};
use crate::transport::failure::Failure;
use crate::transport::process::{PerProcess, ureq_statics};
use crate::transport::route::Route;
use crate::transport::token_request::TokenRequest;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Holds the head of the longest request without its token: the longest host and user agent have half of it.
const LONGEST_WITHOUT_TOKEN: usize = 1024;

/// The longest reply of those who give tokens, in bytes. Theirs have a few KiB.
const LONGEST_TOKEN_REPLY: usize = 64 * 1024;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Connections to one service, shared by all threads.
pub(super) struct HttpClient {
    route: Arc<Route>,
    /// Names the authorities that it trusts.
    trusted: Arc<str>,
    config: Config,
    /// A forked child shares its parent's sockets, and using one would corrupt the other's TLS. So each process has an
    /// agent of its own.
    agents: PerProcess<Agent>,
}

impl HttpClient {
    /// Opens no connection. Fails if a CA file that the caller or the environment names is unusable.
    pub(super) fn new(route: Route, config: Config) -> Result<HttpClient, Error> {
        let route = Arc::new(route);
        let trusted = route.tls.as_ref().map_or(Ok("nobody's".into()), |tls| tls.trusted())?;
        ureq_statics::initialize(&config);
        let agent = Agent::with_parts(config.clone(), Dialer::new(route.clone()), PlaceholderResolver);
        Ok(HttpClient { route, trusted, config, agents: PerProcess::new(agent) })
    }

    /// Sends one request and reads its reply, within the time left of the call.
    pub(super) fn exchange(
        &self,
        call: &Arc<Call>,
        operation: Operation,
        address: &Address,
        token: Token<'_>,
        client_request_id: &str,
    ) -> Result<RawReply, Failure> {
        let mut headers = headers(client_request_id);
        headers.insert(AUTHORIZATION, bearer(token));
        let agent = self.agent();
        let _scope = call.enter(LONGEST_WITHOUT_TOKEN + token.as_str().len());
        // A trigger's body is empty, but there is one: the service wants `Content-Length: 0`.
        let body = (operation == Operation::TriggerSync).then_some(&[][..]);
        run(agent, address, headers, body)
            .and_then(read)
            .map_err(|error| Failure::new(error, call, token, &self.destination(address)))
    }

    /// Sends one request for a token and reads its reply, within the time left of the call.
    pub(super) fn ask(
        &self,
        call: &Arc<Call>,
        address: &Address,
        request: &TokenRequest,
        client_request_id: &str,
    ) -> Result<RawReply, Failure> {
        let mut headers = headers(client_request_id);
        let mut length =
            LONGEST_WITHOUT_TOKEN + request.path.len() + request.form.as_ref().map_or(0, |form| form.len());
        for (name, value) in &request.headers {
            length += name.len() + value.len();
            let value = sensitive(Zeroizing::new(value.as_bytes().to_vec()));
            headers.insert(HeaderName::from_static(name), value);
        }
        if request.form.is_some() {
            headers.insert(CONTENT_TYPE, FORM);
        }
        let agent = self.agent();
        let _scope = call.enter(length);
        run(agent, address, headers, request.form.as_ref().map(|form| form.as_bytes()))
            .and_then(read_secret)
            .map_err(|error| {
                Failure::new(error, call, Token::hidden(&request.secrets), &self.destination(address))
            })
    }

    /// The agent of this process.
    fn agent(&self) -> &Agent {
        self.agents.get(|| {
            Agent::with_parts(self.config.clone(), Dialer::new(self.route.clone()), PlaceholderResolver)
        })
    }

    /// The host, the port and the proxy to name in error messages.
    fn destination(&self, address: &Address) -> String {
        let (host, port) = (address.0.host().unwrap_or_default(), self.route.port(&address.0));
        match &self.route.proxy {
            Some(ProxyRule::Fixed(proxy)) => format!("{host}:{port} through the proxy {proxy}"),
            #[cfg(windows)]
            Some(ProxyRule::Pac(file)) => format!("{host}:{port} by the PAC file {file}"),
            None => format!("{host}:{port}"),
        }
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    pub(super) fn trusted(&self) -> &str {
        &self.trusted
    }
}

/// Where a request goes, parsed once.
pub(super) struct Address(Uri);

impl Address {
    pub(super) fn new(url: &str) -> Result<Address, Error> {
        let uri = url.parse().map_err(|error: http::uri::InvalidUri| {
            Error::new(ErrorKind::InvalidArgument, "the base URL cannot be parsed").because(error)
        })?;
        Ok(Address(uri))
    }
}

/// The settings of all requests. No timeouts, because the call has its own, and no rule for the scheme, because the
/// route decides whether there is TLS.
///
/// Made once for a client, because ureq reads the environment for it, and a fork may leave the environment's lock held.
pub(super) fn config(user_agent: &str) -> Config {
    Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(user_agent)
        .accept_encoding("identity") // without it, a proxy or gateway may compress
        .max_response_header_size(LONGEST_HEAD)
        .build()
}

/// The headers of every request.
fn headers(client_request_id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, HeaderValue::from_str(client_request_id).expect("a GUID"));
    headers
}

/// A POST with this body, or a GET without.
fn run(
    agent: &Agent,
    address: &Address,
    headers: HeaderMap,
    body: Option<&[u8]>,
) -> Result<Response<Body>, ureq::Error> {
    match body {
        Some(body) => send(agent, Method::POST, address, headers, body),
        None => send(agent, Method::GET, address, headers, ()),
    }
}

/// On its own, because its frame takes 2 KiB of the stack for each kind of body.
fn send(
    agent: &Agent,
    method: Method,
    address: &Address,
    headers: HeaderMap,
    body: impl AsSendBody,
) -> Result<Response<Body>, ureq::Error> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address.0.clone();
    *request.headers_mut() = headers;
    agent.run(request)
}

/// The header with the token.
fn bearer(token: Token<'_>) -> HeaderValue {
    const SCHEME: &[u8] = b"Bearer ";
    let mut value = Zeroizing::new(Vec::with_capacity(SCHEME.len() + token.as_str().len()));
    value.extend_from_slice(SCHEME);
    value.extend_from_slice(token.as_str().as_bytes());
    sensitive(value)
}

/// A header's value, which is checked. Its memory is wiped when its last owner drops it.
fn sensitive(value: Zeroizing<Vec<u8>>) -> HeaderValue {
    let mut value =
        HeaderValue::from_maybe_shared(Bytes::from_owner(value)).expect("checked to fit a header");
    value.set_sensitive(true);
    value
}

fn read(mut response: Response<Body>) -> Result<RawReply, ureq::Error> {
    let body = match response.body_mut().with_config().limit(limits::LONGEST_BODY).read_to_vec() {
        Err(ureq::Error::BodyExceedsLimit(_)) => Vec::new(),
        body => body?,
    };
    with_body(&response, body)
}

/// Reads a body into memory that does not move as it grows: a copy would not be wiped.
fn read_secret(mut response: Response<Body>) -> Result<RawReply, ureq::Error> {
    let mut body = Zeroizing::new(Vec::with_capacity(LONGEST_TOKEN_REPLY));
    let longest = LONGEST_TOKEN_REPLY as u64;
    response.body_mut().as_reader().take(longest).read_to_end(&mut body)?;
    if body.len() == LONGEST_TOKEN_REPLY {
        body.zeroize();
    }
    with_body(&response, mem::take(&mut *body))
}

fn with_body(response: &Response<Body>, body: Vec<u8>) -> Result<RawReply, ureq::Error> {
    let headers = response.headers();
    Ok(RawReply {
        status: response.status().as_u16(),
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
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(), // nearly always, and faster
        Err(_) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
    }
}

/// ureq 3.5 resolves the host before every request, even if it then uses an idle connection (`connect` in its
/// `run.rs`). So this gives it an address that nobody uses, and a new connection looks the host up itself.
#[derive(Debug)]
struct PlaceholderResolver;

impl Resolver for PlaceholderResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(([0, 0, 0, 0], 0).into()); // the trait promises at least one
        Ok(addresses)
    }
}
