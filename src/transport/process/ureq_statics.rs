//! Initializes ureq's lazy static (`ACCEPTS` in its `run.rs`), which the first request of a process would initialize
//! under a lock.

use std::sync::atomic::{AtomicBool, Ordering};

use ureq::config::Config;
use ureq::http::Request;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector};
use ureq::{Agent, Error};

use super::fork::ForkGuard;

/// Initializes it now and holds forks back: a child forked meanwhile would wait for the lock for ever.
pub(crate) fn initialize(config: &Config) {
    static IS_INITIALIZED: AtomicBool = AtomicBool::new(false);
    if !IS_INITIALIZED.load(Ordering::Acquire) {
        let agent = Agent::with_parts(config.clone(), RefusingConnector, DefaultResolver::default());
        let _guard = ForkGuard::new();
        let _ = Request::get("https://192.0.2.1/").body(()).map(|request| agent.run(request));
        IS_INITIALIZED.store(true, Ordering::Release);
    }
}

/// Refuses to connect. By then ureq has built the request, and with it the lazy static.
#[derive(Debug)]
struct RefusingConnector;

impl Connector for RefusingConnector {
    type Out = ();

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<()>, Error> {
        Err(Error::ConnectionFailed)
    }
}
