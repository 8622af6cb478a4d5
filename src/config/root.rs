//! Where a client finds Microsoft Graph: the root of a cloud, or one that the caller gives.

use std::fmt;

use super::cloud::Cloud;
use super::host::split_host_port;

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
        let authority = authority.to_ascii_lowercase();
        let (host, _port) = split_host_port(&authority).ok_or(RootError::Authority)?;
        let (host, authority) =
            (host.to_owned(), authority.strip_suffix(":443").unwrap_or(&authority).to_owned());
        Ok(Root { authority, host })
    }

    /// The cloud whose root this is.
    pub(crate) fn cloud(&self) -> Option<Cloud> {
        Cloud::ALL.into_iter().find(|cloud| cloud.host() == self.authority.trim_end_matches('.'))
    }

    /// Where the applications of this cloud get their tokens.
    pub(crate) fn of_login(cloud: Cloud) -> Root {
        Root::of_host(cloud.login_host())
    }

    fn of_host(host: &str) -> Root {
        Root { authority: host.to_owned(), host: host.to_owned() }
    }

    /// The host, and the port if it is not 443.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The host. An IPv6 address has no brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl From<Cloud> for Root {
    fn from(cloud: Cloud) -> Root {
        Root::of_host(cloud.host())
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_a_root() {
        for cloud in Cloud::ALL {
            assert_eq!(Root::from(cloud), Root::new(cloud.root()).unwrap());
            assert_eq!(Root::from(cloud).cloud(), Some(cloud));
        }
        for (url, cloud) in [
            ("https://GRAPH.microsoft.us/", Some(Cloud::UsGovernment)),
            ("https://graph.microsoft.us:443", Some(Cloud::UsGovernment)),
            ("https://graph.microsoft.us.", Some(Cloud::UsGovernment)),
            ("https://graph.microsoft.us:444", None),
            ("https://graph.example", None),
        ] {
            assert_eq!(Root::new(url).unwrap().cloud(), cloud, "{url}");
        }
        assert_eq!(
            Root::new("https://GRAPH.microsoft.us:443").unwrap().to_string(),
            "https://graph.microsoft.us"
        );
        assert_eq!(Root::new("https://[::1]:443").unwrap().to_string(), "https://[::1]");
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
