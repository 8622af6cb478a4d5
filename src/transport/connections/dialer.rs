//! Gives ureq its connections: an idle one if there is one, else a new one.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use ureq::http::Uri;
use ureq::unversioned::transport::{ConnectionDetails, Connector};

use super::connect::connect;
use super::connection::Connection;
use super::lease::Lease;
use super::pool::Pool;
use crate::outcome::{Error, ErrorKind};
use crate::transport::call::{self, Call, Interrupt};
use crate::transport::connect_error::ConnectError;
use crate::transport::process::thread;
use crate::transport::route::Route;

/// The stack of a thread that connects. Ample: TLS and the verification of certificates need an eighth of it in a debug
/// build.
const STACK: usize = 512 * 1024;

pub(crate) struct Dialer {
    route: Arc<Route>,
    pool: Arc<Pool<Connection>>,
}

impl Dialer {
    pub(crate) fn new(route: Arc<Route>) -> Dialer {
        Dialer { route, pool: Arc::new(Pool::new()) }
    }

    /// Makes a new connection, until the call ends or the connect timeout passes.
    ///
    /// A thread of its own connects: it has the stack that TLS needs, holds no token, and may outlive the call.
    fn dial(&self, call: &Call, uri: &Uri) -> Result<Connection, ConnectError> {
        let left = call.time_left();
        let limit = self.route.connect_timeout.map_or(left, |limit| limit.min(left));
        let (sender, result) = mpsc::channel();
        let pending = Arc::new(PendingConnection { call: Call::new(limit), sender: sender.clone() });
        let (inner, route, uri) = (pending.call.clone(), self.route.clone(), uri.clone());
        let thread = thread::spawn("autopilot-dial", STACK, move || {
            let connect = AssertUnwindSafe(|| connect(&inner, &route, &uri));
            let _ = sender.send(panic::catch_unwind(connect).unwrap_or_else(|_| Err(a_panic())));
        })?;
        let result = call.block(pending.clone(), |_| result.recv_timeout(pending.call.time_left()));
        call.set_stage(pending.call.stage()); // an error names the stage that it reached
        call.adopt(&pending.call);
        let result = match result {
            Some(Ok(result)) => {
                // The thread has nothing left to do, and some programs check that no thread is left.
                let _ = thread.join();
                result
            }
            _ => {
                pending.interrupt();
                Err(ConnectError::TimedOut(None))
            }
        };
        result.map_err(|error| {
            if error.is_timeout() { ConnectError::TimedOut(pending.call.take_connect_error()) } else { error }
        })
    }
}

impl Connector<()> for Dialer {
    type Out = Lease;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Lease>, ureq::Error> {
        let call = call::current().ok_or(ConnectError::TimedOut(None))?;
        let idle = if call.needs_new_connection() { None } else { self.pool.take(Connection::is_reusable) };
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.dial(&call, details.uri)?,
        };
        call.set_needs_new_connection(false);
        connection.buffers.make_room(call.request_length());
        Ok(Some(Lease::new(connection, self.pool.clone())))
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialer").field(&self.route).finish()
    }
}

/// A connection that a thread makes. An interrupt ends both that thread's work and the wait for its result.
struct PendingConnection {
    /// A call of its own, because the connect timeout may end it earlier than the call that wants the connection.
    call: Arc<Call>,
    sender: Sender<Result<Connection, ConnectError>>,
}

impl Interrupt for PendingConnection {
    fn interrupt(&self) {
        self.call.cancel();
        let _ = self.sender.send(Err(ConnectError::TimedOut(None)));
    }
}

fn a_panic() -> ConnectError {
    Error::new(ErrorKind::Internal, "a panic was caught while connecting").into()
}
