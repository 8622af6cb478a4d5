//! What must hold for any input: one function for each target.
//!
//! The library's pure modules are private, so this crate compiles their sources again, under the same names. The
//! library has no `cfg(fuzzing)`, so the released library has no entry that is only for tests.

#![allow(dead_code, unused_imports)] // of the library's modules

#[path = "../../src/transport/tls/certificates/mod.rs"]
mod certificates;
mod checks;
#[path = "../../src/config/mod.rs"]
mod config;
mod credential;
#[path = "../../src/outcome/mod.rs"]
mod outcome;
#[path = "../../src/transport/proxy/refusal.rs"]
mod refusal;
#[path = "../../src/transport/reply_head.rs"]
mod reply_head;
#[path = "../../src/service/mod.rs"]
mod service;
#[path = "../../src/text/mod.rs"]
mod text;
mod transport;
mod wait;

pub use checks::address::address;
pub use checks::c_api::c_api;
pub use checks::certificate_file::certificate_file;
pub use checks::certificates::certificates;
pub use checks::claims::claims;
pub use checks::environment::environment;
pub use checks::key_challenge::key_challenge;
pub use checks::proxy_reply::proxy_reply;
pub use checks::reply::reply;
pub use checks::settings::settings;
pub use checks::time::time;
pub use checks::token::token;
pub use checks::token_reply::token_reply;
pub use checks::wait::wait;
