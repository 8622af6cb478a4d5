//! What leads a connection from outside, variables and the machine's proxy: read once, when a client is made.

use std::ffi::OsString;

use crate::machine_proxy::MachineProxy;
use crate::privilege;

/// A variable that is set, under the name that it was found by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) value: OsString,
}

/// What of the environment this library knows. An empty variable counts as none, as curl has it.
#[derive(Default)]
pub(crate) struct Environment {
    pub(crate) proxy: Option<Variable>,
    pub(crate) no_proxy: Option<Variable>,
    pub(crate) cert_file: Option<Variable>,
    pub(crate) cert_dir: Option<Variable>,
    /// Used where no variable names one.
    pub(crate) machine_proxy: Option<MachineProxy>,
}

impl Environment {
    /// This process's environment; an empty one where the process has rights that its environment must not steer.
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

    /// Names in curl's order: lower case first, the scheme's own proxy before the general one.
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
}
