//! How to reach the service.

use std::time::Duration;

use crate::config::{Proxy, Trust};

/// The settings of all connections of a client.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) trust: Trust,
    /// None: only the call's deadline counts.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) user_agent: String,
}
