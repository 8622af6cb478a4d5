//! A client: connections to one cloud's Microsoft Graph, for any number of tenants and threads.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::cloud::Root;
use crate::detail::{Attempt, Detail, Trigger};
use crate::error::{Error, ErrorKind};
use crate::outcome::SyncOutcome;
use crate::random;
use crate::reply::{self, Reading};
use crate::retry::{self, Ending};
use crate::token::Token;
use crate::transport::{Action, Address, Failure, Route, Transport};

/// Connections to one cloud's Microsoft Graph. The token comes with each call, so one client serves many tenants.
///
/// Any number of threads may use one client at once; connections stay open between calls, one for each thread at most.
/// A forked child may use it too, with connections of its own. Dropping it closes its connections and does not block.
pub struct Client {
    transport: Transport,
    sync: Address,
    timeout: Duration,
    max_retries: u32,
}

impl Client {
    /// A client with the default options.
    ///
    /// Fails with [`ErrorKind::Configuration`] where the environment cannot be used.
    pub fn new() -> Result<Client, Error> {
        Client::builder().build()
    }

    /// The options of a client to be made.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn with(
        root: &Root,
        route: Route,
        timeout: Duration,
        max_retries: u32,
    ) -> Result<Client, Error> {
        let settings = format!("{root}/beta/deviceManagement/windowsAutopilotSettings");
        let sync = Address::new(&format!("{settings}/sync"))?;
        Ok(Client {
            transport: Transport::new(route)?,
            sync,
            timeout,
            max_retries,
        })
    }

    /// Triggers a sync, and returns when the service has answered: the sync itself runs on afterwards.
    ///
    /// `token` is a bearer token with `DeviceManagementServiceConfig.ReadWrite.All`, without the word "Bearer"; one
    /// trailing line break is forgiven. Blocks for the client's timeout at most.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let token = "";
    /// use autopilot_sync::{Answer, Client};
    ///
    /// let outcome = Client::new()?.sync(token)?;
    /// match outcome.answer() {
    ///     Answer::Accepted => println!("the sync starts"),
    ///     Answer::AlreadyRunning => println!("a sync is running already"),
    ///     _ => println!("a sync ran moments ago; next in {:?}", outcome.detail().retry_after()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn sync(&self, token: &str) -> Result<SyncOutcome, Error> {
        let token =
            Token::new(token).map_err(|error| Error::new(ErrorKind::InvalidArgument, error.to_string()))?;
        let call = Call::new(self.timeout);
        let mut detail = Detail::default();
        let reading = self.request(&call, Action::Post, &self.sync, token, &mut detail);
        match reading.and_then(|reading| reading.sync_answer().map_err(|kind| reading.error(kind))) {
            Ok(answer) => Ok(SyncOutcome { answer, detail }),
            Err(error) => Err(error.with_detail(detail)),
        }
    }

    /// A request and its retries: the last answer, or the last failure. What it learns is in the detail in any case.
    fn request(
        &self,
        call: &Arc<Call>,
        action: Action,
        address: &Address,
        token: Token<'_>,
        detail: &mut Detail,
    ) -> Result<Reading, Error> {
        let id = random::guid()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the system gives no random bits"))?;
        let mut retries = 0;
        loop {
            let end = self.attempt(call, action, address, token, &id, detail);
            let (ending, retry_after) = match &end {
                Ok(reading) => (Ending::Status(reading.status), reading.retry_after()),
                Err(failure) => (
                    Ending::Failure {
                        sent: failure.sent,
                        is_passing: failure.is_passing,
                    },
                    None,
                ),
            };
            let pause = retry::pause(retries, retry_after, random::number());
            let again =
                retries < self.max_retries && retry::is_repeatable(action, ending) && pause < call.left();
            if !again {
                return end.map_err(|failure| failure.error);
            }
            if ending == Ending::Status(503) {
                call.demand_fresh_connection();
            }
            if call.sleep(pause).is_some() {
                return end.map_err(|failure| failure.error);
            }
            retries += 1;
        }
    }

    /// One request, noted in the detail.
    fn attempt(
        &self,
        call: &Arc<Call>,
        action: Action,
        address: &Address,
        token: Token<'_>,
        id: &str,
        detail: &mut Detail,
    ) -> Result<Reading, Failure> {
        let reply = self.transport.exchange(call, action, address, token, id);
        detail.attempts.push(Attempt {
            client_request_id: id.to_owned(),
            request_id: None,
        });
        let end = reply.map(|reply| Reading::new(&reply, token));
        match &end {
            Ok(reading) => reading.note(detail),
            Err(_) => detail.forget_answer(),
        }
        if action == Action::Post {
            match &end {
                Ok(reading) => detail.trigger = reply::trigger(reading.status),
                Err(failure) if failure.sent => detail.trigger = Trigger::MayHaveRun,
                Err(_) => {}
            }
        }
        end
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.transport)
            .field("timeout", &self.timeout)
            .finish()
    }
}
