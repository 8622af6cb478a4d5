//! ureq's agent, one for each process that uses the client.

use std::sync::Arc;

use ureq::Agent;
use ureq::config::Config;

use super::Route;
use super::dial::Dial;
use super::link::NoLookup;
use super::per_process::PerProcess;
use crate::error::Error;

/// The longest header block of an answer.
const LONGEST_HEAD: usize = 64 * 1024;

/// What is too long is seen to be.
pub(super) const INPUT_BUFFER: usize = LONGEST_HEAD + 1;

/// A token of the longest kind, and the rest of a request's head.
pub(super) const OUTPUT_BUFFER: usize = 80 * 1024;

/// A forked child shares its parent's sockets: using one would corrupt the other's TLS. So it has an agent of its own.
pub(super) struct Engine {
    route: Arc<Route>,
    agents: PerProcess<Agent>,
}

impl Engine {
    pub(super) fn new(route: Arc<Route>) -> Result<Engine, Error> {
        let dial = Dial::new(route.clone());
        dial.check()?;
        Ok(Engine { agents: PerProcess::new(agent(&route, dial)), route })
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// The agent of this process.
    pub(super) fn agent(&self) -> &Agent {
        self.agents.get(|| agent(&self.route, Dial::new(self.route.clone())))
    }
}

fn agent(route: &Route, dial: Dial) -> Agent {
    Agent::with_parts(config(route), dial, NoLookup)
}

/// What all requests have in common. No timeout: the call has them all.
fn config(route: &Route) -> Config {
    Config::builder()
        .proxy(None)
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(route.user_agent.as_str())
        .accept_encoding("identity") // a box in between may compress what names nothing
        .max_response_header_size(LONGEST_HEAD)
        .build()
}
