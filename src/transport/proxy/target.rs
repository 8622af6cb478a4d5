//! The other end of a tunnel.

use std::fmt;
use std::net::SocketAddr;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    Address(SocketAddr),
    /// A URL's host. If it is a name, the proxy looks it up.
    Host(&'a str, u16),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Address(address) => address.fmt(f),
            Target::Host(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
