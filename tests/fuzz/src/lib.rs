//! What must hold for any input, one function a target.
//!
//! The library's pure modules are private, and stay so: their sources are compiled here once more, under the same names.
//! No `cfg(fuzzing)` in the library opens them, so what is shipped has no way in that is for tests alone.

#![allow(dead_code)] // of the library's modules, what no target needs

#[path = "../../../src/transport/bundle.rs"]
mod bundle;
#[path = "../../../src/cloud.rs"]
mod cloud;
#[path = "../../../src/detail.rs"]
mod detail;
#[path = "../../../src/echo.rs"]
mod echo;
#[path = "../../../src/environment.rs"]
mod environment;
#[path = "../../../src/error.rs"]
mod error;
#[path = "../../../src/transport/head.rs"]
mod head;
#[path = "../../../src/json.rs"]
mod json;
#[path = "../../../src/machine_proxy.rs"]
mod machine_proxy;
#[path = "../../../src/outcome.rs"]
mod outcome;
#[path = "../../../src/transport/pem.rs"]
mod pem;
#[path = "../../../src/privilege.rs"]
mod privilege;
#[path = "../../../src/proxy.rs"]
mod proxy;
#[path = "../../../src/transport/refusal.rs"]
mod refusal;
#[path = "../../../src/reply.rs"]
mod reply;
#[path = "../../../src/service_error.rs"]
mod service_error;
#[path = "../../../src/settings.rs"]
mod settings;
#[path = "../../../src/text.rs"]
mod text;
#[path = "../../../src/time.rs"]
mod time;
#[path = "../../../src/token.rs"]
mod token;
#[path = "../../../src/wait/mod.rs"]
mod wait;
#[path = "../../../src/transport/x509.rs"]
mod x509;

mod checks;

pub use checks::address::address;
pub use checks::c_api::c_api;
pub use checks::certificates::certificates;
pub use checks::proxy_reply::proxy_reply;
pub use checks::reply::reply;
pub use checks::settings::settings;
pub use checks::time::time;
pub use checks::token::token;
pub use checks::wait::wait;
