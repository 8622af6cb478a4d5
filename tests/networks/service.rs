//! The service and its proxies, at all addresses of the network.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Clock, Config, Emulator};
use autopilot_sync::ClientBuilder;

use crate::client;
use crate::network::PROXY;
use crate::relay::Relay;

pub(crate) const HTTPS: u16 = 443;
pub(crate) const HTTP_PROXY: u16 = 3128;
pub(crate) const TLS_PROXY: u16 = 3129;
pub(crate) const SOCKS_PROXY: u16 = 1080;

/// How long the service takes to answer. Microsoft Graph is often that far away.
const THINKS: Duration = Duration::from_millis(60);

pub(crate) struct Service {
    pub(crate) emulator: Emulator,
}

impl Service {
    pub(crate) fn start() -> Service {
        let service = Service::start_without_proxies();
        let emulator = &service.emulator;
        Relay::start(HTTP_PROXY, emulator.proxy_port(), THINKS);
        Relay::start(TLS_PROXY, port(&emulator.tls_proxy_url()), THINKS);
        Relay::start(SOCKS_PROXY, port(&emulator.socks_url()), THINKS);
        service
    }

    pub(crate) fn start_without_proxies() -> Service {
        let emulator = emulator();
        Relay::start(HTTPS, port(&emulator.direct_url()), THINKS);
        Service { emulator }
    }

    /// Options for a client that trusts the service.
    pub(crate) fn builder(&self) -> ClientBuilder {
        client::builder().ca_file(self.emulator.ca_file()).expect("a path")
    }

    /// Moves the clock on until the service accepts a sync again.
    pub(crate) fn moves_on(&self) {
        self.emulator.advance(Duration::from_secs(3600));
    }
}

/// The service alone, on loopback ports of its choice.
pub(crate) fn emulator() -> Emulator {
    // A SOCKS5 proxy may be asked for an address.
    let addresses = (1..=8).flat_map(|number| [format!("2001:db8::{number}"), format!("192.0.2.{number}")]);
    let hosts = addresses.chain([PROXY.to_owned()]).collect();
    Emulator::start(Config {
        clock: Clock::manual(),
        behaviour: Behaviour::default(),
        hosts,
        ..Config::default()
    })
}

fn port(url: &str) -> u16 {
    let (_, port) = url.rsplit_once(':').expect("a URL with a port");
    port.parse().expect("a port")
}
