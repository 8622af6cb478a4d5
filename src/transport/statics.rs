//! Makes ureq's only lazy value early. ureq makes it under a lock, on first use.

use std::sync::atomic::{AtomicBool, Ordering};

use ureq::config::Config;
use ureq::http::Request;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector};
use ureq::{Agent, Error};

use super::fork::Undisturbed;

/// Makes the value now, and holds forks back: a child forked meanwhile would wait for the lock for ever.
pub(super) fn complete(config: &Config) {
    static IS_COMPLETE: AtomicBool = AtomicBool::new(false);
    if !IS_COMPLETE.load(Ordering::Acquire) {
        let agent = Agent::with_parts(config.clone(), Nowhere, DefaultResolver::default());
        let _undisturbed = Undisturbed::begin();
        let _ = Request::get("https://192.0.2.1/").body(()).map(|request| agent.run(request));
        IS_COMPLETE.store(true, Ordering::Release);
    }
}

/// Refuses the connection. By then ureq has built the request, and the value with it.
#[derive(Debug)]
struct Nowhere;

impl Connector for Nowhere {
    type Out = ();

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<()>, Error> {
        Err(Error::ConnectionFailed)
    }
}
