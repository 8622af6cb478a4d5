//! Microsoft's clouds, and their hosts.

/// The hosts of the service's four clouds.
pub const CLOUD_HOSTS: [&str; 4] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];

/// The hosts of Entra in all clouds.
pub const LOGIN_HOSTS: [&str; 4] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// One cloud of Entra.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// Its hosts of Entra.
    pub(crate) login: &'static [&'static str],
    /// The hosts of Graph that it issues tokens for.
    graph: &'static [&'static str],
    /// The audience of the assertions of other identity providers.
    pub(crate) exchange: &'static str,
}

/// All of them.
pub(crate) const CLOUDS: [Cloud; 3] = [
    Cloud {
        login: &["login.microsoftonline.com"],
        graph: &["graph.microsoft.com"],
        exchange: "api://AzureADTokenExchange",
    },
    Cloud {
        login: &["login.microsoftonline.us"],
        graph: &["graph.microsoft.us", "dod-graph.microsoft.us"],
        exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        login: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        graph: &["microsoftgraph.chinacloudapi.cn"],
        exchange: "api://AzureADTokenExchangeChina",
    },
];

impl Cloud {
    /// The cloud with this host of Entra.
    pub(crate) fn at(host: &str) -> &'static Self {
        CLOUDS.iter().find(|cloud| cloud.login.contains(&host)).unwrap_or(&CLOUDS[0])
    }

    /// Whether it knows a resource: any, except the Graph of another cloud.
    pub(crate) fn knows(&self, resource: &str) -> bool {
        let host = resource.strip_prefix("https://").unwrap_or_default().trim_end_matches('/');
        let is_of = |cloud: &Self| cloud.graph.contains(&host);
        is_of(self) || !CLOUDS.iter().any(is_of)
    }
}
