//! Opens a tunnel through any proxy.

use super::target::Target;
use super::{http_connect, socks};
use crate::config::{Proxy, Scheme};
use crate::transport::connect_error::ConnectError;
use crate::transport::socket::Stream;
use crate::transport::tls::TlsConnector;

/// Opens a tunnel to the target over a connection to the proxy. Also returns the first bytes that came through it.
pub(crate) fn open_tunnel(
    stream: Box<dyn Stream>,
    proxy: &Proxy,
    target: Target<'_>,
    tls: &TlsConnector,
    user_agent: &str,
) -> Result<(Box<dyn Stream>, Vec<u8>), ConnectError> {
    let credentials = proxy.credentials.as_ref();
    let mut stream = match proxy.scheme {
        Scheme::Https => tls.connect(stream, Vec::new(), &proxy.host)?,
        Scheme::Http | Scheme::Socks5 | Scheme::Socks5h => stream,
    };
    let received = match proxy.scheme {
        Scheme::Http | Scheme::Https => {
            http_connect::open(&mut *stream, &target.to_string(), credentials, user_agent)?
        }
        Scheme::Socks5 | Scheme::Socks5h => {
            socks::open(&mut *stream, target, credentials)?;
            Vec::new()
        }
    };
    Ok((stream, received))
}
