//! Networks as they are found in the field: addresses that go nowhere, name servers that stay silent, proxies of others.
//!
//! Each test runs in network, mount and process namespaces of its own (see [`network`]), so that it owns port 443, the
//! firewall, the routes, `/etc/hosts` and the name server. No packet leaves the machine, and all that was started ends
//! with the test. Root can do that, and so can any user where unprivileged user namespaces are allowed.
#![cfg(target_os = "linux")]

mod client;
mod credentials;
mod dante;
mod ends;
mod fronts;
mod look_ups;
mod name_server;
mod network;
mod process;
mod program;
mod proxies;
mod race;
mod relay;
mod service;
mod squid;
mod tap;
