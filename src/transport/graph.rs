//! Sends requests to Microsoft Graph.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Cloud, Root};
use crate::outcome::{Attempt, Detail, Error, Trigger};
use crate::service::Operation;
use crate::service::reply::Reply;
use crate::text::Token;
use crate::transport::call::Call;
use crate::transport::canceller::Canceller;
use crate::transport::failure::Failure;
use crate::transport::http_client::{Address, HttpClient};
use crate::transport::random;
use crate::transport::route::Route;

/// Microsoft Graph in one cloud, and how a client reaches it. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Graph {
    shared: Arc<Shared>,
    canceller: Option<Canceller>,
}

struct Shared {
    http: HttpClient,
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
        route: Route,
        timeout: Duration,
        max_retries: u32,
    ) -> Result<Graph, Error> {
        let url = format!("{root}/beta/deviceManagement/windowsAutopilotSettings");
        let (settings, sync) = (Address::new(&url)?, Address::new(&format!("{url}/sync"))?);
        let (http, cloud) = (HttpClient::new(route)?, root.cloud());
        let shared = Shared { http, cloud, settings, sync, timeout, max_retries };
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

    /// Sends a request once, and notes that in the detail.
    pub(crate) fn attempt(
        &self,
        call: &Arc<Call>,
        operation: Operation,
        token: Token<'_>,
        detail: &mut Detail,
    ) -> Result<Reply, Failure> {
        let id = random::guid().ok_or_else(Failure::no_random_bits)?;
        let Shared { http, cloud, settings, sync, .. } = &*self.shared;
        let address = if operation == Operation::TriggerSync { sync } else { settings };
        let raw = http.exchange(call, operation, address, token, &id);
        detail.attempts.push(Attempt { client_request_id: id, request_id: None });
        let result = raw.map(|raw| Reply::new(&raw, token).explained(operation, *cloud, token));
        match &result {
            Ok(reply) => reply.record(detail),
            Err(_) => detail.forget_reply(),
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
