//! Gives ureq its connections: an idle one, else a new one. A thread of its own makes the new one. That thread has the
//! stack that TLS needs, holds no token, and may outlive the call.

use std::fmt;

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use ureq::http::Uri;
use ureq::unversioned::transport::{ConnectionDetails, Connector};

use super::connect;
use super::failure::ConnectError;
use super::helper;
use super::idle::Idle;
use super::link::{Connection, Link};
use super::route::Route;
use super::tls::Tls;
use crate::outcome::{Error, ErrorKind};
use crate::transport::call::{self, Call, Interrupt};

/// Ample: TLS and the verification of certificates need an eighth of it in a debug build.
const STACK: usize = 512 * 1024;

pub(super) struct Dial {
    route: Arc<Route>,
    tls: Arc<Tls>,
    idle: Arc<Idle<Connection>>,
}

impl Dial {
    pub(super) fn new(route: Arc<Route>) -> Dial {
        let tls = Arc::new(Tls::new(route.trust.clone()));
        Dial { route, tls, idle: Arc::new(Idle::new()) }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        self.tls.check()
    }

    /// Waits for a new connection, until the call ends or the connect timeout passes.
    fn dial(&self, call: &Call, uri: &Uri) -> Result<Connection, ConnectError> {
        let limit = self.route.connect_timeout.map_or(call.left(), |limit| limit.min(call.left()));
        let (sender, made) = mpsc::channel();
        let dialling = Arc::new(Dialling { job: Call::new(limit), sender: sender.clone() });
        let (job, route, tls, uri) =
            (dialling.job.clone(), self.route.clone(), self.tls.clone(), uri.clone());
        let helper = helper::spawn("autopilot-dial", STACK, move || {
            let connect = AssertUnwindSafe(|| connect::connect(&job, &route, &tls, &uri));
            let _ = sender.send(panic::catch_unwind(connect).unwrap_or_else(|_| Err(a_panic())));
        })?;
        let made = call.block(dialling.clone(), |left| made.recv_timeout(limit.min(left)));
        call.reach(dialling.job.stage());
        let made = match made {
            Some(Ok(made)) => {
                // The helper has nothing left to do, and some programs check that no thread is left.
                let _ = helper.join();
                made
            }
            _ => {
                dialling.interrupt();
                Err(ConnectError::Over)
            }
        };
        made.map_err(|error| match dialling.job.take_setback() {
            Some(setback) if error.is_late() => ConnectError::Late(setback),
            _ => error,
        })
    }
}

impl Connector<()> for Dial {
    type Out = Link;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Link>, ureq::Error> {
        let call = call::current().ok_or(ConnectError::Over)?;
        // Where a fresh one is wanted, the last one used is dropped: it gave the 503.
        let idle = self.idle.take(Connection::is_open).filter(|_| !call.wants_fresh_connection());
        let connection = match idle {
            Some(connection) => connection,
            None => self.dial(&call, details.uri)?,
        };
        call.has_fresh_connection();
        Ok(Some(Link::new(connection, self.idle.clone())))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dial").field(&self.route).finish()
    }
}

/// A connection in the making. An interrupt ends the call's wait for it and the thread that makes it.
struct Dialling {
    /// The thread's work is a call of its own, because it may end before or after the call that wants it.
    job: Arc<Call>,
    sender: Sender<Result<Connection, ConnectError>>,
}

impl Interrupt for Dialling {
    fn interrupt(&self) {
        self.job.cancel();
        let _ = self.sender.send(Err(ConnectError::Over));
    }
}

fn a_panic() -> ConnectError {
    Error::new(ErrorKind::Internal, "a panic was caught while connecting").into()
}
