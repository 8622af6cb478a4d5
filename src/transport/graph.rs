//! Sends requests to Microsoft Graph, with their retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Root;
use crate::outcome::{Attempt, Detail, Error, Trigger};
use crate::service::reply::{self, Reading};
use crate::service::retry::{self, Action, Ending};
use crate::text::Token;
use crate::transport::call::{Aborted, Call};
use crate::transport::canceller::Canceller;
use crate::transport::failure::Failure;
use crate::transport::http_client::{Address, HttpClient};
use crate::transport::random;
use crate::transport::route::Route;

/// Clones share their connections.
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

    /// Sends a request, and again if `retries` and its outcome allow that. Returns the last reply or failure, and notes
    /// each attempt in the detail.
    pub(crate) fn request(
        &self,
        action: Action,
        token: Token<'_>,
        timeout: Duration,
        retries: bool,
        detail: &mut Detail,
    ) -> Result<Reading, Failure> {
        let max_retries = if retries { self.shared.max_retries } else { 0 };
        let call = self.call(timeout.min(self.shared.timeout));
        let id = random::guid().ok_or_else(Failure::no_random_bits)?;
        let mut retries_made = 0;
        loop {
            let result = self.attempt(&call, action, token, &id, detail);
            let (ending, retry_after) = match &result {
                Ok(reading) => (Ending::Status(reading.status), reading.retry_after()),
                Err(failure) => (failure.ending(), None),
            };
            if retries_made == max_retries || !retry::is_repeatable(action, ending) {
                return result;
            }
            let pause = retry::pause(retries_made, retry_after, random::number());
            if pause >= call.time_left() {
                return result;
            }
            if ending == Ending::Status(503) {
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
        action: Action,
        token: Token<'_>,
        id: &str,
        detail: &mut Detail,
    ) -> Result<Reading, Failure> {
        let Shared { http, settings, sync, .. } = &*self.shared;
        let address = if action == Action::Post { sync } else { settings };
        let reply = http.exchange(call, action, address, token, id);
        detail.attempts.push(Attempt { client_request_id: id.to_owned(), request_id: None });
        let result = reply.map(|reply| Reading::new(&reply, token));
        match &result {
            Ok(reading) => reading.note(detail),
            Err(_) => detail.forget_answer(),
        }
        if action == Action::Post {
            match &result {
                Ok(reading) => detail.trigger = detail.trigger.followed_by(reply::trigger(reading.status)),
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
        f.debug_struct("Client")
            .field("route", http.route())
            .field("timeout", timeout)
            .field("max_retries", max_retries)
            .field("canceller", &self.canceller)
            .finish()
    }
}
