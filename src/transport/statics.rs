//! ureq's one value that is made under a lock, by whoever needs it first.

use std::sync::atomic::{AtomicBool, Ordering};

use ureq::config::Config;
use ureq::http::Request;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector};
use ureq::{Agent, Error};

use super::fork::Undisturbed;

/// Has it made now, where no fork comes between: a child that is forked meanwhile would wait for it for ever.
pub(super) fn complete(config: &Config) {
    static IS_COMPLETE: AtomicBool = AtomicBool::new(false);
    if !IS_COMPLETE.load(Ordering::Acquire) {
        let agent = Agent::with_parts(config.clone(), Nowhere, DefaultResolver::default());
        let _undisturbed = Undisturbed::begin();
        let _ = Request::get("https://192.0.2.1/").body(()).map(|request| agent.run(request));
        IS_COMPLETE.store(true, Ordering::Release);
    }
}

/// Sends no request: it is made, and the value with it, before a connection is asked for.
#[derive(Debug)]
struct Nowhere;

impl Connector for Nowhere {
    type Out = ();

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<()>, Error> {
        Err(Error::ConnectionFailed)
    }
}
