//! Addresses. An input has the URL of a proxy or service, a NO_PROXY list, and a host, one on each line.

use std::net::IpAddr;

use ipnet::IpNet;
use ureq::http::Uri;

use super::text_line;
use crate::config::Environment;
use crate::config::Root;
use crate::config::proxy::{Proxy, ProxyError};

pub fn address(mut data: &[u8]) {
    let (url, list, host) = (text_line(&mut data), text_line(&mut data), text_line(&mut data));
    assert_proxy(url);
    assert_root(url);
    assert_exceptions(list, host);
}

/// Another parser finds the same host and port, no output shows the credentials, and they are the same if every byte is
/// escaped.
fn assert_proxy(url: &str) {
    let proxy = match Proxy::new(url) {
        Ok(proxy) => proxy,
        Err(error) => {
            return assert!([ProxyError::Scheme, ProxyError::Form, ProxyError::TooLong].contains(&error));
        }
    };
    let shown = proxy.to_string();
    assert_eq!(format!("{proxy:?}"), shown);
    assert!(!shown.contains('@'), "{shown}");
    let (scheme, address) = shown.split_once("://").expect("a scheme");
    let other = ureq::Proxy::new(&shown).unwrap_or_else(|error| panic!("{shown:?}: {error}"));
    assert_eq!(format!("{}:{}", other.host(), other.port()), address);
    let escaped = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let written = match &proxy.credentials {
        Some(found) => format!("{scheme}://{}:{}@{address}", escaped(&found.user), escaped(&found.password)),
        None => shown,
    };
    assert_eq!(Proxy::new(&written), Ok(proxy), "{url:?}");
}

/// A request goes to exactly the given host and port, over https.
fn assert_root(url: &str) {
    let Ok(root) = Root::new(url) else { return };
    assert_eq!(Root::new(&root.to_string()).as_ref(), Ok(&root));
    let uri: Uri = format!("{root}/beta").parse().unwrap_or_else(|error| panic!("{root}: {error}"));
    assert_eq!((uri.scheme_str(), uri.path(), uri.query()), (Some("https"), "/beta", None));
    let host = uri.host().expect("a host").trim_start_matches('[').trim_end_matches(']');
    assert_eq!(host, root.host());
    let authority = root.to_string()["https://".len()..].to_owned();
    assert_eq!(uri.authority().map(|authority| authority.as_str()), Some(authority.as_str()));
    let port = authority.strip_prefix(uri.host().expect("a host")).and_then(|rest| rest.strip_prefix(':'));
    assert_eq!(uri.port_u16(), port.map(|port| port.parse().expect("a port")));
}

/// Another parser reads the list in the same way.
fn assert_exceptions(list: &str, host: &str) {
    let environment = Environment::read(|name| match name {
        "https_proxy" => Some("proxy:1".into()),
        "no_proxy" => Some(list.into()),
        _ => None,
    });
    let (proxy, _) = environment.proxy_for(host).expect("both can be read");
    assert_eq!(proxy.is_none(), list.trim() == "*" || names(list, host), "{list:?} {host:?}");
}

fn names(list: &str, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut entries = list.split([',', ' ', '\t']);
    match host.parse::<IpAddr>() {
        Ok(address) => entries.any(|entry| network(entry).is_some_and(|network| network.contains(&address))),
        Err(_) => entries.any(|entry| {
            let entry = entry.strip_prefix('.').unwrap_or(entry);
            let entry = entry.strip_suffix('.').unwrap_or(entry).to_ascii_lowercase();
            !entry.is_empty() && format!(".{}", host.to_ascii_lowercase()).ends_with(&format!(".{entry}"))
        }),
    }
}

fn network(entry: &str) -> Option<IpNet> {
    let (address, bits) =
        entry.split_once('/').map_or((entry, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    match bits {
        Some(bits) => IpNet::new(address, bits.parse().ok()?).ok(),
        None => Some(address.into()),
    }
}
