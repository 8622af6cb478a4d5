//! The listeners, and what happens to a connection before its first request.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::carrier::{Carrier, Lane, dribble, outlast};
use crate::cloud::LOGIN_HOSTS;
use crate::exchange;
use crate::network::{Certificate, TlsFault, TlsVersions};
use crate::party::Via;
use crate::record::Record;
use crate::shared::Shared;
use crate::{proxy, socks};

/// Serves all connections of one listener, and never returns.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>, via: Via) {
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => drop(tokio::spawn(connection(tcp, shared.clone(), via))),
            // There may be too many open files. Try again when others have been closed.
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    }
}

/// The host and port of a listener that needs no proxy, as in a URL.
pub(crate) fn host(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip == Ipv4Addr::LOCALHOST || ip.is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    }
}

async fn connection(tcp: TcpStream, shared: Arc<Shared>, via: Via) {
    let mut closing = shared.closing.subscribe();
    let _open = Open::new(&shared.record);
    let _ = tcp.set_nodelay(true);
    tokio::select! {
        // The client sees how a connection broke.
        _ = serve(tcp, &shared, via) => {}
        _ = closing.changed() => {}
    }
}

/// Counts a connection while it lives.
struct Open<'a>(&'a Record);

impl<'a> Open<'a> {
    fn new(record: &'a Record) -> Self {
        record.count(|counts| {
            counts.accepted += 1;
            counts.open += 1;
        });
        Self(record)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.count(|counts| counts.open -= 1);
    }
}

async fn serve(tcp: TcpStream, shared: &Arc<Shared>, via: Via) -> io::Result<()> {
    let address = tcp.local_addr()?;
    let mut lane = lane(tcp, shared, via).await?;
    let host = match via {
        Via::Proxy | Via::TlsProxy => proxy::tunnel(&mut lane, shared, via).await?,
        Via::Socks => socks::tunnel(&mut lane, shared).await?,
        Via::Direct => Some(host(address)),
        Via::Identity => {
            let number = shared.next_connection();
            return exchange::serve(Box::new(lane), shared.clone(), via, address.to_string(), number).await;
        }
    };
    let Some(host) = host else { return Ok(()) };
    if via != Via::Direct {
        shared.record.count(|counts| counts.tunnels += 1);
    }
    let (fault, pause) = {
        let mut network = shared.network();
        (network.take_tls_fault(), network.trickle_pause)
    };
    if let Some(fault) = fault {
        return misbehave(&mut lane, fault, pause).await;
    }
    let config = {
        let network = shared.network();
        shared.authority.config(network.certificate, network.tls_versions)
    };
    match TlsAcceptor::from(config).accept(lane).await {
        Ok(tls) => {
            // Without a proxy, only the handshake tells which party the client means.
            let named = tls.get_ref().1.server_name().filter(|name| LOGIN_HOSTS.contains(name));
            let host = named.map_or(host, str::to_owned);
            shared.record.count(|counts| counts.handshakes += 1);
            let number = shared.next_connection();
            exchange::serve(Box::new(tls), shared.clone(), via, host, number).await
        }
        Err(error) => {
            shared.record.count(|counts| counts.failed_handshakes += 1);
            Err(error)
        }
    }
}

/// TCP, or for the TLS proxy TLS over it, with a valid certificate.
async fn lane(tcp: TcpStream, shared: &Shared, via: Via) -> io::Result<Lane> {
    let carrier = match via {
        Via::TlsProxy => {
            let config = shared.authority.config(Certificate::Valid, TlsVersions::Both);
            Carrier::Tls(Box::new(TlsAcceptor::from(config).accept(tcp).await?))
        }
        Via::Proxy | Via::Socks | Via::Direct | Via::Identity => Carrier::Tcp(tcp),
    };
    Ok(BufReader::new(carrier))
}

async fn misbehave(lane: &mut Lane, fault: TlsFault, pause: std::time::Duration) -> io::Result<()> {
    match fault {
        TlsFault::Silent => outlast(lane).await,
        // A handshake record that promises 16 KiB.
        TlsFault::Trickle => dribble(lane, &[22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3], pause).await,
        TlsFault::Garbage => {
            lane.write_all(b"This is not TLS, and the client should say so.\r\n").await?;
            lane.shutdown().await?;
            // Closing while there are unread bytes would be a reset.
            outlast(lane).await;
        }
        TlsFault::Close => lane.shutdown().await?,
        TlsFault::Reset => lane.get_ref().reset_at_end(),
    }
    Ok(())
}
