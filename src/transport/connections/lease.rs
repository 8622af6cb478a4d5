//! A connection in use. Each blocking step belongs to the call of the thread that runs it.

use std::io;
use std::sync::Arc;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use super::connection::Connection;
use super::pool::Pool;
use crate::transport::call::{self, Stage};
use crate::transport::reply_head::{self, ReplyHead};

/// A connection that ureq holds for one exchange.
#[derive(Debug)]
pub(crate) struct Lease {
    /// None once it is back in the pool.
    connection: Option<Connection>,
    pool: Arc<Pool<Connection>>,
    /// Whether the service's own reply has not begun yet.
    awaits_reply: bool,
    /// Whether that reply is a 503. Another connection may lead to another front end, which may have capacity.
    is_unavailable: bool,
}

impl Lease {
    pub(super) fn new(connection: Connection, pool: Arc<Pool<Connection>>) -> Lease {
        Lease { connection: Some(connection), pool, awaits_reply: true, is_unavailable: false }
    }

    fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("ureq uses no connection that it gave back")
    }

    /// Runs one blocking step of the current call, until its deadline at most.
    fn block<T>(&mut self, step: impl FnOnce(&mut Connection) -> io::Result<T>) -> Result<T, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        let connection = self.connection();
        let result = call.block(connection.tcp.clone(), |deadline| {
            connection.stream.socket().set_deadline(deadline);
            step(connection)
        });
        result.ok_or_else(call_is_over)?.map_err(Error::Io)
    }

    /// Reads the status of the service's own reply, and drops those that come before it, such as 100 Continue and 103
    /// Early Hints. ureq drops them too, but fails if a 100 has headers (`HeadersWith100` of ureq-proto 0.7).
    fn begin_reply(&mut self) {
        while self.awaits_reply {
            let buffers = &mut self.connection().buffers;
            let input = buffers.input();
            match reply_head::status_digits(input) {
                None => return,
                Some([b'1', ..]) => {}
                Some(digits) => {
                    let is_unavailable = digits == b"503";
                    (self.awaits_reply, self.is_unavailable) = (false, is_unavailable);
                    return;
                }
            }
            match ReplyHead::read(input) {
                Ok(Some(head)) if head.is_interim() => buffers.input_consume(head.length),
                _ => return, // not complete yet, or for ureq to judge
            }
        }
    }
}

/// Tells ureq that the call is over. Nobody reads the text. Not `Interrupted`, because a reader of a whole body takes
/// that for a signal and tries again, for ever.
fn call_is_over() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

impl Transport for Lease {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.connection().buffers
    }

    /// Only requests pass here: CONNECT and the handshake were before. The call's own deadline counts, not ureq's.
    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        if let Some(call) = call::current() {
            call.set_stage(Stage::Sent);
        }
        let sent = self.block(|Connection { stream, buffers, .. }| {
            stream.write_all(&buffers.output()[..amount])?;
            stream.flush()
        });
        self.connection().buffers.wipe_output(amount); // token included
        sent
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        let amount =
            self.block(|Connection { stream, buffers, .. }| stream.read(buffers.input_append_buf()))?;
        self.buffers().input_appended(amount);
        self.begin_reply();
        Ok(amount > 0)
    }

    /// Gives the connection back to our pool unless it gave a 503, and tells ureq that it is closed.
    ///
    /// ureq asks once, after an exchange that left nothing unread, to decide whether its own pool keeps the connection.
    /// No other method tells us that the exchange is complete. ureq's pool would work, but it asks each connection
    /// whether it is open under one lock: with 16 threads that made three futex calls for each call, ours makes one for
    /// 26 calls (the bench's README).
    fn is_open(&mut self) -> bool {
        let connection = self.connection.take();
        if let Some(connection) = connection.filter(|_| !self.is_unavailable) {
            self.pool.put(connection);
        }
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}
