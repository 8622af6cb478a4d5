//! Tunnels through HTTP and SOCKS proxies.

mod http_connect;
mod refusal;
mod socks;
mod target;
mod tunnel;

pub(super) use target::Target;
pub(super) use tunnel::open_tunnel;
