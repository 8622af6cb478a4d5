//! The transport below a connection: TCP, or TLS to a proxy over TCP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A client's connection, as a proxy or the direct listener sees it.
///
/// It is buffered because proxies read lines before the tunnel begins.
pub(crate) type Lane = BufReader<Carrier>;

/// TCP, or TLS over it.
pub(crate) enum Carrier {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Carrier {
    /// Makes the connection end with a reset.
    pub(crate) fn reset_at_end(&self) {
        let tcp = match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        };
        // This fails only if the connection is already gone.
        let _ = tcp.set_zero_linger();
    }
}

/// What exchanges go over: TLS, or for managed identities TCP.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Makes the connection end with a reset.
    fn reset_at_end(&self);
}

impl Stream for Lane {
    fn reset_at_end(&self) {
        self.get_ref().reset_at_end();
    }
}

impl Stream for TlsStream<Lane> {
    fn reset_at_end(&self) {
        self.get_ref().0.reset_at_end();
    }
}

impl AsyncRead for Carrier {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}

/// Reads and stays silent until the client leaves.
pub(crate) async fn outlast(stream: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}

/// Writes these bytes one at a time, then repeats the last one until the client leaves.
pub(crate) async fn dribble(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    bytes: &[u8],
    pause: Duration,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        let last = bytes.last().copied().unwrap_or_default();
        for byte in bytes.iter().copied().chain(std::iter::repeat(last)) {
            if writer.write_all(&[byte]).await.is_err() || writer.flush().await.is_err() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = write => {}
        () = outlast(&mut reader) => {}
    }
}
