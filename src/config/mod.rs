//! How a client is configured, by options, by the environment or by the machine: the cloud, the proxy, the trusted
//! certificates, and the limits. Pure, except for the functions that ask the system.

mod cloud;
mod environment;
pub(crate) mod host;
pub(crate) mod limits;
mod no_proxy;
#[cfg(any(windows, test))]
pub(crate) mod pac_file;
mod privilege;
pub(crate) mod proxy;
mod proxy_rule;
mod proxy_source;
mod root;
mod static_proxy;
mod system_proxy;
mod trust;
#[cfg(windows)]
pub(crate) mod windows;

pub use cloud::Cloud;
pub(crate) use environment::Environment;
pub(crate) use privilege::is_raised;
pub(crate) use proxy::{Credentials, Proxy, Scheme};
pub(crate) use proxy_rule::ProxyRule;
pub(crate) use proxy_source::ProxySource;
pub(crate) use root::Root;
pub(crate) use trust::{CaFiles, Trust};
