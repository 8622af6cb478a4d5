//! The way to the service.

use std::time::Duration;

use crate::proxy::Proxy;
use crate::trust::Trust;

/// What a connection depends on; the same for all of a client's connections.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) trust: Trust,
    /// None: the call's own deadline is the only one.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) user_agent: String,
}
