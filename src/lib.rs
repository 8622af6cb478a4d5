//! Trigger Microsoft Intune's Windows Autopilot sync, and know what came of it.
//!
//! One request of Microsoft Graph makes Intune synchronise its Windows Autopilot devices. This crate sends it, says
//! what the answer means, and waits, if asked, until the sync is really done: a blocking call, without a runtime.
//!
//! ```no_run
//! # fn main() -> Result<(), autopilot_sync::Error> {
//! use autopilot_sync::Answer;
//!
//! let token = std::env::var("AUTOPILOT_TOKEN").expect("a bearer token in AUTOPILOT_TOKEN");
//! match autopilot_sync::sync(&token)?.answer() {
//!     Answer::Accepted => println!("the sync starts"),
//!     Answer::AlreadyRunning => println!("a sync is running already"),
//!     _ => println!("a sync ran less than ten minutes ago"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It should be called by one service, or one administrator's machine, per tenant. The token carries the permission
//! `DeviceManagementServiceConfig.ReadWrite.All`, which is tenant-wide: it does not belong on endpoints.
//!
//! # Where to go from here
//!
//! | to | use |
//! | --- | --- |
//! | trigger a sync with the default options | [`sync()`] |
//! | choose cloud, proxy, certificates, time-outs | [`Client::builder`] |
//! | wait until the sync is done | [`Client::sync_and_wait`], told by [`Progress`] |
//! | read how the last sync went, and when the next is possible | [`Client::settings`] |
//! | end a call from another thread | [`Canceller`] |
//! | know what came of a call | [`Answer`], [`ErrorKind`], and the [`Detail`] of both |
//!
//! The service's own words are Microsoft's [documentation of the action][action]: it is part of Graph's beta, accepted
//! with 204, refused with 409 while a sync runs and with 429 less than ten minutes after one. That one need not be the
//! caller's own.
//!
//! [action]: https://learn.microsoft.com/graph/api/intune-enrollment-windowsautopilotsettings-sync?view=graph-rest-beta
//!
//! # What it does not do
//!
//! It acquires no tokens and keeps none, calls no other part of Microsoft Graph, follows no redirect, and does nothing
//! between calls. A trigger that may have run is not sent again, except by a wait that has looked for it and found no
//! sign. The cryptography, ring's, is not FIPS-validated.
//!
//! # Environment
//!
//! Read when a client is made, as curl reads it: `HTTPS_PROXY`, else `ALL_PROXY`, with `NO_PROXY` for exceptions, in
//! either case; `SSL_CERT_FILE` and `SSL_CERT_DIR`, then those certificates and no others. Without the last two the
//! system's certificates are trusted, and Mozilla's where it has none. On Windows, where no variable names a proxy, the
//! static one that an administrator gave the machine is used (`netsh winhttp show proxy`), with its exceptions;
//! automatic configuration is not. What cannot be used is an error that names the variable. Whoever controls these
//! variables decides whom the token is shown to: see [`ClientBuilder::ignore_environment`], which a process that runs
//! with more rights than who started it implies.
//!
//! # Threads, fork and time
//!
//! Every call blocks its thread: for 30 seconds at most unless told otherwise, name look-up and retries included, and a
//! wait until its own deadline. Any number of threads may use one client at once. A helper thread makes each new
//! connection, and another looks each name up, for all calls that want it. Nothing can interrupt the system's look-up,
//! so that thread may outlive a call that ends first. Helper threads hold no token. A child made by `fork` may go on
//! using its parent's clients, on connections of its own, whatever other threads were doing.
//!
//! # Networks
//!
//! The client tries the addresses of a host as RFC 8305 says: IPv6 and IPv4 take turns, and the next one starts after
//! 250 milliseconds, or as soon as one fails. The first that answers is used. So a network whose IPv6 leads nowhere
//! costs a quarter of a second. Connecting may take as long as the call, unless [`ClientBuilder::connect_timeout`] says
//! less: a proxy that needs 12 seconds for its tunnel gets them. An unknown name or a proxy's refusal is an error at
//! once.
//!
//! # Logging
//!
//! The crate itself logs nothing. Its HTTP library, ureq, writes to the `log` facade: at TRACE level the bytes on the
//! wire, **the token included**. A program that installs a logger should keep the targets `ureq` and `ureq_proto` at
//! DEBUG or above.
//!
//! # Features
//!
//! None is on by default, and a Rust program needs none.
//!
//! - `capi` is for the C libraries: it adds the functions of `include/autopilot_sync.h`, with C linkage, and makes that
//!   header with cbindgen. It also turns the `log` facade off in release builds: a C program has no logger, and must
//!   never print a token by accident. Cargo unifies features, so this holds for the whole program. A Rust program that
//!   wants its log lines leaves `capi` off.
//!
//! # Rust version
//!
//! Rust 1.85 or later.

#![deny(unsafe_code)] // except in `ffi`, and for a few system calls in `privilege`, `windows` and `transport`

mod builder;
mod client;
mod config;
mod outcome;
mod service;
mod shared;
mod text;
mod transport;
mod wait;

#[cfg(feature = "capi")]
#[allow(unsafe_code)] // the only place: it is what a C ABI is made of
pub mod ffi;

pub use builder::ClientBuilder;
pub use client::Client;
pub use config::Cloud;
pub use outcome::{Answer, Attempt, Detail, Error, ErrorKind, Settings, SyncOutcome, SyncStatus, Trigger};
pub use transport::Canceller;
pub use wait::{Phase, Progress};

/// The README's Rust, compiled by the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Triggers a sync with the default options, on a client that the whole process shares: [`Client::sync`] says more.
///
/// The environment is read by the first call that finds it usable.
///
/// ```no_run
/// # let token = "a-token";
/// let outcome = autopilot_sync::sync(token)?;
/// println!("{outcome}"); // the sync was accepted
/// # assert_eq!(outcome.to_string(), "the sync was accepted");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
///
/// What cannot be a token is refused before anything is opened:
///
/// ```
/// use autopilot_sync::ErrorKind;
///
/// assert_eq!(autopilot_sync::sync("").unwrap_err().kind(), ErrorKind::InvalidArgument);
/// ```
pub fn sync(token: &str) -> Result<SyncOutcome, Error> {
    // A wrong token is refused before a wrong environment: which it is cannot depend on who called first.
    text::Token::new(token)?;
    shared::client()?.sync(token)
}
