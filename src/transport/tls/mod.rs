//! TLS, the authorities that it trusts, and its errors in plain words.

mod algorithm;
mod certificate_message;
pub(crate) mod certificates;
mod connector;
mod error;
mod message;
mod records;
mod roots;
mod stream;
mod verifier;
mod words;

pub(super) use connector::TlsConnector;
