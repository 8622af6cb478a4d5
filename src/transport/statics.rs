//! ureq's one value that is made under a lock, by whoever needs it first.

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};

use ureq::http::Request;
use ureq::unversioned::transport::{ConnectionDetails, Connector};
use ureq::{Agent, Error};

use super::link::{Link, NoLookup};

/// Has it made now, for a fork comes: a child of a thread that forks while another one makes it would wait for ever.
pub(super) fn complete() {
    static IS_COMPLETE: AtomicBool = AtomicBool::new(false);
    if !IS_COMPLETE.load(Ordering::Acquire) {
        let _ = panic::catch_unwind(|| {
            let request = Request::get("https://localhost/").body(())?;
            Agent::with_parts(Default::default(), Nowhere, NoLookup).run(request)
        });
        IS_COMPLETE.store(true, Ordering::Release);
    }
}

/// Sends no request: it is made, and the value with it, before a connection is asked for.
#[derive(Debug)]
struct Nowhere;

impl Connector for Nowhere {
    type Out = Link;

    fn connect(&self, _: &ConnectionDetails, _: Option<()>) -> Result<Option<Link>, Error> {
        Err(Error::ConnectionFailed)
    }
}
