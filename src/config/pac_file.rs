//! A PAC file: a script that chooses a proxy for each host. Windows runs it; this reads its answer.

use std::fmt;

use super::proxy::{Proxy, ProxyError};
use super::static_proxy::StaticProxy;

/// The address of a PAC file. Its output shows no user name, password or query.
#[derive(Clone)]
pub(crate) struct PacFile {
    pub(crate) url: String,
}

/// Why a PAC file chooses nothing that can be used. The numbers are WinHTTP's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PacError {
    #[error("cannot be fetched (WinHTTP error {0})")]
    NotFetched(i32),
    #[error("has an error in its script (WinHTTP error {0})")]
    Script(i32),
    #[error("chooses a proxy that cannot be used: {0}")]
    Proxy(ProxyError),
    #[error("chooses no proxy for HTTPS")]
    NoProxy,
}

/// Reads WinHTTP's answer: a list of proxies, of which the first is used, or none for a direct connection, or the
/// number of an error.
pub(crate) fn chosen(answer: Result<Option<String>, i32>) -> Result<Option<Proxy>, PacError> {
    match answer {
        Ok(None) => Ok(None),
        Ok(Some(servers)) => {
            let list = StaticProxy { servers, bypass: String::new() };
            list.proxy_for("").map_err(PacError::Proxy)?.ok_or(PacError::NoProxy).map(Some)
        }
        // Wine has 14007 for all errors in a script.
        Err(number @ (12166 | 12176 | 12177 | 14007)) => Err(PacError::Script(number)),
        Err(number) => Err(PacError::NotFetched(number)),
    }
}

impl fmt::Display for PacFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("http", &self.url));
        // A password may have any characters in it, so what comes before the last @ is not shown.
        let rest = rest.rsplit('@').next().unwrap_or_default();
        write!(f, "{scheme}://{}", rest.split(['?', '#']).next().unwrap_or_default())
    }
}

impl fmt::Debug for PacFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_proxy_of_an_answer_is_used() {
        for (servers, proxy) in [
            ("proxy:8080", "http://proxy:8080"),
            ("proxy", "http://proxy:80"),
            ("first:1;second:2", "http://first:1"),
            ("first:1 second:2", "http://first:1"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("https=other:2;http=one:1", "http://other:2"),
        ] {
            let found = chosen(Ok(Some(servers.to_owned()))).unwrap().unwrap();
            assert_eq!(found.to_string(), proxy, "{servers}");
        }
        assert_eq!(chosen(Ok(None)), Ok(None), "a direct connection");
    }

    #[test]
    fn what_cannot_be_used_is_an_error_and_never_a_direct_connection() {
        let some = |servers: &str| Ok(Some(servers.to_owned()));
        for (answer, error) in [
            (some(""), PacError::NoProxy),
            (some(" ; "), PacError::NoProxy),
            (some("socks=proxy:1080"), PacError::NoProxy),
            (some("http=proxy:1"), PacError::NoProxy),
            (some("proxy:port"), PacError::Proxy(ProxyError::Form)),
            (some("socks4://proxy"), PacError::Proxy(ProxyError::Scheme)),
            (Err(12166), PacError::Script(12166)),
            (Err(14007), PacError::Script(14007)),
            (Err(12167), PacError::NotFetched(12167)),
            (Err(12178), PacError::NotFetched(12178)),
            (Err(0), PacError::NotFetched(0)),
        ] {
            assert_eq!(chosen(answer.clone()), Err(error), "{answer:?}");
        }
    }

    #[test]
    fn an_address_shows_no_secret() {
        for (url, shown) in [
            ("http://wpad/proxy.pac", "http://wpad/proxy.pac"),
            ("http://wpad:8080/", "http://wpad:8080/"),
            ("wpad/proxy.pac", "http://wpad/proxy.pac"),
            ("https://user:secret@wpad/x.pac", "https://wpad/x.pac"),
            ("http://user:se/c?r#e@t@wpad/x.pac", "http://wpad/x.pac"),
            ("http://wpad/x.pac?key=secret#x", "http://wpad/x.pac"),
            ("", "http://"),
        ] {
            let file = PacFile { url: url.to_owned() };
            assert_eq!(format!("{file} {file:?}"), format!("{shown} {shown}"), "{url}");
        }
    }
}
