//! Trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
//!
//! One request, `POST /beta/deviceManagement/windowsAutopilotSettings/sync` of Microsoft Graph, makes Intune
//! synchronise its Windows Autopilot devices. This crate sends it, without a runtime, and says what the answer means:
//!
//! ```no_run
//! # fn main() -> Result<(), autopilot_sync::Error> {
//! use autopilot_sync::Answer;
//!
//! let token = std::env::var("AUTOPILOT_TOKEN").expect("a bearer token in AUTOPILOT_TOKEN");
//! match autopilot_sync::sync(&token)?.answer() {
//!     Answer::Done => println!("the sync starts"),
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
//! # What it does not do
//!
//! It acquires no tokens, and calls no other part of Microsoft Graph.
//!
//! # Logging
//!
//! The crate itself logs nothing. Its HTTP library, ureq, writes to the `log` facade: at TRACE level the bytes on the
//! wire, **the token included**. A program that installs a logger should keep the targets `ureq` and `ureq_proto` at
//! DEBUG or above.
//!
//! # Features
//!
//! None is on by default. `capi` is for the C libraries: it adds the functions of `include/autopilot_sync.h` and makes
//! that header with cbindgen; a Rust program has no use for it.

#![deny(unsafe_code)] // but in `ffi`, and two questions to the C library in `privilege`

mod builder;
mod call;
mod canceller;
mod client;
mod cloud;
mod detail;
mod drive;
mod environment;
mod error;
mod outcome;
mod privilege;
mod progress;
mod proxy;
mod random;
mod reply;
mod retry;
mod service_error;
mod settings;
mod shared;
mod text;
mod time;
mod token;
mod transport;
mod trust;
mod wait;

#[cfg(feature = "capi")]
#[allow(unsafe_code)] // the only place: it is what a C ABI is made of
pub mod ffi;

pub use builder::ClientBuilder;
pub use canceller::Canceller;
pub use client::Client;
pub use cloud::Cloud;
pub use detail::{Attempt, Detail, Trigger};
pub use error::{Error, ErrorKind};
pub use outcome::{Answer, SyncOutcome};
pub use progress::{Phase, Progress};
pub use settings::{Settings, SyncStatus};

/// The README's Rust, compiled by the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Triggers a sync with the default options, on a client that the whole process shares: [`Client::sync`] says more.
///
/// The environment is read by the first call that finds it usable.
pub fn sync(token: &str) -> Result<SyncOutcome, Error> {
    // A wrong token is refused before a wrong environment: which it is cannot depend on who called first.
    token::Token::new(token)?;
    shared::client()?.sync(token)
}
