//! A connection to the service, with the buffers of its exchanges.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use ureq::unversioned::transport::Buffers;

use super::buffers::ExchangeBuffers;
use crate::transport::socket::Stream;

pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    /// The socket below all layers: a cancel shuts it down.
    pub(super) tcp: Arc<TcpStream>,
    pub(super) buffers: ExchangeBuffers,
}

impl Connection {
    pub(super) fn new(mut stream: Box<dyn Stream>, replies_are_secret: bool) -> Connection {
        let tcp = stream.socket().tcp();
        Connection { stream, tcp, buffers: ExchangeBuffers::new(replies_are_secret) }
    }

    /// Whether it can serve another exchange: the service has neither closed it nor sent bytes that nobody asked for.
    /// The next exchange, perhaps another tenant's, would take them for its reply. So this reads all that has come,
    /// through all layers and without waiting. TLS accepts tickets and key updates; anything else ends the connection.
    pub(super) fn is_reusable(&mut self) -> bool {
        self.has_nothing_to_read().unwrap_or(false)
            && self.stream.is_drained()
            && self.buffers.input().is_empty()
    }

    fn has_nothing_to_read(&mut self) -> io::Result<bool> {
        self.stream.socket().set_waiting(false)?;
        let read = self.stream.read(&mut [0]);
        self.stream.socket().set_waiting(true)?;
        Ok(read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
