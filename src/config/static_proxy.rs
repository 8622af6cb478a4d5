//! A static proxy in the settings of Windows: the machine's, from `netsh winhttp set proxy`, or the user's.

use super::proxy::{Proxy, ProxyError};

/// Semicolons or blanks separate the entries of both lists.
pub(crate) struct StaticProxy {
    /// `proxy:8080`, or one for each scheme: `http=one:8080;https=other:8080`.
    pub(crate) servers: String,
    /// Hosts that need no proxy. `*` stands for any text, and `<local>` for names without a dot.
    pub(crate) bypass: String,
}

impl StaticProxy {
    /// The entry of the exceptions that covers this host.
    pub(crate) fn exception(&self, host: &str) -> Option<&str> {
        entries(&self.bypass).find(|entry| covers(entry, host))
    }

    /// The proxy for https to this host, if there is one. WinHTTP's default port is 80.
    pub(crate) fn proxy_for(&self, host: &str) -> Result<Option<Proxy>, ProxyError> {
        if self.exception(host).is_some() {
            return Ok(None);
        }
        let own = entries(&self.servers).find_map(|entry| strip_prefix(entry, "https="));
        let server = own.or_else(|| entries(&self.servers).find(|entry| !entry.contains('=')));
        server.map(|server| Proxy::with_http_port(server, 80)).transpose()
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([';', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty())
}

fn covers(entry: &str, host: &str) -> bool {
    if entry.eq_ignore_ascii_case("<local>") {
        return !host.contains(['.', ':']);
    }
    let pattern = strip_prefix(entry, "https://").unwrap_or(entry);
    let host = host.strip_suffix('.').unwrap_or(host);
    matches(pattern, host)
}

/// Whether a name matches a pattern, in which `*` stands for any text. Ignores case.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(inner) = name.strip_prefix(start).and_then(|name| name.strip_suffix(end)) else { return false };
    // Taking each part where it first occurs leaves the most text for the parts after it.
    let found = middle.split('*').try_fold(inner, |left, part| left.split_once(part).map(|(_, after)| after));
    found.is_some()
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let found = text.get(..prefix.len())?;
    found.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(servers: &str, bypass: &str, host: &str) -> Result<Option<String>, ProxyError> {
        let proxy = StaticProxy { servers: servers.to_owned(), bypass: bypass.to_owned() };
        proxy.proxy_for(host).map(|proxy| proxy.map(|proxy| proxy.to_string()))
    }

    #[test]
    fn the_server_for_https_comes_before_the_one_for_all_schemes() {
        for (servers, used) in [
            ("proxy:8080", Some("http://proxy:8080")),
            ("proxy", Some("http://proxy:80")),
            ("http://proxy", Some("http://proxy:80")),
            ("https://proxy", Some("https://proxy:443")),
            ("http=one:1;https=other:2", Some("http://other:2")),
            ("HTTPS=other:2", Some("http://other:2")),
            ("https=http://other:2", Some("http://other:2")),
            ("all:1 https=other:2", Some("http://other:2")),
            ("https=first:1;https=second:2", Some("http://first:1")),
            ("all:1;next:2", Some("http://all:1")),
            ("http=one:1\tall:2", Some("http://all:2")),
            ("http=one:1;ftp=two:2", None),
            (" ; ", None),
            ("", None),
            ("[::1]:8080", Some("http://[::1]:8080")),
        ] {
            assert_eq!(route(servers, "", "graph.microsoft.com"), Ok(used.map(str::to_owned)), "{servers:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_an_error() {
        for (servers, error) in [
            ("https=", ProxyError::Form),
            ("proxy:port", ProxyError::Form),
            ("https=socks4://proxy", ProxyError::Scheme),
        ] {
            assert_eq!(route(servers, "", "graph.microsoft.com"), Err(error), "{servers:?}");
        }
        assert_eq!(route("proxy:port", "*", "graph.microsoft.com"), Ok(None), "it is not needed");
    }

    #[test]
    fn exceptions_are_read_as_winhttp_reads_them() {
        for (bypass, host, excepted) in [
            ("", "graph.microsoft.com", false),
            ("*", "graph.microsoft.com", true),
            ("graph.microsoft.com", "graph.microsoft.com", true),
            ("Graph.Microsoft.COM", "graph.microsoft.com", true),
            ("graph.microsoft.com", "graph.microsoft.com.", true),
            ("https://graph.microsoft.com", "graph.microsoft.com", true),
            ("http://graph.microsoft.com", "graph.microsoft.com", false),
            ("microsoft.com", "graph.microsoft.com", false),
            ("*.microsoft.com", "graph.microsoft.com", true),
            ("*.microsoft.com", "microsoft.com", false),
            ("*microsoft.com", "microsoft.com", true),
            ("graph.*", "graph.microsoft.com", true),
            ("g*.m*t.com", "graph.microsoft.com", true),
            ("g*.m*t.com", "graph.microsoft.us", false),
            ("graph.microsoft.com*x", "graph.microsoft.com", false),
            ("graph.*.microsoft.com", "graph.microsoft.com", false),
            ("*graph**microsoft*com*", "graph.microsoft.com", true),
            ("*com*graph*", "graph.microsoft.com", false),
            ("*****************************x", "graph.microsoft.com", false),
            ("<local>", "graph.microsoft.com", false),
            ("<local>", "graph", true),
            ("<LOCAL>", "graph", true),
            ("<local>", "::1", false),
            ("10.*;<local> graph.microsoft.com", "graph.microsoft.com", true),
            ("10.*", "10.1.2.3", true),
            ("é", "graph.microsoft.com", false),
        ] {
            let expected = if excepted { None } else { Some("http://proxy:80".to_owned()) };
            assert_eq!(route("proxy", bypass, host), Ok(expected), "{bypass:?} {host}");
        }
    }
}
