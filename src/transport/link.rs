//! A finished connection, idle or in use. Each blocking step of it belongs to the call of the thread that does it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};
use zeroize::Zeroize;

use super::head::{self, Head};
use super::idle::Idle;
use super::socket::{Shutter, Stream};
use crate::call::{self, Stage};

/// The longest header block of an answer.
pub(super) const LONGEST_HEAD: usize = 64 * 1024;

/// What is too long is seen to be.
const INPUT_BUFFER: usize = LONGEST_HEAD + 1;

/// A token of the longest kind, and the rest of a request's head.
const OUTPUT_BUFFER: usize = 80 * 1024;

/// A finished connection, with ureq's buffers for what passes over it.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    shutter: Arc<Shutter>,
    buffers: LazyBuffers,
}

impl Connection {
    pub(super) fn new(mut stream: Box<dyn Stream>) -> Connection {
        let shutter = stream.socket().shutter();
        Connection { stream, shutter, buffers: LazyBuffers::new(INPUT_BUFFER, OUTPUT_BUFFER) }
    }

    /// Whether it can serve another exchange: the service has neither closed it nor sent what nobody asked for. That
    /// would be read as the next exchange's answer, perhaps another tenant's. So all that has come is read, through all
    /// layers and without waiting: tickets and keys of TLS are taken in, and anything else is the end.
    pub(super) fn is_open(&mut self) -> bool {
        self.has_nothing_to_read().unwrap_or(false)
            && self.stream.is_drained()
            && self.buffers.input().is_empty()
    }

    fn has_nothing_to_read(&mut self) -> io::Result<bool> {
        self.stream.socket().wait_for_bytes(false)?;
        let read = self.stream.read(&mut [0]);
        self.stream.socket().wait_for_bytes(true)?;
        Ok(read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// A connection as ureq has it, for one exchange.
#[derive(Debug)]
pub(super) struct Link {
    connection: Option<Connection>,
    idle: Arc<Idle<Connection>>,
    /// The service's own reply has not begun.
    awaits_reply: bool,
}

impl Link {
    pub(super) fn new(connection: Connection, idle: Arc<Idle<Connection>>) -> Link {
        Link { connection: Some(connection), idle, awaits_reply: true }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("ureq uses no connection that it let go")
    }

    /// One blocking step of the current call, with at most the time that is left of it.
    fn step<T>(&mut self, step: impl FnOnce(&mut Connection) -> io::Result<T>) -> Result<T, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        let connection = self.connection();
        let done = call.block(connection.shutter.clone(), |left| {
            connection.stream.socket().block_until(Instant::now() + left);
            step(connection)
        });
        done.ok_or_else(call_is_over)?.map_err(Error::Io)
    }

    /// Drops what only announces the service's reply, such as 100 Continue.
    fn skip_interim_replies(&mut self) {
        while self.awaits_reply {
            let buffers = &mut self.connection().buffers;
            let input = buffers.input();
            if !head::may_be_interim(input) {
                self.awaits_reply = false;
            } else if let Ok(Some(head)) = Head::read(input).map(|head| head.filter(Head::is_interim)) {
                buffers.input_consume(head.length);
            } else {
                return; // not whole yet, or ureq's to judge
            }
        }
    }
}

/// Said to ureq where the call ended first; nobody reads it. Not `Interrupted`: who reads a body to its end takes that
/// for a signal, and asks again, for ever.
fn call_is_over() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

impl Transport for Link {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.connection().buffers
    }

    /// First called when the request itself goes out: CONNECT and the handshake never pass here. The call's own
    /// deadline holds, and ureq's is not used.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        if let Some(call) = call::current() {
            call.reach(Stage::Sent);
        }
        let sent = self.step(|Connection { stream, buffers, .. }| {
            stream.write_all(&buffers.output()[..amount])?;
            stream.flush()
        });
        self.buffers().output()[..amount].zeroize(); // the request, token included
        sent
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let amount =
            self.step(|Connection { stream, buffers, .. }| stream.read(buffers.input_append_buf()))?;
        self.buffers().input_appended(amount);
        self.skip_interim_replies();
        Ok(amount > 0)
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
