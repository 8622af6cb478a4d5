//! A connection to the service, idle or in use. Each blocking step belongs to the call of the thread that runs it.

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
use crate::transport::call::{self, Stage};

/// The longest header block of an answer.
pub(super) const LONGEST_HEAD: usize = 64 * 1024;

/// One byte more, so that a longer header block is noticed.
const INPUT_BUFFER: usize = LONGEST_HEAD + 1;

/// Holds the longest token and the rest of a request's head.
const OUTPUT_BUFFER: usize = 80 * 1024;

/// A connection to the service, with ureq's buffers.
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

    /// Whether it can serve another exchange: the service has neither closed it nor sent bytes that nobody asked for.
    /// The next exchange, perhaps another tenant's, would take them for its answer. So this reads all that has come,
    /// through all layers and without waiting. TLS accepts tickets and key updates; anything else ends the connection.
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

/// A connection that ureq holds for one exchange.
#[derive(Debug)]
pub(super) struct Link {
    connection: Option<Connection>,
    idle: Arc<Idle<Connection>>,
    /// Whether the service's own reply has not begun yet.
    awaits_reply: bool,
}

impl Link {
    pub(super) fn new(connection: Connection, idle: Arc<Idle<Connection>>) -> Link {
        Link { connection: Some(connection), idle, awaits_reply: true }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("ureq uses no connection that it let go")
    }

    /// Runs one blocking step of the current call, within the time left.
    fn step<T>(&mut self, step: impl FnOnce(&mut Connection) -> io::Result<T>) -> Result<T, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        let connection = self.connection();
        let done = call.block(connection.shutter.clone(), |left| {
            connection.stream.socket().block_until(Instant::now() + left);
            step(connection)
        });
        done.ok_or_else(call_is_over)?.map_err(Error::Io)
    }

    /// Drops replies that come before the service's own, such as 100 Continue.
    fn skip_interim_replies(&mut self) {
        while self.awaits_reply {
            let buffers = &mut self.connection().buffers;
            let input = buffers.input();
            if !head::may_be_interim(input) {
                self.awaits_reply = false;
            } else if let Ok(Some(head)) = Head::read(input).map(|head| head.filter(Head::is_interim)) {
                buffers.input_consume(head.length);
            } else {
                return; // not complete yet, or for ureq to judge
            }
        }
    }
}

/// Tells ureq that the call is over. Nobody reads the text. Not `Interrupted`, because a reader of a whole body takes
/// that for a signal and tries again, for ever.
fn call_is_over() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

impl Transport for Link {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.connection().buffers
    }

    /// First called when the request itself goes out: CONNECT and the handshake do not pass here. The call's own
    /// deadline counts, not ureq's.
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

    /// ureq asks this for its own pool, after an exchange that left nothing unread. The pool checks all its connections
    /// under one lock, so it gets none: [`Idle`] keeps them.
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

/// ureq asks for addresses before each request, even on a live connection. [`super::connect`] looks them up instead.
#[derive(Debug)]
pub(super) struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut unread = self.empty();
        unread.push(([0, 0, 0, 0], 0).into()); // the trait promises one
        Ok(unread)
    }
}
