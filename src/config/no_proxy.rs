//! Hosts that need no proxy: NO_PROXY.

use std::net::IpAddr;

use super::host::without_brackets;

/// The entry of a NO_PROXY list that covers this host. Reads the list as curl does: a lone `*` means all hosts, commas or blanks
/// separate the entries, a name covers its subdomains too, a leading dot is ignored, and an address may be a CIDR
/// block.
pub(crate) fn exception<'a>(list: &'a str, host: &str) -> Option<&'a str> {
    if list.trim() == "*" {
        return Some("*");
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut entries = list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.find(|entry| covers_address(entry, address)),
        Err(_) => entries.find(|entry| covers_name(entry, host)),
    }
}

fn covers_name(entry: &str, host: &str) -> bool {
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let Some(start) = host.len().checked_sub(entry.len()).filter(|_| !entry.is_empty()) else {
        return false;
    };
    host.is_char_boundary(start)
        && host[start..].eq_ignore_ascii_case(entry)
        && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

fn covers_address(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, Some(bits)),
        None => (entry, None),
    };
    let Ok(network) = without_brackets(network).parse::<IpAddr>() else {
        return false;
    };
    let width = if network.is_ipv4() { 32_u32 } else { 128 };
    let Some(bits) = bits.map_or(Some(width), |bits| bits.parse().ok()).filter(|bits| *bits <= width) else {
        return false;
    };
    // For /0 the shift is as wide as the number, which checked_shr refuses.
    let prefix = |address: IpAddr| as_bits(address).checked_shr(width - bits).unwrap_or(0);
    network.is_ipv4() == address.is_ipv4() && prefix(network) == prefix(address)
}

fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_read_as_curl_reads_them() {
        for (list, host, excepted) in [
            ("", "graph.microsoft.com", false),
            ("*", "graph.microsoft.com", true),
            (" * ", "graph.microsoft.com", true),
            ("graph.microsoft.com", "graph.microsoft.com", true),
            ("GRAPH.Microsoft.com", "graph.microsoft.com", true),
            ("microsoft.com", "graph.microsoft.com", true),
            (".microsoft.com", "graph.microsoft.com", true),
            (".microsoft.com", "microsoft.com", true),
            ("microsoft.com.", "graph.microsoft.com", true),
            ("a, b ,microsoft.com", "graph.microsoft.com", true),
            ("a b\tmicrosoft.com", "graph.microsoft.com", true),
            ("soft.com", "graph.microsoft.com", false),
            ("graph.microsoft.com.evil", "graph.microsoft.com", false),
            ("x.graph.microsoft.com", "graph.microsoft.com", false),
            ("*.microsoft.com", "graph.microsoft.com", false),
            (",,.", "graph.microsoft.com", false),
            ("é", "graph.microsoft.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.0/8", "127.1.2.3", true),
            ("127.0.0.0/33", "127.0.0.0", false),
            ("127.0.0.0/4294967295", "127.0.0.0", false),
            ("0.0.0.0/0", "127.1.2.3", true),
            ("10.0.0.0/8", "127.1.2.3", false),
            ("10.0.0.0/x", "10.0.0.0", false),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("fe80::/10", "fe80::1", true),
            ("fe80::/10", "::1", false),
            ("::/0", "127.0.0.1", false),
            ("0.0.1", "127.0.0.1", false),
        ] {
            assert_eq!(exception(list, host).is_some(), excepted, "{list:?} {host}");
        }
    }

    #[test]
    fn the_entry_is_the_first_that_covers_the_host() {
        for (list, entry) in [
            (" * ", "*"),
            ("contoso.com, .microsoft.com com", ".microsoft.com"),
            ("contoso.com\tgraph.microsoft.com.", "graph.microsoft.com."),
        ] {
            assert_eq!(exception(list, "graph.microsoft.com"), Some(entry));
        }
        assert_eq!(exception("10.0.0.0/8 127.0.0.0/8", "127.0.0.1"), Some("127.0.0.0/8"));
    }
}
