//! Makes a new connection, step by step: name, TCP, proxy, TLS.

use std::net::SocketAddr;
use std::time::Instant;

use ureq::http::Uri;

use super::failure::ConnectError;
use super::link::Connection;
use super::lookup::look_up;
use super::route::Route;
use super::socket::{Socket, Stream};
use super::socks::{self, Target};
use super::tls::Tls;
use super::{race, tunnel};
use crate::config::{Proxy, Scheme};
use crate::transport::call::{Call, Stage};

/// Connects to the service at `uri`, within the time left of the call.
pub(super) fn connect(call: &Call, route: &Route, tls: &Tls, uri: &Uri) -> Result<Connection, ConnectError> {
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443));
    let Some(proxy) = &route.proxy else {
        let addresses = look_up(call, host, port)?;
        return over_tcp(call, &addresses, |stream| secure(call, tls, stream, Vec::new(), host));
    };
    let hops = look_up(call, &proxy.host, proxy.port)?;
    let through = |target| {
        over_tcp(call, &hops, |stream| {
            let (stream, received) = tunnel(stream, proxy, target, tls, &route.user_agent)?;
            secure(call, tls, stream, received, host)
        })
    };
    if proxy.scheme != Scheme::Socks5 {
        return through(Target::Name(host, port));
    }
    // This proxy takes addresses, one at a time: try each until it reaches one.
    let mut connected = Err(ConnectError::Over);
    for address in race::interleaved(&look_up(call, host, port)?) {
        connected = through(Target::Address(address));
        if !matches!(connected, Err(ConnectError::Unreachable(_))) {
            break;
        }
    }
    connected
}

/// Does some work over a new TCP connection. A cancel shuts the connection down, and the deadline bounds all of it.
fn over_tcp<T>(
    call: &Call,
    addresses: &[SocketAddr],
    work: impl FnOnce(Box<dyn Stream>) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let mut socket = Socket::new(race::connect(call, addresses)?)?;
    call.block(socket.shutter(), |left| {
        socket.block_until(Instant::now() + left);
        work(Box::new(socket))
    })
    .unwrap_or(Err(ConnectError::Over))
}

/// Opens a tunnel to the target. Also returns the bytes that have already come through it.
fn tunnel(
    stream: Box<dyn Stream>,
    proxy: &Proxy,
    target: Target<'_>,
    tls: &Tls,
    user_agent: &str,
) -> Result<(Box<dyn Stream>, Vec<u8>), ConnectError> {
    let credentials = proxy.credentials.as_ref();
    let mut stream =
        if proxy.scheme == Scheme::Https { tls.connect(stream, Vec::new(), &proxy.host)? } else { stream };
    let received = match proxy.scheme {
        Scheme::Http | Scheme::Https => {
            tunnel::open(&mut *stream, &target.to_string(), credentials, user_agent)?
        }
        Scheme::Socks5 | Scheme::Socks5h => {
            socks::open(&mut *stream, target, credentials)?;
            Vec::new()
        }
    };
    Ok((stream, received))
}

/// Adds TLS with the service itself.
fn secure(
    call: &Call,
    tls: &Tls,
    stream: Box<dyn Stream>,
    received: Vec<u8>,
    host: &str,
) -> Result<Connection, ConnectError> {
    call.reach(Stage::Handshake);
    tls.connect(stream, received, host).map(Connection::new)
}
