//! Opens a tunnel through any proxy.

use super::target::Target;
use super::{http_connect, socks};
use crate::config::{Proxy, Scheme};
use crate::outcome::Happening;
use crate::transport::call::Call;
use crate::transport::connect_error::ConnectError;
use crate::transport::socket::Stream;
use crate::transport::tls::TlsConnector;

/// Opens a tunnel to the target over a connection to the proxy. Also returns the first bytes that came through it.
pub(crate) fn open_tunnel(
    call: &Call,
    stream: Box<dyn Stream>,
    proxy: &Proxy,
    target: Target<'_>,
    tls: &TlsConnector,
    user_agent: &str,
) -> Result<(Box<dyn Stream>, Vec<u8>), ConnectError> {
    let credentials = proxy.credentials.as_ref();
    let mut stream = match proxy.scheme {
        Scheme::Https => tls.connect(call, stream, Vec::new(), &proxy.host)?,
        Scheme::Http | Scheme::Socks5 | Scheme::Socks5h => stream,
    };
    call.note(Happening::Tunnel(target.to_string().into()));
    let opened = match proxy.scheme {
        Scheme::Http | Scheme::Https => {
            http_connect::open(&mut *stream, &target.to_string(), credentials, user_agent)
        }
        Scheme::Socks5 | Scheme::Socks5h => {
            socks::open(&mut *stream, target, credentials).map(|()| Vec::new())
        }
    };
    match &opened {
        Ok(_) => call.note(Happening::TunnelAnswer("the proxy has opened it".into())),
        Err(error) if error.is_timeout() => {} // no answer
        Err(error) => call.note(Happening::TunnelAnswer(error.to_string().into())),
    }
    Ok((stream, opened?))
}
