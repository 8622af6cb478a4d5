//! ureq's agent, one for each process that uses the client.

use std::process;
use std::sync::{Arc, OnceLock};

use ureq::Agent;
use ureq::config::{AutoHeaderValue, Config};

use super::Route;
use super::dial::Dial;
use super::link::NoLookup;
use crate::error::Error;

/// The longest header block of an answer.
pub(super) const LONGEST_HEAD: usize = 64 * 1024;

/// A token of the longest kind, and the rest of a request's head.
pub(super) const OUTPUT_BUFFER: usize = 80 * 1024;

/// A forked child shares its parent's sockets: using one would corrupt the other's TLS. So the child takes the next
/// engine of the chain, and never locks, uses or shuts down its parent's.
pub(super) struct Engine {
    process: u32,
    agent: Agent,
    route: Arc<Route>,
    next: OnceLock<Box<Engine>>,
}

impl Engine {
    pub(super) fn new(route: Arc<Route>) -> Result<Engine, Error> {
        let dial = Dial::new(route.clone());
        dial.check()?;
        Ok(Engine::with_dial(route, dial))
    }

    fn with_dial(route: Arc<Route>, dial: Dial) -> Engine {
        let agent = Agent::with_parts(config(&route).build(), dial, NoLookup);
        Engine { process: process::id(), agent, route, next: OnceLock::new() }
    }

    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// The agent of this process.
    pub(super) fn agent(&self) -> &Agent {
        let mut engine = self;
        while engine.process != process::id() {
            engine = engine.next.get_or_init(|| {
                let route = self.route.clone();
                Box::new(Engine::with_dial(route.clone(), Dial::new(route)))
            });
        }
        &engine.agent
    }
}

/// What all requests and connections have in common. No timeout: the call has them all.
pub(super) fn config(route: &Route) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Config::builder()
        .proxy(None)
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(route.user_agent.as_str())
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(LONGEST_HEAD)
        .input_buffer_size(LONGEST_HEAD + 1)
        .output_buffer_size(OUTPUT_BUFFER)
}
