//! Where Microsoft Graph is: the root of one of four clouds, or a root that the caller gives.

use std::fmt;

// Source: https://learn.microsoft.com/graph/deployments. All four clouds have the action.

/// One of Microsoft's clouds. Each refuses the tokens of the others.
///
/// ```
/// use autopilot_sync::Cloud;
///
/// assert_eq!(Cloud::default(), Cloud::Global);
/// assert_eq!(Cloud::UsGovernmentDod.root(), "https://dod-graph.microsoft.us");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[repr(i32)]
pub enum Cloud {
    /// The global service, and US Government GCC: <https://graph.microsoft.com>
    #[default]
    Global = 0,
    /// US Government L4 (GCC High): <https://graph.microsoft.us>
    UsGovernment = 1,
    /// US Government L5 (DoD): <https://dod-graph.microsoft.us>
    UsGovernmentDod = 2,
    /// China, operated by 21Vianet: <https://microsoftgraph.chinacloudapi.cn>
    China = 3,
}

impl Cloud {
    /// All clouds, in the order of their numbers in the C ABI.
    ///
    /// ```
    /// use autopilot_sync::Cloud;
    ///
    /// let named = |name: &str| Cloud::ALL.into_iter().find(|cloud| format!("{cloud:?}") == name);
    /// assert_eq!(named("China"), Some(Cloud::China));
    /// ```
    pub const ALL: [Cloud; 4] = [Cloud::Global, Cloud::UsGovernment, Cloud::UsGovernmentDod, Cloud::China];

    /// The root of this cloud's Microsoft Graph, without a final slash.
    ///
    /// To get a token, ask for the scope that is this root plus `/.default`:
    ///
    /// ```
    /// use autopilot_sync::Cloud;
    ///
    /// let scope = format!("{}/.default", Cloud::UsGovernment.root());
    /// assert_eq!(scope, "https://graph.microsoft.us/.default");
    /// ```
    pub const fn root(self) -> &'static str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGovernment => "https://graph.microsoft.us",
            Cloud::UsGovernmentDod => "https://dod-graph.microsoft.us",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }
}

/// The root of a service: scheme https, a host, an optional port, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    authority: String,
    host: String,
}

/// Why a text cannot be a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RootError {
    #[error("the base URL must begin with https://")]
    Scheme,
    #[error(
        "the base URL must be a root like https://graph.microsoft.com, without user, path, query or fragment"
    )]
    NotARoot,
    #[error("the host name or the port of the base URL is not valid")]
    Authority,
}

impl Root {
    pub(crate) fn new(url: &str) -> Result<Root, RootError> {
        let scheme = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let rest = &url[scheme.ok_or(RootError::Scheme)?.len()..];
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@', '\\']) {
            return Err(RootError::NotARoot);
        }
        let (host, _port) = split_host_port(authority).ok_or(RootError::Authority)?;
        Ok(Root { authority: authority.to_owned(), host: host.to_owned() })
    }

    /// The host. An IPv6 address has no brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl From<Cloud> for Root {
    fn from(cloud: Cloud) -> Root {
        let host = cloud.root().trim_start_matches("https://").to_owned();
        Root { authority: host.clone(), host }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority)
    }
}

/// A host without the brackets that a URL puts around an IPv6 address. Look-ups and certificates have none.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`. None for any other text.
pub(crate) fn split_host_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, rest)) => {
            v6.parse::<std::net::Ipv6Addr>().ok()?;
            (v6, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(named) || host.starts_with(['.', '-']) {
        return None;
    }
    let port = match port {
        Some(digits) if !digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        Some(digits) => Some(digits.parse().ok().filter(|port| *port != 0)?),
        None => None,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_documented_root() {
        let roots: Vec<&str> = Cloud::ALL.iter().map(|cloud| cloud.root()).collect();
        assert_eq!(
            roots,
            [
                "https://graph.microsoft.com",
                "https://graph.microsoft.us",
                "https://dod-graph.microsoft.us",
                "https://microsoftgraph.chinacloudapi.cn",
            ]
        );
        for cloud in Cloud::ALL {
            assert_eq!(Root::from(cloud), Root::new(cloud.root()).unwrap());
        }
    }

    #[test]
    fn a_base_url_is_a_root_over_https() {
        for (url, host) in [
            ("https://localhost:8443", "localhost"),
            ("HTTPS://graph.example/", "graph.example"),
            ("https://127.0.0.1:1", "127.0.0.1"),
            ("https://[::1]:8443", "::1"),
            ("https://[::1]", "::1"),
        ] {
            assert_eq!(Root::new(url).unwrap().host(), host, "{url}");
        }
        for (url, error) in [
            ("", RootError::Scheme),
            ("http://graph.microsoft.com", RootError::Scheme),
            ("graph.microsoft.com", RootError::Scheme),
            ("https:/x", RootError::Scheme),
            ("éééé", RootError::Scheme),
            ("https://x/beta", RootError::NotARoot),
            ("https://x//", RootError::NotARoot),
            ("https://u:p@x", RootError::NotARoot),
            ("https://x?y", RootError::NotARoot),
            ("https://x#y", RootError::NotARoot),
            ("https://x\\y", RootError::NotARoot),
            ("https://", RootError::Authority),
            ("https:///", RootError::Authority),
            ("https://x:0", RootError::Authority),
            ("https://x:65536", RootError::Authority),
            ("https://x:", RootError::Authority),
            ("https://x:+1", RootError::Authority),
            ("https://x:1:2", RootError::Authority),
            ("https://a b", RootError::Authority),
            ("https://a\r\nb", RootError::Authority),
            ("https://.x", RootError::Authority),
            ("https://-x", RootError::Authority),
            ("https://é", RootError::Authority),
            ("https://[::1", RootError::Authority),
            ("https://[x]", RootError::Authority),
            ("https://[::1]x", RootError::Authority),
        ] {
            assert_eq!(Root::new(url), Err(error), "{url}");
        }
    }
}
