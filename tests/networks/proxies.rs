//! A proxy whose own name has many addresses, of which some go nowhere.

use std::net::IpAddr;

use crate::client::{TOKEN, told_in_full};
use crate::network::{IPV6, PROXY, inside, interleaved, listed};
use crate::process;
use crate::service::{HTTP_PROXY, SOCKS_PROXY, Service, TLS_PROXY};
use crate::tap::Tap;

#[test]
fn a_proxy_whose_ipv6_goes_nowhere() {
    inside(|network| {
        let service = Service::start();
        let expected = interleaved(&listed(PROXY));
        let mut complaints = Vec::new();
        for (scheme, port) in
            [("http", HTTP_PROXY), ("https", TLS_PROXY), ("socks5h", SOCKS_PROXY), ("socks5", SOCKS_PROXY)]
        {
            for how in ["drop", "reject with icmpv6 type admin-prohibited"] {
                network.firewall(&[format!("{IPV6} tcp dport {port} {how}")]);
                service.moves_on();
                let proxy = format!("{scheme}://{PROXY}:{port}");
                let client =
                    service.builder().proxy(&proxy).expect("a proxy").build().expect("sound options");
                let tap = Tap::new();
                let said = told_in_full(&client.sync(TOKEN));
                let tried = tap.tried(port);
                process::wait_until("the other attempts are closed", || process::unanswered() == 0);
                let is_in_order = expected.starts_with(&tried) && tried.iter().any(IpAddr::is_ipv4);
                if said != "Accepted Accepted" || !is_in_order {
                    complaints.push(format!("{proxy}, {how}: tried {tried:?}: {said}"));
                }
            }
        }
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    });
}
