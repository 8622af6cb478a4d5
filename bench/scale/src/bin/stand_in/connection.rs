//! One connection: TLS, and the requests in it.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use autopilot_emulator::Reply;
use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection};

use crate::request::{self, Request};

pub(crate) struct Connection {
    tcp: TcpStream,
    tls: ServerConnection,
    /// What has come of a request that is not complete yet.
    plain: Vec<u8>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> Result<Connection, rustls::Error> {
        Ok(Connection { tcp, tls: ServerConnection::new(config)?, plain: Vec::new(), unsent: Vec::new() })
    }

    /// Reads all that has come, and returns what to send. An error ends the connection, the client's goodbye too.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut [u8],
        mut answer: impl FnMut(&Request<'_>) -> Reply,
    ) -> io::Result<Vec<u8>> {
        loop {
            match self.tcp.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.understand(&buffer[..length], &mut answer)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let mut flight = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut flight)?;
        }
        Ok(flight)
    }

    fn understand(
        &mut self,
        mut bytes: &[u8],
        answer: &mut impl FnMut(&Request<'_>) -> Reply,
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            self.tls.read_tls(&mut bytes)?;
            let state = self.tls.process_new_packets().map_err(io::Error::other)?;
            let old = self.plain.len();
            self.plain.resize(old + state.plaintext_bytes_to_read(), 0);
            self.tls.reader().read_exact(&mut self.plain[old..])?;
            if state.peer_has_closed() {
                return Err(ErrorKind::ConnectionAborted.into());
            }
        }
        while let Some(request) = Request::read(&self.plain)? {
            self.tls.writer().write_all(&request::bytes(&answer(&request)))?;
            let length = request.length;
            self.plain.drain(..length);
        }
        Ok(())
    }

    /// Sends as much as the socket takes of what is left, and of this.
    pub(crate) fn send(&mut self, flight: &[u8]) -> io::Result<()> {
        self.unsent.extend_from_slice(flight);
        while !self.unsent.is_empty() {
            match self.tcp.write(&self.unsent) {
                Ok(length) => drop(self.unsent.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) fn tcp(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }
}
