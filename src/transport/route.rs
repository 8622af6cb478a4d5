//! How to reach a host.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Uri;

use crate::config::{Environment, Proxy, ProxyRule, ProxySource, Trust};
use crate::outcome::{Error, ErrorKind};
use crate::transport::tls::TlsConnector;

/// How a client reaches any host, by its options and its environment.
pub(crate) struct Routes {
    proxy: ProxyChoice,
    tls: Arc<TlsConnector>,
    connect_timeout: Option<Duration>,
    user_agent: String,
    environment: Environment,
}

#[derive(Debug, Clone)]
pub(crate) enum ProxyChoice {
    FromEnvironment,
    Direct,
    Given(Proxy),
}

/// The settings of all connections to one host.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) proxy: Option<ProxyRule>,
    /// Names the proxy and where it comes from, or says why there is none.
    pub(crate) proxy_words: Arc<str>,
    /// None for plain HTTP.
    pub(crate) tls: Option<Arc<TlsConnector>>,
    /// None: only the call's deadline counts.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) user_agent: String,
    /// Tokens come, so no buffer keeps a reply.
    pub(crate) replies_are_secret: bool,
}

impl Routes {
    pub(crate) fn new(
        proxy: ProxyChoice,
        trust: Trust,
        connect_timeout: Option<Duration>,
        user_agent: String,
        environment: Environment,
    ) -> Routes {
        let tls = Arc::new(TlsConnector::new(trust));
        Routes { proxy, tls, connect_timeout, user_agent, environment }
    }

    /// The route to a host by HTTPS. An error names the variable or the settings that cannot be used.
    pub(crate) fn to(&self, host: &str) -> Result<Route, Error> {
        let (proxy, source) = match &self.proxy {
            ProxyChoice::Given(proxy) => (Some(ProxyRule::Fixed(proxy.clone())), ProxySource::Options),
            ProxyChoice::Direct => (None, ProxySource::Options),
            ProxyChoice::FromEnvironment => {
                self.environment.proxy_for(host).map_err(|text| Error::new(ErrorKind::Configuration, text))?
            }
        };
        Ok(Route {
            proxy_words: source.words(proxy.as_ref()).into(),
            proxy,
            tls: Some(self.tls.clone()),
            connect_timeout: self.connect_timeout,
            user_agent: self.user_agent.clone(),
            replies_are_secret: false,
        })
    }

    /// The route to an address of this machine's own platform, by plain HTTP and by no proxy.
    pub(crate) fn within_machine(&self, connect_timeout: Option<Duration>) -> Route {
        Route {
            proxy: None,
            proxy_words: "none: this machine's own identity endpoint is asked directly".into(),
            tls: None,
            connect_timeout,
            user_agent: self.user_agent.clone(),
            replies_are_secret: true,
        }
    }
}

impl Route {
    pub(super) fn port(&self, uri: &Uri) -> u16 {
        uri.port_u16().unwrap_or(if self.tls.is_some() { 443 } else { 80 })
    }
}

/// Its trust and its timeout: the proxy's variable may hold a password.
impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Routes { tls, connect_timeout, user_agent, proxy: _, environment: _ } = self;
        f.debug_struct("Routes")
            .field("trust", tls)
            .field("connect_timeout", connect_timeout)
            .field("user_agent", user_agent)
            .finish_non_exhaustive()
    }
}
