//! A finished connection, in the pool or in use. Each blocking step of it belongs to the call of the thread that does it.

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
use crate::call::{self, Interrupt, Stage};

/// A time-out that comes this close to the deadline is the deadline.
const CLOSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Link {
    inner: Box<dyn Transport>,
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

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}

impl Link {
    pub(super) fn new(inner: Box<dyn Transport>, socket: Weak<dyn ShutdownHandle>) -> Link {
        Link { inner, socket: Arc::new(Socket(socket)) }
    }

    /// One blocking step of the current call, with at most the time that is left of it.
    fn step<T>(
        &mut self,
        timeout: NextTimeout,
        step: impl FnOnce(&mut dyn Transport, NextTimeout) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        call.block(self.socket.clone(), |left| {
            // Linux rounds a socket's time-out up by as much as an eighth.
            let after = (left - left / 8).into();
            step(&mut *self.inner, NextTimeout { after, ..timeout })
        })
        .unwrap_or_else(|| Err(call_is_over()))
    }
}

impl Transport for Link {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    /// First called when the request itself goes out: CONNECT and the handshake never pass here.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if let Some(call) = call::current() {
            call.reach(Stage::Sent);
        }
        let sent = self.step(timeout, |inner, timeout| inner.transmit_output(amount, timeout));
        self.inner.buffers().output()[..amount].zeroize(); // the request, token included
        sent
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        loop {
            match self.step(timeout, |inner, timeout| inner.await_input(timeout)) {
                // The step was given less than what is left: wait for the rest.
                Err(Error::Timeout(_)) if call::current().is_some_and(|call| call.left() > CLOSE) => {}
                result => return result,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        let unwanted = call::current().is_some_and(|call| call.wants_fresh_connection());
        !unwanted && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
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
