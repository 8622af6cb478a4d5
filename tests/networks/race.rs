//! A name with many addresses, some of them dead: the call connects, and tries the families in turns.

use std::net::IpAddr;

use crate::client::{TOKEN, told_in_full};
use crate::network::{IPV4, IPV6, Network, SERVICE, inside, interleaved, listed};
use crate::process;
use crate::service::{HTTPS, Service};
use crate::tap::Tap;

const REJECTIONS_OF_IPV6: [&str; 8] = [
    "drop",
    "reject with icmpv6 type admin-prohibited",
    "reject with icmpv6 type no-route",
    "reject with icmpv6 type addr-unreachable",
    "reject with icmpv6 type port-unreachable",
    "reject with icmpv6 type policy-fail",
    "reject with icmpv6 type reject-route",
    "reject with tcp reset",
];

const REJECTIONS_OF_IPV4: [&str; 9] = [
    "drop",
    "reject with icmp type admin-prohibited",
    "reject with icmp type host-prohibited",
    "reject with icmp type net-prohibited",
    "reject with icmp type net-unreachable",
    "reject with icmp type host-unreachable",
    "reject with icmp type prot-unreachable",
    "reject with icmp type port-unreachable",
    "reject with tcp reset",
];

/// What was wrong with a call that can connect to the addresses for which `is_open` holds.
fn complaints(service: &Service, situation: &str, is_open: impl Fn(&IpAddr) -> bool) -> Vec<String> {
    let expected = interleaved(&listed(SERVICE));
    let client = service.builder().build().expect("sound options");
    service.moves_on();
    let (tap, before) = (Tap::new(), service.emulator.requests().len());
    let end = client.sync(TOKEN);
    let tried = tap.tried(HTTPS);
    process::wait_until("the other attempts are closed", || process::unanswered() == 0);
    let requests = service.emulator.requests().len() - before;
    let has_tried_an_open_one = tried.iter().any(is_open);
    let said = told_in_full(&end);
    let complaints = [
        (said != "Accepted Accepted").then(|| "it does not get through".to_owned()),
        (requests != 1).then(|| format!("{requests} requests")),
        // A slow machine may try more before it notices that one is connected.
        (!expected.starts_with(&tried)).then(|| format!("tried {tried:?}, not in the order {expected:?}")),
        (!has_tried_an_open_one).then(|| format!("tried only {tried:?}")),
    ];
    complaints.into_iter().flatten().map(|complaint| format!("{situation}: {complaint}: {said}")).collect()
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// What a firewall does to new connections.
fn refused(which: &str, how: &str) -> String {
    format!("{which} tcp dport {HTTPS} {how}")
}

/// Makes the system list IPv4 first, as RFC 6724 lets an administrator do.
fn prefer_ipv4(network: &Network) {
    network.system_file("gai.conf", "precedence ::ffff:0:0/96 100\n");
    assert!(listed(SERVICE)[0].is_ipv4(), "the system's own order is: {:?}", listed(SERVICE));
}

#[test]
fn ipv6_comes_first_where_all_is_well() {
    inside(|_| {
        let service = Service::start();
        assert!(listed(SERVICE)[0].is_ipv6());
        none(&complaints(&service, "all is well", |_| true));
    });
}

#[test]
fn ipv6_that_a_firewall_drops_or_rejects() {
    inside(|network| {
        let service = Service::start();
        let complaints = REJECTIONS_OF_IPV6.iter().flat_map(|how| {
            network.firewall(&[refused(IPV6, how)]);
            complaints(&service, &format!("IPv6, {how}"), IpAddr::is_ipv4)
        });
        none(&complaints.collect::<Vec<_>>());
    });
}

#[test]
fn ipv4_that_a_firewall_drops_or_rejects() {
    inside(|network| {
        let service = Service::start();
        prefer_ipv4(network);
        let complaints = REJECTIONS_OF_IPV4.iter().flat_map(|how| {
            network.firewall(&[refused(IPV4, how)]);
            complaints(&service, &format!("IPv4, {how}"), IpAddr::is_ipv6)
        });
        none(&complaints.collect::<Vec<_>>());
    });
}

#[test]
fn ipv6_and_some_of_ipv4_go_nowhere() {
    inside(|network| {
        let service = Service::start();
        let ipv4: Vec<IpAddr> = listed(SERVICE).into_iter().filter(IpAddr::is_ipv4).collect();
        let complaints = [1, 3, 7].iter().flat_map(|&count| {
            let closed = &ipv4[..count];
            let one_by_one = closed.iter().map(|address| refused(&format!("ip daddr {address}"), "drop"));
            let rules: Vec<String> = one_by_one.chain([refused(IPV6, "drop")]).collect();
            network.firewall(&rules);
            let is_open = |address: &IpAddr| address.is_ipv4() && !closed.contains(address);
            complaints(&service, &format!("IPv6 and {count} of IPv4, drop"), is_open)
        });
        none(&complaints.collect::<Vec<_>>());
    });
}

/// EACCES, ENETUNREACH, EINVAL and EHOSTUNREACH, without a packet.
#[test]
fn ipv6_that_the_system_itself_refuses() {
    inside(|network| {
        let service = Service::start();
        network.ip("-6 route add unreachable 2001:db8::/32 table 100");
        let expected = interleaved(&listed(SERVICE));
        let first_open = *expected.iter().find(|address| address.is_ipv4()).expect("there are both");
        for rule in ["prohibit", "unreachable", "blackhole", "lookup 100"] {
            network.refuse_ipv6(rule);
            assert_eq!(listed(SERVICE)[0], expected[0], "IPv6 is still listed first");
            let client = service.builder().build().expect("sound options");
            service.moves_on();
            let tap = Tap::new();
            let end = client.sync(TOKEN);
            assert_eq!(told_in_full(&end), "Accepted Accepted", "{rule}");
            // No packet goes to an address that the system refuses.
            assert_eq!(tap.tried(HTTPS).first(), Some(&first_open), "{rule}");
            network.allow_ipv6();
        }
    });
}

/// The system lists IPv4 first then.
#[test]
fn no_ipv6_at_all() {
    inside(|network| {
        let service = Service::start();
        for number in 1..=8 {
            network.ip(&format!("-6 addr del 2001:db8::{number}/128 dev lo"));
        }
        none(&complaints(&service, "no IPv6", IpAddr::is_ipv4));
    });
}
