//! The service that a request is for, and how its client connected.

use serde::Serialize;

use crate::cloud::LOGIN_HOSTS;

/// Which service a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// Microsoft Graph.
    Graph,
    /// Entra ID, which issues tokens.
    Entra,
    /// The endpoint for the managed identity of the machine: IMDS, App Service or Azure Arc.
    Identity,
}

impl Party {
    /// The one that a client meets at this host, when it connects like this.
    pub(crate) fn at(via: Via, host: &str) -> Self {
        match via {
            Via::Identity => Self::Identity,
            _ if LOGIN_HOSTS.contains(&host) => Self::Entra,
            _ => Self::Graph,
        }
    }

    /// The word by which scripts select a request with this method.
    pub(crate) fn word(self, method: &str) -> &str {
        match (self, method) {
            (Self::Graph, method) => method,
            (Self::Entra, "POST") => "TOKEN",
            (Self::Entra, _) => "DISCOVERY",
            (Self::Identity, _) => "IDENTITY",
        }
    }
}

/// How a client connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Through the HTTP proxy.
    Proxy,
    /// Through the same proxy over TLS.
    TlsProxy,
    /// Through the SOCKS5 proxy.
    Socks,
    /// Without a proxy.
    Direct,
    /// Without a proxy and without TLS, as a managed identity is asked for tokens.
    Identity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_tell_requests_by_a_word() {
        let word = |via, host, method| Party::at(via, host).word(method).to_owned();
        assert_eq!(word(Via::Proxy, "graph.microsoft.us", "PATCH"), "PATCH");
        assert_eq!(word(Via::Proxy, "login.microsoftonline.us", "POST"), "TOKEN");
        assert_eq!(word(Via::Direct, "login.chinacloudapi.cn", "GET"), "DISCOVERY");
        assert_eq!(word(Via::Identity, "127.0.0.1:80", "GET"), "IDENTITY");
    }
}
