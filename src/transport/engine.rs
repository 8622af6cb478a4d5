//! Holds ureq's agents: one for each process that uses the client.

use std::sync::Arc;

use ureq::Agent;
use ureq::config::Config;

use super::dial::Dial;
use super::link::{LONGEST_HEAD, NoLookup};
use super::per_process::PerProcess;
use super::route::Route;
use super::statics;
use crate::outcome::Error;

/// A forked child shares its parent's sockets, and using one would corrupt the other's TLS. So each process has an
/// agent of its own.
pub(super) struct Engine {
    route: Arc<Route>,
    /// Made once, because ureq reads the environment for it, and a fork may leave the environment's lock held.
    config: Config,
    agents: PerProcess<Agent>,
}

impl Engine {
    pub(super) fn new(route: Arc<Route>) -> Result<Engine, Error> {
        let (dial, config) = (Dial::new(route.clone()), config(&route));
        dial.check()?;
        statics::complete(&config);
        let agent = Agent::with_parts(config.clone(), dial, NoLookup);
        Ok(Engine { route, config, agents: PerProcess::new(agent) })
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// The agent of this process.
    pub(super) fn agent(&self) -> &Agent {
        let agent = || Agent::with_parts(self.config.clone(), Dial::new(self.route.clone()), NoLookup);
        self.agents.get(agent)
    }
}

/// The settings of all requests. No timeouts, because the call has its own.
fn config(route: &Route) -> Config {
    Config::builder()
        .proxy(None)
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(route.user_agent.as_str())
        .accept_encoding("identity") // without it, a box in between may compress
        .max_response_header_size(LONGEST_HEAD)
        .build()
}
