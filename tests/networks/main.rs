//! Networks as in the field: dead addresses, silent name servers, other people's proxies.
//!
//! Each test runs in network, mount and process namespaces of its own (see [`network`]), so that it owns port 443, the
//! firewall, the routes, `/etc/hosts` and the name server. No packet leaves the machine, and whatever a test starts
//! ends with it. Root can run these tests, and so can any user if the system allows unprivileged user namespaces.
#![cfg(target_os = "linux")]

mod client;
mod credentials;
mod dante;
mod ends;
mod fronts;
mod identity;
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
