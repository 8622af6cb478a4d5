//! Trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
//!
//! One request to Microsoft Graph makes Intune synchronise its Windows Autopilot devices. This crate sends it, explains
//! the answer and, if you like, waits until the sync completes. Calls block, and need no async runtime.
//!
//! ```no_run
//! # fn main() -> Result<(), autopilot_sync::Error> {
//! use autopilot_sync::Answer;
//!
//! let token = std::env::var("AUTOPILOT_TOKEN").expect("a bearer token in AUTOPILOT_TOKEN");
//! match autopilot_sync::sync(&token)?.answer() {
//!     Answer::Accepted => println!("the sync starts"),
//!     Answer::AlreadyRunning => println!("a sync is already running"),
//!     _ => println!("a sync ran less than ten minutes ago"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Call it from one service, or one administrator's machine, per tenant. The token carries the tenant-wide permission
//! `DeviceManagementServiceConfig.ReadWrite.All`, so it does not belong on endpoints.
//!
//! # Where to go from here
//!
//! | to | use |
//! | --- | --- |
//! | trigger a sync with the default options | [`sync()`] |
//! | choose cloud, proxy, certificates, timeouts | [`Client::builder`] |
//! | wait until the sync completes | [`Client::sync_and_wait`], with [`Progress`] |
//! | make sure that a sync has completed since a change | [`Client::sync_since`] |
//! | read how the last sync went, and when the next is possible | [`Client::settings`] |
//! | do any of these for thousands of tenants on a few threads | [`Fleet`] |
//! | drive a call step by step, from an event loop | [`Client::wait`] |
//! | run unattended, without a token from elsewhere | [`Credential`] |
//! | end a call from another thread | [`Canceller`] |
//! | understand the outcome of a call | [`Answer`] and [`ErrorKind`], and the [`Detail`] of both |
//! | see what happened in a call, and when | [`Detail::trace`] |
//!
//! The [documentation's site][site] has the subjects: tokens, networks, many tenants, troubleshooting.
//!
//! [site]: https://autopilot-sync.github.io/autopilot-sync/
//!
//! Microsoft [documents the action][action] as part of Graph's beta. The service accepts it with 204. It refuses it
//! with 409 while a sync runs, and with 429 less than ten minutes after a sync. That sync may be another caller's.
//!
//! [action]: https://learn.microsoft.com/graph/api/intune-enrollment-windowsautopilotsettings-sync?view=graph-rest-beta
//!
//! # What it does not do
//!
//! It calls no other part of Microsoft Graph, follows no redirect, and does nothing between calls. It keeps no token that
//! a call is given; a [`Credential`] gets its own. It never repeats a trigger that may have run, except in a wait that has
//! looked for the sync and found no sign of it. Its cryptography, from ring, is not FIPS-validated.
//!
//! # Environment
//!
//! A new client reads these variables as curl does, in upper or lower case: `HTTPS_PROXY`, otherwise `ALL_PROXY`, and
//! `NO_PROXY` for exceptions. It also reads `SSL_CERT_FILE` and `SSL_CERT_DIR`, and then trusts those certificates and
//! no others. If neither is set, it trusts the system's certificates, or Mozilla's if the system has none. On Windows,
//! if no variable sets a proxy, it uses the machine's static proxy (`netsh winhttp show proxy`), else the user's PAC
//! file, else the user's static proxy. If a value cannot be used, the error names its variable.
//!
//! Whoever controls these variables decides who sees the token. See [`ClientBuilder::ignore_environment`]. A process
//! with more rights than the user who started it always ignores them.
//!
//! # Threads, fork and time
//!
//! Every call blocks its thread. By default it takes at most 30 seconds, including name look-up and retries. A wait has
//! a deadline of its own. Any number of threads may use one client at once.
//!
//! A helper thread makes each new connection, and another one looks up each name for all calls that need it. Nothing
//! can interrupt the system's look-up, so that thread may outlive a call that ends first. Helper threads hold no token.
//!
//! A child made by `fork` may use its parent's clients, whatever other threads were doing. It makes connections of its
//! own.
//!
//! # Async programs
//!
//! An async program makes a call on a thread that may block. If its future is dropped, the call runs on until its
//! deadline; a [`Canceller`] ends it at once.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let token = "a-token".to_owned();
//! let client = autopilot_sync::Client::new()?;
//! let outcome = tokio::task::spawn_blocking(move || client.sync(&token)).await??;
//! println!("{outcome}");
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! # Networks
//!
//! The client tries the addresses of a host as RFC 8305 says. IPv6 and IPv4 take turns. The next address starts after
//! 250 milliseconds, or as soon as one fails, and the client uses the first that answers. So if a network's IPv6 leads
//! nowhere, it costs a quarter of a second.
//!
//! Connecting may take as long as the call, unless you set [`ClientBuilder::connect_timeout`]. So a proxy that needs 12
//! seconds for its tunnel gets them. If a name is unknown or a proxy refuses, the call fails at once.
//!
//! # Logging
//!
//! The crate itself logs nothing. Its HTTP library, ureq, writes to the `log` facade. At TRACE level it logs the bytes
//! on the wire, **including the token**. If your program installs a logger, keep the targets `ureq` and `ureq_proto` at
//! DEBUG or above.
//!
//! # Features
//!
//! None is on by default, and a Rust program needs none.
//!
//! - `capi` is for the C libraries. It adds the functions of `include/autopilot_sync.h`, with C linkage, and makes that
//!   header with cbindgen. It also turns the `log` facade off in release builds, because a C program has no logger, and
//!   must never print a token by accident. Cargo unifies features, so this holds for the whole program: leave `capi`
//!   off if you want log lines.
//!
//! # Rust version
//!
//! Rust 1.85 or later.

#![deny(unsafe_code)] // except in `ffi`, and for a few system calls in `config` and `transport`

mod builder;
mod client;
mod config;
mod credential;
mod fleet;
mod outcome;
mod service;
mod shared;
mod text;
mod transport;
mod wait;

#[cfg(feature = "capi")]
#[allow(unsafe_code)] // a C ABI consists of it
pub mod ffi;

pub use builder::ClientBuilder;
pub use client::Client;
pub use config::Cloud;
pub use credential::{Access, Credential, Secret};
pub use fleet::{Fleet, FleetEvent};
pub use outcome::{
    Answer, Attempt, Detail, Error, ErrorKind, Settings, SyncOutcome, SyncStatus, Topic, Trace, TraceEvent,
    Trigger,
};
pub use transport::Canceller;
pub use wait::{Goal, Phase, Progress, Step, Wait};

/// The README's Rust, compiled by the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Triggers a sync with the default options, on a client that the whole process shares. See [`Client::sync`].
///
/// The first call that can use the environment reads it.
///
/// ```no_run
/// # let token = "a-token";
/// let outcome = autopilot_sync::sync(token)?;
/// println!("{outcome}"); // the service accepted the trigger
/// # assert_eq!(outcome.to_string(), "the service accepted the trigger");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
///
/// It refuses a text that cannot be a token before it opens a connection:
///
/// ```
/// use autopilot_sync::ErrorKind;
///
/// assert_eq!(autopilot_sync::sync("").unwrap_err().kind(), ErrorKind::InvalidArgument);
/// ```
pub fn sync(token: &str) -> Result<SyncOutcome, Error> {
    text::Token::new(token)?; // before the environment is read, as for every argument
    shared::client()?.sync(token)
}
