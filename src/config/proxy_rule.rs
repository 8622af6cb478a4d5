//! Which proxy leads to a host.

use std::fmt;

#[cfg(windows)]
use super::pac_file::PacFile;
use super::proxy::Proxy;

#[derive(Debug, Clone)]
pub(crate) enum ProxyRule {
    Fixed(Proxy),
    /// It chooses a proxy, or none, for each new connection.
    #[cfg(windows)]
    Pac(PacFile),
}

impl fmt::Display for ProxyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyRule::Fixed(proxy) => proxy.fmt(f),
            #[cfg(windows)]
            ProxyRule::Pac(file) => write!(f, "the PAC file {file}"),
        }
    }
}
