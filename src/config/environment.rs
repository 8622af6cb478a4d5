//! The settings that come from outside the program: environment variables, and the system's proxy. Read once, when a
//! client is made.

use std::ffi::OsString;
use std::path::PathBuf;

use super::no_proxy;
use super::privilege;
use super::proxy::{Proxy, ProxyError};
use super::proxy_rule::ProxyRule;
use super::proxy_source::ProxySource;
use super::system_proxy::SystemProxy;
use super::trust::{CaFiles, Trust};

/// A variable that is set, and the name under which it was found.
struct Variable {
    name: &'static str,
    value: OsString,
}

impl Variable {
    fn text(&self) -> Result<&str, String> {
        self.value.to_str().ok_or_else(|| self.unusable(ProxyError::NotUtf8))
    }

    fn unusable(&self, error: ProxyError) -> String {
        format!("{}: {error}", self.name)
    }
}

/// The part of the environment that this library uses. Like curl, it ignores an empty variable.
#[derive(Default)]
pub(crate) struct Environment {
    proxy: Option<Variable>,
    no_proxy: Option<Variable>,
    cert_file: Option<Variable>,
    cert_dir: Option<Variable>,
    /// Used if no variable sets a proxy.
    system_proxy: Option<SystemProxy>,
}

impl Environment {
    /// The environment of this process. Empty if the process has more rights than the user who started it.
    pub(crate) fn of_process() -> Environment {
        if privilege::is_raised() {
            return Environment::default();
        }
        // Windows' variables have no case: only the usual names are asked for, and told.
        let is_needless = |name: &str| cfg!(windows) && name.starts_with(char::is_lowercase);
        let variables = Environment::read(|name| std::env::var_os(name).filter(|_| !is_needless(name)));
        match variables.proxy {
            Some(_) => variables,
            None => Environment { system_proxy: SystemProxy::of_system(), ..variables },
        }
    }

    /// Finds the variables in the order of curl: lower case first, and the proxy for https before the one for all
    /// schemes.
    pub(crate) fn read(get: impl Fn(&str) -> Option<OsString>) -> Environment {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| {
                get(name).filter(|value| !value.is_empty()).map(|value| Variable { name, value })
            })
        };
        Environment {
            proxy: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            no_proxy: first(&["no_proxy", "NO_PROXY"]),
            cert_file: first(&["SSL_CERT_FILE"]),
            cert_dir: first(&["SSL_CERT_DIR"]),
            system_proxy: None,
        }
    }

    /// The proxy for this host, and who decides that. An error names the variable or the settings.
    pub(crate) fn proxy_for(&self, host: &str) -> Result<(Option<ProxyRule>, ProxySource), String> {
        let Environment { proxy, no_proxy, system_proxy, .. } = self;
        if proxy.is_none() && system_proxy.is_none() {
            return Ok((None, ProxySource::Nobody));
        }
        if let Some(variable) = no_proxy {
            if let Some(entry) = no_proxy::exception(variable.text()?, host) {
                return Ok((None, ProxySource::Exception { list: variable.name, entry: entry.to_owned() }));
            }
        }
        if let Some(variable) = proxy {
            let proxy = Proxy::new(variable.text()?).map_err(|error| variable.unusable(error))?;
            return Ok((Some(ProxyRule::Fixed(proxy)), ProxySource::Variable(variable.name)));
        }
        system_proxy.as_ref().map_or(Ok((None, ProxySource::Nobody)), |system| system.rule_for(host))
    }

    /// The certificate authorities of SSL_CERT_FILE and SSL_CERT_DIR, otherwise the system's.
    pub(crate) fn trust(&self) -> Trust {
        let Environment { cert_file, cert_dir, .. } = self;
        let named_by = match (cert_file, cert_dir) {
            (None, None) => return Trust::System,
            (Some(_), None) => "SSL_CERT_FILE",
            (None, Some(_)) => "SSL_CERT_DIR",
            (Some(_), Some(_)) => "SSL_CERT_FILE and SSL_CERT_DIR",
        };
        let folders = cert_dir.iter().flat_map(|folders| std::env::split_paths(&folders.value));
        Trust::Files(CaFiles {
            file: cert_file.as_ref().map(|file| PathBuf::from(&file.value)),
            folders: folders.filter(|folder| !folder.as_os_str().is_empty()).collect(),
            named_by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::static_proxy::StaticProxy;

    fn read(pairs: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        for (pairs, expected) in [
            (&[][..], None),
            (&[("HTTP_PROXY", "a"), ("http_proxy", "b")], None),
            (&[("HTTPS_PROXY", "a")], Some(("HTTPS_PROXY", "a"))),
            (&[("HTTPS_PROXY", "a"), ("https_proxy", "b")], Some(("https_proxy", "b"))),
            (&[("ALL_PROXY", "a"), ("HTTPS_PROXY", "b")], Some(("HTTPS_PROXY", "b"))),
            (&[("ALL_PROXY", "a"), ("all_proxy", "b")], Some(("all_proxy", "b"))),
            (&[("ALL_PROXY", "a"), ("https_proxy", "")], Some(("ALL_PROXY", "a"))),
            (&[("https_proxy", "")], None),
        ] {
            let proxy = read(pairs).proxy;
            let found = proxy.as_ref().map(|found| (found.name, found.value.to_str().unwrap()));
            assert_eq!(found, expected, "{pairs:?}");
        }
        let both = read(&[("NO_PROXY", "a"), ("no_proxy", "b")]);
        assert_eq!(both.no_proxy.unwrap().value, "b");
    }

    #[test]
    fn an_unusable_variable_is_named() {
        let read_bytes = |pairs: &[(&str, &[u8])]| {
            Environment::read(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| os_string(value))
            })
        };
        let route = |pairs: &[(&str, &[u8])]| {
            read_bytes(pairs)
                .proxy_for("graph.microsoft.com")
                .map(|(proxy, source)| source.words(proxy.as_ref()))
        };
        let words = |words: &str| Ok(words.to_owned());
        let error = |name: &str, error: ProxyError| Err(format!("{name}: {error}"));
        assert_eq!(route(&[]), words("none is set"));
        assert_eq!(route(&[("HTTPS_PROXY", b"p:1")]), words("http://p:1, from HTTPS_PROXY"));
        let excepted = route(&[("HTTPS_PROXY", b"p:1"), ("NO_PROXY", b"x *, com")]);
        assert_eq!(excepted, words("none: the host is an exception, com in NO_PROXY"));
        assert_eq!(route(&[("HTTPS_PROXY", b"p:x")]), error("HTTPS_PROXY", ProxyError::Form));
        assert_eq!(route(&[("all_proxy", b"ftp://p")]), error("all_proxy", ProxyError::Scheme));
        if cfg!(unix) {
            assert_eq!(route(&[("HTTPS_PROXY", b"p\xff")]), error("HTTPS_PROXY", ProxyError::NotUtf8));
            let both: &[(&str, &[u8])] = &[("HTTPS_PROXY", b"p"), ("NO_PROXY", b"\xff")];
            assert_eq!(route(both), error("NO_PROXY", ProxyError::NotUtf8));
        }
    }

    #[test]
    fn without_a_variable_the_systems_proxy_is_used() {
        let route = |pairs: &[(&str, &str)], servers: &str| {
            let proxy = StaticProxy { servers: servers.to_owned(), bypass: "*.de".to_owned() };
            let system = SystemProxy::Static("the machine's WinHTTP settings", proxy);
            let environment = Environment { system_proxy: Some(system), ..read(pairs) };
            let host = if servers == "excepted:1" { "graph.microsoft.de" } else { "graph.microsoft.com" };
            environment.proxy_for(host).map(|(proxy, source)| source.words(proxy.as_ref()))
        };
        let own = Ok("http://own:1, from HTTPS_PROXY".to_owned());
        let machines = Ok("http://machine:1, from the machine's WinHTTP settings".to_owned());
        let none = |why: &str| Ok(format!("none: {why}"));
        let by_variable = "the host is an exception, microsoft.com in NO_PROXY";
        let by_machine = "the host is an exception, *.de in the machine's WinHTTP settings";
        let unusable = Err(format!("the proxy of the machine's WinHTTP settings: {}", ProxyError::Form));
        assert_eq!(route(&[], "machine:1"), machines);
        assert_eq!(route(&[], "http=x:1"), none("the machine's WinHTTP settings have none for HTTPS"));
        assert_eq!(route(&[], "excepted:1"), none(by_machine));
        assert_eq!(route(&[("HTTPS_PROXY", "own:1")], "machine:1"), own);
        assert_eq!(route(&[("HTTPS_PROXY", "own:1")], "machine:x"), own);
        assert_eq!(route(&[("NO_PROXY", "microsoft.com")], "machine:1"), none(by_variable));
        assert_eq!(route(&[("NO_PROXY", "microsoft.us")], "machine:1"), machines);
        assert_eq!(route(&[], "machine:x"), unusable);
    }

    fn os_string(bytes: &[u8]) -> OsString {
        #[cfg(unix)]
        return std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec());
        #[cfg(not(unix))]
        String::from_utf8_lossy(bytes).into_owned().into()
    }

    #[test]
    fn the_environment_replaces_the_systems_trust() {
        let trust = |pairs: &[(&str, &str)]| read(pairs).trust();
        let files = |file: Option<&str>, folders: &[&str], named_by| {
            let folders = folders.iter().map(PathBuf::from).collect();
            Trust::Files(CaFiles { file: file.map(PathBuf::from), folders, named_by })
        };
        assert_eq!(trust(&[]), Trust::System);
        assert_eq!(trust(&[("SSL_CERT_FILE", "")]), Trust::System);
        assert_eq!(trust(&[("SSL_CERT_FILE", "/a")]), files(Some("/a"), &[], "SSL_CERT_FILE"));
        if cfg!(unix) {
            assert_eq!(trust(&[("SSL_CERT_DIR", "/b::/c")]), files(None, &["/b", "/c"], "SSL_CERT_DIR"));
        }
        assert_eq!(
            trust(&[("SSL_CERT_FILE", "/a"), ("SSL_CERT_DIR", "/b")]),
            files(Some("/a"), &["/b"], "SSL_CERT_FILE and SSL_CERT_DIR")
        );
    }
}
