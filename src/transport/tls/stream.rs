//! A stream under TLS.

use std::io::{self, Read, Write};

use rustls::{ClientConnection, StreamOwned};

use super::error;
use super::records::Records;
use crate::transport::socket::{Socket, Stream};

/// TLS over a stream, which may itself be TLS with a proxy.
pub(super) struct TlsStream(StreamOwned<ClientConnection, Records>);

impl TlsStream {
    /// Completes the handshake.
    pub(super) fn connect(mut connection: ClientConnection, mut records: Records) -> io::Result<TlsStream> {
        while connection.is_handshaking() || connection.wants_write() {
            connection.complete_io(&mut records).map_err(error::in_handshake)?;
        }
        Ok(TlsStream(StreamOwned::new(connection, records)))
    }

    pub(super) fn connection(&self) -> &ClientConnection {
        &self.0.conn
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(error::after_handshake)
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(error::after_handshake)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(error::after_handshake)
    }
}

impl Stream for TlsStream {
    fn socket(&mut self) -> &mut Socket {
        self.0.sock.socket()
    }

    /// Ignores bytes inside TLS itself: the caller reads those, without waiting.
    fn is_drained(&self) -> bool {
        self.0.sock.is_drained()
    }
}
