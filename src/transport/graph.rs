//! Sends requests to Microsoft Graph.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{Cloud, Root};
use crate::outcome::{Attempt, Detail, Error, Happening, Operation, Trigger};
use crate::service::reply::{RawReply, Reply};
use crate::text::Token;
use crate::transport::authorities::Authorities;
use crate::transport::call::Call;
use crate::transport::canceller::Canceller;
use crate::transport::failure::Failure;
use crate::transport::http_client::{self, Address, HttpClient};
use crate::transport::random;
use crate::transport::route::{Route, Routes};
use crate::transport::token_request::TokenRequest;

/// Microsoft Graph in one cloud, and how a client reaches it. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Graph {
    shared: Arc<Shared>,
    canceller: Option<Canceller>,
}

struct Shared {
    root: String,
    http: HttpClient,
    authorities: Authorities,
    cloud: Option<Cloud>,
    settings: Address,
    sync: Address,
    timeout: Duration,
    max_retries: u32,
}

impl Graph {
    /// Opens no connection. Fails if a CA file that the route names is unusable.
    pub(crate) fn new(
        root: &Root,
        routes: Routes,
        timeout: Duration,
        max_retries: u32,
    ) -> Result<Graph, Error> {
        let address = |operation: Operation| Address::new(&format!("{root}{}", operation.line().1));
        let (settings, sync) = (address(Operation::ReadSettings)?, address(Operation::TriggerSync)?);
        let route = routes.to(root.host())?;
        let config = http_client::config(&route.user_agent);
        let http = HttpClient::new(route, config.clone())?;
        let (authorities, cloud, root) = (Authorities::new(routes, config), root.cloud(), root.to_string());
        let shared = Shared { root, http, authorities, cloud, settings, sync, timeout, max_retries };
        Ok(Graph { shared: Arc::new(shared), canceller: None })
    }

    pub(crate) fn with_canceller(&self, canceller: &Canceller) -> Graph {
        Graph { canceller: Some(canceller.clone()), ..self.clone() }
    }

    /// The most time that one request and its retries may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// How often a request is sent again.
    pub(crate) fn max_retries(&self) -> u32 {
        self.shared.max_retries
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.canceller.as_ref().is_some_and(Canceller::is_cancelled)
    }

    /// Sends a request once, and notes that in the detail. The trace counts from `started`.
    pub(crate) fn attempt(
        &self,
        call: &Arc<Call>,
        operation: Operation,
        token: Token<'_>,
        started: Instant,
        detail: &mut Detail,
    ) -> Result<Reply, Failure> {
        let id = random::guid().ok_or_else(Failure::no_random_bits)?;
        let Shared { http, cloud, settings, sync, .. } = &*self.shared;
        let address = if operation == Operation::TriggerSync { sync } else { settings };
        let raw = http.exchange(call, operation, address, token, &id);
        detail.attempts.add(Attempt::new(id.clone()));
        let (connecting, sent) = call.take_trace();
        let at = |instant: Instant| instant.saturating_duration_since(started);
        if !connecting.events().is_empty() {
            detail.trace.append(connecting.cleaned(token), at(call.began()));
        }
        if let Some(sent) = sent {
            detail.trace.note(at(sent), Happening::Request { operation, client_request_id: id });
        }
        let mut result = raw.map(|raw| Reply::new(&raw, token).explained(operation, *cloud, token));
        match &result {
            Ok(reply) => reply.record(detail),
            Err(_) => detail.forget_reply(),
        }
        detail.trace.note(started.elapsed(), end(&result));
        if let Some(identity) = result.as_mut().ok().and_then(|reply| reply.identity.take()) {
            detail.trace.note(started.elapsed(), Happening::Identity(identity.into()));
        }
        if operation == Operation::TriggerSync {
            match &result {
                Ok(reply) => detail.trigger = detail.trigger.followed_by(Trigger::after_status(reply.status)),
                Err(failure) if failure.sent => detail.trigger = Trigger::MayHaveRun,
                Err(_) => {}
            }
        }
        result
    }

    /// Sends a request for a token once, and notes that in the detail. The trace counts from `started`.
    pub(crate) fn ask_for_token(
        &self,
        call: &Arc<Call>,
        request: &TokenRequest,
        started: Instant,
        detail: &mut Detail,
    ) -> Result<RawReply, Failure> {
        let id = random::guid().ok_or_else(Failure::no_random_bits)?;
        let (secrets, line) = (Token::hidden(&request.secrets), request.line(&id));
        let result = self.shared.authorities.ask(call, request, &id);
        detail.attempts.add(Attempt::new(id));
        let (connecting, sent) = call.take_trace();
        let at = |instant: Instant| instant.saturating_duration_since(started);
        detail.trace.append(connecting.cleaned(secrets), at(call.began()));
        if let Some(sent) = sent {
            detail.trace.note(at(sent), Happening::TokenRequest(line.into()));
        }
        let end = match &result {
            Ok(raw) => Happening::Reply { status: raw.status, request_id: None },
            Err(failure) => Happening::NoReply(failure.error.line()),
        };
        detail.trace.note(started.elapsed(), end);
        result
    }

    /// The root of this Microsoft Graph, without a final slash.
    pub(crate) fn root(&self) -> &str {
        &self.shared.root
    }

    /// None if the caller gave the root of another service.
    pub(crate) fn cloud(&self) -> Option<Cloud> {
        self.shared.cloud
    }

    /// A call that this client's canceller can end, after `timeout` and the client's own at most.
    pub(crate) fn call(&self, timeout: Duration) -> Arc<Call> {
        self.watched(timeout.min(self.shared.timeout))
    }

    /// Waits for this long, or for a cancel.
    pub(crate) fn sleep(&self, duration: Duration) {
        let _ = self.watched(duration).sleep(duration);
    }

    fn watched(&self, timeout: Duration) -> Arc<Call> {
        let call = Call::new(timeout);
        if let Some(canceller) = &self.canceller {
            canceller.watch(&call);
        }
        call
    }
}

/// How an exchange ends.
fn end(result: &Result<Reply, Failure>) -> Happening {
    match result {
        Ok(reply) => Happening::Reply { status: reply.status, request_id: reply.request_id.clone() },
        Err(failure) if failure.sent => Happening::NoReply(failure.error.line()),
        Err(failure) => Happening::NotSent(failure.error.line()),
    }
}

/// One line: where its requests go, and how.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { root, http, timeout, max_retries, .. } = &*self.shared;
        let Route { proxy_words, connect_timeout, .. } = http.route();
        write!(f, "{root}; proxy: {proxy_words}; trust: {}; timeout: {timeout:?}", http.trusted())?;
        if let Some(timeout) = connect_timeout {
            write!(f, "; connect timeout: {timeout:?}")?;
        }
        write!(f, "; retries: {max_retries}")
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { http, timeout, max_retries, .. } = &*self.shared;
        f.debug_struct("Client") // the name that the caller knows
            .field("route", http.route())
            .field("timeout", timeout)
            .field("max_retries", max_retries)
            .field("canceller", &self.canceller)
            .finish()
    }
}
