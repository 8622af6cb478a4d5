//! Microsoft Graph as one client reaches it: a request with its retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::call::{Call, Stop};
use super::canceller::Canceller;
use super::{Address, Failure, Route, Transport, random};
use crate::config::Root;
use crate::outcome::{Attempt, Detail, Error, Trigger};
use crate::service::reply::{self, Reading};
use crate::service::retry::{self, Action, Ending};
use crate::text::Token;

/// Clones share their connections.
#[derive(Clone)]
pub(crate) struct Graph {
    shared: Arc<Shared>,
    canceller: Option<Canceller>,
}

struct Shared {
    transport: Transport,
    settings: Address,
    sync: Address,
    timeout: Duration,
    max_retries: u32,
}

impl Graph {
    /// Opens no connection. Fails if the CA files or the proxy of the route cannot be used.
    pub(crate) fn new(
        root: &Root,
        route: Route,
        timeout: Duration,
        max_retries: u32,
    ) -> Result<Graph, Error> {
        let url = format!("{root}/beta/deviceManagement/windowsAutopilotSettings");
        let (settings, sync) = (Address::new(&url)?, Address::new(&format!("{url}/sync"))?);
        let shared = Shared { transport: Transport::new(route)?, settings, sync, timeout, max_retries };
        Ok(Graph { shared: Arc::new(shared), canceller: None })
    }

    pub(crate) fn with_canceller(&self, canceller: &Canceller) -> Graph {
        Graph { canceller: Some(canceller.clone()), ..self.clone() }
    }

    /// The time that one request may take, with its retries.
    pub(crate) fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// A request, and its retries if it may have some: the last answer, or the last failure. The detail learns what is
    /// known either way.
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
        let mut repeated = 0;
        loop {
            let end = self.attempt(&call, action, token, &id, detail);
            let (ending, retry_after) = match &end {
                Ok(reading) => (Ending::Status(reading.status), reading.retry_after()),
                Err(failure) => (failure.ending(), None),
            };
            if repeated == max_retries || !retry::is_repeatable(action, ending) {
                return end;
            }
            let pause = retry::pause(repeated, retry_after, random::number());
            if pause >= call.left() {
                return end;
            }
            if ending == Ending::Status(503) {
                call.demand_fresh_connection();
            }
            match call.sleep(pause) {
                Some(Stop::Cancelled) => return Err(Failure::cancelled(false)),
                Some(Stop::Deadline) => return end,
                None => {}
            }
            repeated += 1;
        }
    }

    /// One request, noted in the detail.
    fn attempt(
        &self,
        call: &Arc<Call>,
        action: Action,
        token: Token<'_>,
        id: &str,
        detail: &mut Detail,
    ) -> Result<Reading, Failure> {
        let Shared { transport, settings, sync, .. } = &*self.shared;
        let address = if action == Action::Post { sync } else { settings };
        let reply = transport.exchange(call, action, address, token, id);
        detail.attempts.push(Attempt { client_request_id: id.to_owned(), request_id: None });
        let end = reply.map(|reply| Reading::new(&reply, token));
        match &end {
            Ok(reading) => reading.note(detail),
            Err(_) => detail.forget_answer(),
        }
        if action == Action::Post {
            match &end {
                Ok(reading) => detail.trigger = detail.trigger.followed_by(reply::trigger(reading.status)),
                Err(failure) if failure.sent => detail.trigger = Trigger::MayHaveRun,
                Err(_) => {}
            }
        }
        end
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
        let Shared { transport, timeout, max_retries, .. } = &*self.shared;
        f.debug_struct("Client")
            .field("transport", transport)
            .field("timeout", timeout)
            .field("max_retries", max_retries)
            .field("canceller", &self.canceller)
            .finish()
    }
}
