//! Makes connections to the service, and keeps them between exchanges.
//!
//! [`dialer`] gives ureq an idle connection from the [`pool`], or lets [`connect`] make a new one: on Windows perhaps a
//! PAC file, then name ([`lookup`]), TCP ([`race`]), proxy, TLS. An [`inquiry`] asks the system. ureq holds a
//! [`connection`] as a [`lease`] during one exchange, with its [`buffers`].

mod buffers;
mod connect;
mod connection;
mod dialer;
mod inquiry;
mod lease;
mod lookup;
#[cfg(windows)]
mod pac;
mod pool;
mod race;

pub(super) use buffers::LONGEST_HEAD;
pub(super) use dialer::Dialer;
