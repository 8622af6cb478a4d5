//! Makes a new connection, step by step: name, TCP, proxy, TLS.

use std::net::SocketAddr;

use ureq::http::Uri;

use super::connection::Connection;
use super::lookup::look_up;
#[cfg(windows)]
use super::pac;
use super::race;
use crate::config::{ProxyRule, Scheme};
use crate::outcome::{Happening, Owner};
use crate::transport::call::{Call, Stage};
use crate::transport::connect_error::ConnectError;
use crate::transport::proxy::{Target, open_tunnel};
use crate::transport::route::Route;
use crate::transport::socket::{Socket, Stream};

/// Connects to the service at `uri`, within the time left of the call.
pub(super) fn connect(call: &Call, route: &Route, uri: &Uri) -> Result<Connection, ConnectError> {
    call.note(Happening::Proxy(route.proxy_words.clone()));
    let connection = |stream| Connection::new(stream, route.replies_are_secret);
    let (host, port) = (uri.host().unwrap_or_default(), route.port(uri));
    let Some(tls) = &route.tls else {
        let addresses = look_up(call, Owner::Service, host, port)?;
        return with_tcp(call, &addresses, |tcp| Ok(connection(tcp)));
    };
    let handshake = |stream, received| {
        call.set_stage(Stage::Handshake);
        tls.connect(call, stream, received, host).map(connection)
    };
    #[cfg(windows)]
    let chosen;
    let proxy = match &route.proxy {
        None => None,
        Some(ProxyRule::Fixed(proxy)) => Some(proxy),
        #[cfg(windows)]
        Some(ProxyRule::Pac(file)) => {
            chosen = pac::choose(call, file, host)?;
            chosen.as_ref()
        }
    };
    let Some(proxy) = proxy else {
        return with_tcp(call, &look_up(call, Owner::Service, host, port)?, |tcp| handshake(tcp, Vec::new()));
    };
    let proxy_addresses = look_up(call, Owner::Proxy, &proxy.host, proxy.port)?;
    let through_proxy = |target| {
        with_tcp(call, &proxy_addresses, |tcp| {
            let (tunnel, received) = open_tunnel(call, tcp, proxy, target, tls, &route.user_agent)?;
            handshake(tunnel, received)
        })
    };
    if proxy.scheme != Scheme::Socks5 {
        return through_proxy(Target::Host(host, port));
    }
    // This proxy takes addresses, one at a time: try each until it reaches one.
    let mut result = Err(ConnectError::TimedOut(None));
    for address in race::interleaved(&look_up(call, Owner::Service, host, port)?) {
        result = through_proxy(Target::Address(address));
        if !matches!(result, Err(ConnectError::TargetUnreachable(_))) {
            break;
        }
    }
    result
}

/// Does some work over a new TCP connection. A cancel shuts the connection down, and the deadline bounds all of it.
fn with_tcp<T>(
    call: &Call,
    addresses: &[SocketAddr],
    work: impl FnOnce(Box<dyn Stream>) -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    let mut socket = Socket::new(race::connect(call, addresses)?)?;
    call.block(socket.tcp(), |deadline| {
        socket.set_deadline(deadline);
        work(Box::new(socket))
    })
    .unwrap_or(Err(ConnectError::TimedOut(None)))
}
