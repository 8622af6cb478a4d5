//! The settings that come from outside the program: environment variables, and the machine's proxy. Read once, when a
//! client is made.

use std::ffi::OsString;
use std::path::PathBuf;

use super::machine_proxy::MachineProxy;
use super::no_proxy::is_excepted;
use super::privilege;
use super::proxy::{Proxy, ProxyError};
use super::trust::{CaFiles, Trust};

/// A variable that is set, and the name under which it was found.
struct Variable {
    name: &'static str,
    value: OsString,
}

/// The part of the environment that this library uses. Like curl, it ignores an empty variable.
#[derive(Default)]
pub(crate) struct Environment {
    proxy: Option<Variable>,
    no_proxy: Option<Variable>,
    cert_file: Option<Variable>,
    cert_dir: Option<Variable>,
    /// Used if no variable sets a proxy.
    machine_proxy: Option<MachineProxy>,
}

impl Environment {
    /// The environment of this process. Empty if the process has more rights than the user who started it.
    pub(crate) fn of_process() -> Environment {
        if privilege::is_raised() {
            return Environment::default();
        }
        let variables = Environment::read(|name| std::env::var_os(name));
        match variables.proxy {
            Some(_) => variables,
            None => Environment { machine_proxy: MachineProxy::of_system(), ..variables },
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
            machine_proxy: None,
        }
    }

    /// The proxy for this host. An error names the variable, or the machine's proxy.
    pub(crate) fn proxy_for(&self, host: &str) -> Result<Option<Proxy>, (&'static str, ProxyError)> {
        let Environment { proxy, no_proxy, machine_proxy, .. } = self;
        if proxy.is_none() && machine_proxy.is_none() {
            return Ok(None);
        }
        if let Some(no_proxy) = no_proxy {
            let list = no_proxy.value.to_str().ok_or((no_proxy.name, ProxyError::NotUtf8))?;
            if is_excepted(list, host) {
                return Ok(None);
            }
        }
        if let Some(variable) = proxy {
            let url = variable.value.to_str().ok_or((variable.name, ProxyError::NotUtf8))?;
            return Proxy::new(url).map(Some).map_err(|error| (variable.name, error));
        }
        let found = machine_proxy.as_ref().map_or(Ok(None), |machine| machine.proxy_for(host));
        found.map_err(|error| ("the machine's WinHTTP proxy", error))
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
        let route = |pairs: &[(&str, &[u8])]| read_bytes(pairs).proxy_for("graph.microsoft.com");
        assert_eq!(route(&[]), Ok(None));
        assert_eq!(route(&[("HTTPS_PROXY", b"p:1")]), Ok(Some(Proxy::new("p:1").unwrap())));
        assert_eq!(route(&[("HTTPS_PROXY", b"p:1"), ("NO_PROXY", b"*")]), Ok(None));
        assert_eq!(route(&[("HTTPS_PROXY", b"p:x")]), Err(("HTTPS_PROXY", ProxyError::Form)));
        assert_eq!(route(&[("all_proxy", b"ftp://p")]), Err(("all_proxy", ProxyError::Scheme)));
        if cfg!(unix) {
            assert_eq!(route(&[("HTTPS_PROXY", b"p\xff")]), Err(("HTTPS_PROXY", ProxyError::NotUtf8)));
            let both: &[(&str, &[u8])] = &[("HTTPS_PROXY", b"p"), ("NO_PROXY", b"\xff")];
            assert_eq!(route(both), Err(("NO_PROXY", ProxyError::NotUtf8)));
        }
    }

    #[test]
    fn without_a_variable_the_machines_proxy_is_used() {
        let route = |pairs: &[(&str, &str)], servers: &str| {
            let machine_proxy = MachineProxy { servers: servers.to_owned(), bypass: String::new() };
            let environment = Environment { machine_proxy: Some(machine_proxy), ..read(pairs) };
            environment.proxy_for("graph.microsoft.com")
        };
        let proxy = |url: &str| Ok(Some(Proxy::new(url).unwrap()));
        assert_eq!(route(&[], "machine:1"), proxy("machine:1"));
        assert_eq!(route(&[], "http=machine:1"), Ok(None));
        assert_eq!(route(&[("HTTPS_PROXY", "own:1")], "machine:1"), proxy("own:1"));
        assert_eq!(route(&[("HTTPS_PROXY", "own:1")], "machine:x"), proxy("own:1"));
        assert_eq!(route(&[("NO_PROXY", "microsoft.com")], "machine:1"), Ok(None));
        assert_eq!(route(&[("NO_PROXY", "microsoft.us")], "machine:1"), proxy("machine:1"));
        assert_eq!(route(&[], "machine:x"), Err(("the machine's WinHTTP proxy", ProxyError::Form)));
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
