use std::ffi::{CString, c_char};
use std::path::Path;

use super::guard::{guard, invalid, milliseconds, pointer, text, to_c};
use super::{autopilot_result, autopilot_result::*};
use crate::builder::ClientBuilder;
use crate::config::Cloud;
use crate::outcome::Error;

/// The options of a client. One thread at a time may use one; a client keeps nothing of it.
///
/// Each setter copies its argument and returns AUTOPILOT_OK. An argument that is not as described, NULL included, gives
/// AUTOPILOT_ERROR_INVALID_ARGUMENT and changes nothing; autopilot_options_error() says why. NULL for the options gives
/// the same result.
#[allow(non_camel_case_types)]
pub struct autopilot_options {
    pub(super) builder: ClientBuilder,
    error: Option<CString>,
}

/// Options with their defaults. Free them with autopilot_options_free(). Returns NULL only on a fault of the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_new() -> Option<Box<autopilot_options>> {
    guard(None, || Some(Box::new(autopilot_options { builder: ClientBuilder::default(), error: None })))
}

/// Frees options. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_free(options: Option<Box<autopilot_options>>) {
    guard((), || drop(options));
}

/// The body of a setter: a changed builder takes the place of the old one.
fn set(
    options: Option<&mut autopilot_options>,
    change: impl FnOnce(ClientBuilder) -> Result<ClientBuilder, Error>,
) -> autopilot_result {
    guard(AUTOPILOT_ERROR_INTERNAL, || {
        let Some(options) = options else { return AUTOPILOT_ERROR_INVALID_ARGUMENT };
        match change(options.builder.clone()) {
            Ok(builder) => {
                *options = autopilot_options { builder, error: None };
                AUTOPILOT_OK
            }
            Err(error) => {
                options.error = Some(to_c(&format!("{error:#}")));
                (&error).into()
            }
        }
    })
}

/// The cloud whose Microsoft Graph is called, one of AUTOPILOT_CLOUD_*. Default: AUTOPILOT_CLOUD_GLOBAL. Replaces a base
/// URL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_cloud(
    options: Option<&mut autopilot_options>,
    cloud: i32,
) -> autopilot_result {
    set(options, |builder| {
        let known = Cloud::ALL.into_iter().find(|known| *known as i32 == cloud);
        known.map(|cloud| builder.cloud(cloud)).ok_or_else(|| invalid("no cloud has this number"))
    })
}

/// The root of a Microsoft Graph that is none of the clouds', such as "https://graph.example": https, a host, perhaps a
/// port, at most a slash after it. Tokens go there, so it is taken from here only, never from the environment. Default:
/// the root of the cloud, which it replaces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_base_url(
    options: Option<&mut autopilot_options>,
    url: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| builder.base_url(unsafe { text(url) }?.ok_or_else(|| invalid("the URL is NULL"))?))
}

/// A proxy as "scheme://user:password@host:port", with the scheme http, https, socks5 (names are looked up here) or
/// socks5h (by the proxy). No scheme means http; no port means 443 for https, else 1080; a path is ignored, as curl
/// does. User name and password may be percent-encoded; a slash, a question mark, a hash or a blank in them must be.
/// "" means no proxy, whatever the environment says. Default: the environment's, with its exceptions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_proxy(
    options: Option<&mut autopilot_options>,
    url: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| match unsafe { text(url) }? {
        None => Err(invalid("the proxy is NULL")),
        Some("") => Ok(builder.no_proxy()),
        Some(url) => builder.proxy(url),
    })
}

/// A PEM file of the certificate authorities to trust instead of the system's and the environment's; its path in UTF-8.
/// It is read by autopilot_client_new(), and again after a failed TLS handshake, so it must be a regular file, of 16 MiB
/// at most, and no pipe. Default: SSL_CERT_FILE (of the same kind) and SSL_CERT_DIR if set, else the system's trust.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_ca_file(
    options: Option<&mut autopilot_options>,
    path: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| match unsafe { text(path) }? {
        None => Err(invalid("the path is NULL")),
        Some(path) => builder.ca_file(Path::new(path)),
    })
}

/// The most that one call may take, in milliseconds, from the name look-up to the last byte, retries included. Default:
/// 30,000; from 1 to 86,400,000.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_timeout_ms(
    options: Option<&mut autopilot_options>,
    timeout_ms: i64,
) -> autopilot_result {
    set(options, |builder| builder.timeout(milliseconds(timeout_ms)))
}

/// The most that one attempt to connect may take, in milliseconds: name, TCP, proxy and TLS; from 1 to 86,400,000.
/// Default: as long as the call, so a proxy that needs 12 seconds for its tunnel gets them.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_connect_timeout_ms(
    options: Option<&mut autopilot_options>,
    timeout_ms: i64,
) -> autopilot_result {
    set(options, |builder| builder.connect_timeout(milliseconds(timeout_ms)))
}

/// How often a request is repeated that failed in passing; a trigger only where it cannot have run. Default: 3; from 0
/// to 10.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_max_retries(
    options: Option<&mut autopilot_options>,
    retries: i32,
) -> autopilot_result {
    // One below zero becomes the largest number, which is as far out of range.
    set(options, |builder| builder.max_retries(u32::try_from(retries).unwrap_or(u32::MAX)))
}

/// What follows the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible ASCII,
/// and blanks inside. Default: nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_user_agent_suffix(
    options: Option<&mut autopilot_options>,
    suffix: *const c_char,
) -> autopilot_result {
    set(options, |builder| {
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        builder.user_agent_suffix(unsafe { text(suffix) }?.ok_or_else(|| invalid("the suffix is NULL"))?)
    })
}

/// Reads no environment variable, and on Windows not the machine's proxy. Default: they are read, except in a process
/// that runs with more rights than who started it.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_ignore_environment(
    options: Option<&mut autopilot_options>,
) -> autopilot_result {
    set(options, |builder| Ok(builder.ignore_environment()))
}

/// Why the setter that was called last refused its argument, on one line, fit for a log. It lives until the next setter
/// is called. NULL if it did not refuse, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_error(options: Option<&autopilot_options>) -> *const c_char {
    pointer(options.and_then(|options| options.error.as_ref()))
}
