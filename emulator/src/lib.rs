//! An HTTPS server on loopback that behaves like Microsoft Graph's `windowsAutopilotSettings`.
//!
//! It is behind its own CONNECT proxy, and has a certificate for `graph.microsoft.com` from a temporary CA. So two
//! standard variables, `HTTPS_PROXY` and `SSL_CERT_FILE`, lead any program to it; the program needs no test switch.
//!
//! ```
//! use std::time::Duration;
//! use autopilot_emulator::{Behaviour, Clock, Config, Emulator, Fault, Step};
//!
//! let emulator = Emulator::start(Config {
//!     clock: Clock::manual(),
//!     behaviour: Behaviour { window: Duration::from_secs(600), ..Behaviour::default() },
//!     ..Config::default()
//! });
//! emulator.script([Step::error(503), Step::fault(Fault::LoseReply).on("POST")]);
//! let agent = emulator.command("./any-agent"); // has HTTPS_PROXY and SSL_CERT_FILE
//! # drop(agent);
//! emulator.advance(Duration::from_secs(610));
//! assert!(emulator.requests().is_empty());
//! ```
//!
//! It does what the service's documentation says. [`Behaviour`] has a field for each question that the documentation
//! leaves open, [`Network`] has one for each obstacle between a client and the service, and a [`Step`] of a script
//! changes what happens to single requests. It also issues tokens, as Entra and a machine's managed identity do:
//! [`Registration`] and [`Identities`] say to whom.

mod arc_keys;
mod assertion;
mod behaviour;
mod carrier;
mod certificate;
mod claims;
pub mod cli;
mod clock;
mod cloud;
mod control;
mod delivery;
mod emulator;
mod entra;
mod envelope;
mod exchange;
mod fault;
mod form;
mod graph_reply;
mod identity;
mod machine;
mod network;
mod own_page;
mod parties;
mod party;
mod proxy;
mod record;
mod refusal;
mod registration;
mod reply;
mod route;
mod script;
mod server;
mod service;
mod shared;
mod socks;
mod span;
mod tenant;
mod tenant_request;
mod time;
mod token;
mod wire;

pub use assertion::ClientCertificate;
pub use behaviour::{
    Behaviour, ConflictFrom, Marks, Order, Past, ReplicaReads, RetryAfter, SyncStatus, WindowFrom,
};
pub use clock::Clock;
pub use cloud::{CLOUD_HOSTS, LOGIN_HOSTS};
pub use emulator::{Config, Emulator};
pub use envelope::ErrorForm;
pub use fault::Fault;
pub use form::Form;
pub use identity::{ExpiryForm, Identities};
pub use machine::Machine;
pub use network::{Certificate, Network, ProxyFault, TlsFault, TlsVersions};
pub use party::{Party, Via};
pub use record::{Connect, Counts, Recorded, Sink};
pub use registration::Registration;
pub use reply::Reply;
pub use route::{SETTINGS_PATH, SYNC_PATH};
pub use script::{Answer, Step};
pub use service::Service;
pub use span::{Outage, Span};
pub use tenant::{Answer as TriggerAnswer, Run, Settings, Tenant};
pub use token::{Access, DEFAULT_TENANT, Token};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
