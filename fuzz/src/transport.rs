//! What the modules of credentials need of the transport.

#[path = "../../src/transport/file.rs"]
pub(crate) mod file;
#[path = "../../src/transport/shortage.rs"]
mod shortage;
#[path = "../../src/transport/token_request.rs"]
mod token_request;

pub(crate) use crate::certificates;
pub(crate) use token_request::{Authority, TokenRequest};
