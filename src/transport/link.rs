//! A finished connection, idle or in use. Each blocking step of it belongs to the call of the thread that does it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, ShutdownHandle, Transport,
};
use zeroize::Zeroize;

use super::dial::call_is_over;
use super::idle::Idle;
use crate::call::{self, Interrupt, Stage};

/// A time-out that comes this close to the deadline is the deadline.
const CLOSE: Duration = Duration::from_millis(5);

/// A second is no large part of this.
const LONG: Duration = Duration::from_secs(10);

/// A finished connection.
#[derive(Debug)]
pub(super) struct Connection {
    transport: Box<dyn Transport>,
    socket: Arc<Socket>,
}

struct Socket(Weak<dyn ShutdownHandle>);

impl Interrupt for Socket {
    fn interrupt(&self) {
        if let Some(socket) = self.0.upgrade() {
            socket.shutdown();
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

impl Connection {
    pub(super) fn new(transport: Box<dyn Transport>, socket: Weak<dyn ShutdownHandle>) -> Connection {
        Connection { transport, socket: Arc::new(Socket(socket)) }
    }

    /// Whether the service has neither closed it nor sent what nobody asked for.
    pub(super) fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }
}

/// A connection as ureq has it, for one exchange.
#[derive(Debug)]
pub(super) struct Link {
    connection: Option<Connection>,
    idle: Arc<Idle<Connection>>,
}

impl Link {
    pub(super) fn new(connection: Connection, idle: Arc<Idle<Connection>>) -> Link {
        Link { connection: Some(connection), idle }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("ureq uses no connection that it let go")
    }

    /// One blocking step of the current call, with at most the time that is left of it.
    fn step<T>(
        &mut self,
        timeout: NextTimeout,
        step: impl FnOnce(&mut dyn Transport, NextTimeout) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        let Connection { transport, socket } = self.connection();
        call.block(socket.clone(), |left| {
            step(&mut **transport, NextTimeout { after: patience(left).into(), ..timeout })
        })
        .unwrap_or_else(|| Err(call_is_over()))
    }
}

/// A bit less than what is left, for Linux rounds a socket's time-out up by as much as an eighth. A long one in whole
/// seconds: where the socket has it already, no system call is made.
fn patience(left: Duration) -> Duration {
    let patience = left - left / 8;
    if patience > LONG { Duration::from_secs(patience.as_secs()) } else { patience }
}

impl Transport for Link {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection().transport.buffers()
    }

    /// First called when the request itself goes out: CONNECT and the handshake never pass here.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if let Some(call) = call::current() {
            call.reach(Stage::Sent);
        }
        let sent = self.step(timeout, |transport, timeout| transport.transmit_output(amount, timeout));
        self.buffers().output()[..amount].zeroize(); // the request, token included
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            match self.step(timeout, |transport, timeout| transport.await_input(timeout)) {
                // The step was given less than what is left: wait for the rest.
                Err(Error::Timeout(_)) if call::current().is_some_and(|call| call.left() > CLOSE) => {}
                result => return result,
            }
        }
    }

    /// Asked when an exchange is over and nothing of it is unread, for ureq's own pool. That one looks at all its
    /// connections under one lock, so it gets none: they are idle here.
    fn is_open(&mut self) -> bool {
        if let Some(connection) = self.connection.take() {
            self.idle.put(connection);
        }
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Ends a chain of connectors whose transport's type is of no interest.
#[derive(Debug)]
pub(super) struct Boxed;

impl<In: Transport> Connector<In> for Boxed {
    type Out = Box<dyn Transport>;

    fn connect(&self, _: &ConnectionDetails, made: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(made.map(|transport| Box::new(transport) as _))
    }
}

/// ureq asks for addresses before each request, on a live connection too; [`super::dial`] asks when it needs them.
#[derive(Debug)]
pub(super) struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut unread = self.empty();
        unread.push(([0, 0, 0, 0], 0).into()); // the trait promises one
        Ok(unread)
    }
}
