//! How to reach the service.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Proxy, Trust};

/// The settings of all connections of a client.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) proxy: Option<Proxy>,
    /// Names the proxy and where it comes from, or says why there is none.
    pub(crate) proxy_words: Arc<str>,
    pub(crate) trust: Trust,
    /// None: only the call's deadline counts.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) user_agent: String,
}
