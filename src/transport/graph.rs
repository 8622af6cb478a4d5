//! Sends requests to Microsoft Graph, with their retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Root;
use crate::outcome::{Attempt, Detail, Error, Trigger};
use crate::service::Operation;
use crate::service::reply::Reply;
use crate::service::retry::{self, AttemptOutcome};
use crate::text::Token;
use crate::transport::call::{Aborted, Call};
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
        let shared = Shared { http: HttpClient::new(route)?, settings, sync, timeout, max_retries };
        Ok(Graph { shared: Arc::new(shared), canceller: None })
    }

    pub(crate) fn with_canceller(&self, canceller: &Canceller) -> Graph {
        Graph { canceller: Some(canceller.clone()), ..self.clone() }
    }

    /// The most time that one request and its retries may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// Sends a request, and again if `with_retries` and its outcome allow that. Takes at most `timeout`, and at most
    /// the client's own. Returns the last reply or failure, and notes each attempt in the detail.
    pub(crate) fn request(
        &self,
        operation: Operation,
        token: Token<'_>,
        timeout: Duration,
        with_retries: bool,
        detail: &mut Detail,
    ) -> Result<Reply, Failure> {
        let max_retries = if with_retries { self.shared.max_retries } else { 0 };
        let call = self.call(timeout.min(self.shared.timeout));
        let id = random::guid().ok_or_else(Failure::no_random_bits)?;
        let mut retries_made = 0;
        loop {
            let result = self.attempt(&call, operation, token, &id, detail);
            let (outcome, retry_after) = match &result {
                Ok(reply) => (AttemptOutcome::Status(reply.status), reply.retry_after()),
                Err(failure) => (failure.outcome(), None),
            };
            if retries_made == max_retries || !retry::is_repeatable(operation, outcome) {
                return result;
            }
            let pause = retry::pause(retries_made, retry_after, random::number());
            if pause >= call.time_left() {
                return result;
            }
            if outcome == AttemptOutcome::Status(503) {
                call.set_needs_new_connection(true);
            }
            match call.sleep(pause) {
                Some(Aborted::Cancelled) => return Err(Failure::cancelled(false)),
                Some(Aborted::DeadlinePassed) => return result,
                None => {}
            }
            retries_made += 1;
        }
    }

    /// Sends a request once, and notes that in the detail.
    fn attempt(
        &self,
        call: &Arc<Call>,
        operation: Operation,
        token: Token<'_>,
        id: &str,
        detail: &mut Detail,
    ) -> Result<Reply, Failure> {
        let Shared { http, settings, sync, .. } = &*self.shared;
        let address = if operation == Operation::TriggerSync { sync } else { settings };
        let raw = http.exchange(call, operation, address, token, id);
        detail.attempts.push(Attempt { client_request_id: id.to_owned(), request_id: None });
        let result = raw.map(|raw| Reply::new(&raw, token));
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

    /// A call that this client's canceller can end.
    pub(crate) fn call(&self, timeout: Duration) -> Arc<Call> {
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
