//! Sends requests to Microsoft Graph. Only this room knows ureq, rustls and sockets.
//!
//! [`graph`] sends a request; [`http_client`] makes each exchange with ureq. ureq speaks HTTP, but
//! this room connects: ureq's own timeouts and shutdown miss some steps that block (a name look-up, a proxy that
//! trickles its reply), and its shutdown ends all calls of an agent. A [`call`] has one deadline and one cancellation
//! for all steps.
//!
//! [`connections`] keeps idle connections and makes new ones, through a [`proxy`] if there is one, with [`tls`].
//! [`process`] keeps forked children apart from their parents.

mod authorities;
pub(crate) mod call;
mod canceller;
mod connect_error;
mod connections;
mod failure;
pub(crate) mod file;
mod graph;
mod http_client;
mod process;
mod proxy;
pub(crate) mod random;
mod reply_head;
mod route;
mod shortage;
mod socket;
mod tls;
mod token_request;
mod unread;

pub use canceller::Canceller;
pub(crate) use failure::Failure;
pub(crate) use graph::Graph;
pub(crate) use process::PerProcess;
pub(crate) use route::{ProxyChoice, Routes};
pub(crate) use tls::certificates;
pub(crate) use token_request::{Authority, TokenRequest};
