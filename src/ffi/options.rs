use std::ffi::{CString, c_char};

use super::autopilot_credential;
use super::convert::{from_milliseconds, pointer, text, to_c};
use super::credential::given;
use super::guard::guard;
use super::{autopilot_result, autopilot_result::*};
use crate::builder::ClientBuilder;
use crate::config::Cloud;
use crate::credential::Credential;
use crate::outcome::Error;

/// The options of a client. Only one thread at a time may use them. A client keeps no reference to them.
///
/// Each setter copies its argument and returns AUTOPILOT_OK. If the argument is NULL or not as described, the setter
/// returns AUTOPILOT_ERROR_INVALID_ARGUMENT and changes nothing, and autopilot_options_error() says why.
/// NULL for the options gives the same result.
#[allow(non_camel_case_types)]
pub struct autopilot_options {
    pub(super) builder: ClientBuilder,
    pub(super) credential: Option<Credential>,
    error: Option<CString>,
}

/// Makes options with their default values. Free them with autopilot_options_free(). Returns NULL only after a fault in
/// the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_new() -> Option<Box<autopilot_options>> {
    guard(None, || {
        Some(Box::new(autopilot_options { builder: ClientBuilder::default(), credential: None, error: None }))
    })
}

/// Frees options. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_free(options: Option<Box<autopilot_options>>) {
    guard((), || drop(options));
}

/// The body of a setter.
fn change(
    options: Option<&mut autopilot_options>,
    change: impl FnOnce(&mut autopilot_options) -> Result<(), Error>,
) -> autopilot_result {
    guard(AUTOPILOT_ERROR_INTERNAL, || {
        let Some(options) = options else { return AUTOPILOT_ERROR_INVALID_ARGUMENT };
        let changed = change(options);
        options.error = changed.as_ref().err().map(|error| to_c(&format!("{error:#}")));
        changed.map_or_else(|error| (&error).into(), |()| AUTOPILOT_OK)
    })
}

/// The body of a setter that replaces the builder by a changed one.
fn set(
    options: Option<&mut autopilot_options>,
    build: impl FnOnce(ClientBuilder) -> Result<ClientBuilder, Error>,
) -> autopilot_result {
    change(options, |options| {
        options.builder = build(options.builder.clone())?;
        Ok(())
    })
}

/// Sets the cloud whose Microsoft Graph the client calls, one of AUTOPILOT_CLOUD_*. Replaces a base URL. Default:
/// AUTOPILOT_CLOUD_GLOBAL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_cloud(
    options: Option<&mut autopilot_options>,
    cloud: i32,
) -> autopilot_result {
    set(options, |builder| {
        let known = Cloud::ALL.into_iter().find(|known| *known as i32 == cloud);
        known
            .map(|cloud| builder.cloud(cloud))
            .ok_or_else(|| Error::invalid_argument("no cloud has this number"))
    })
}

/// Sets the root of a Microsoft Graph that is not in the list of clouds, such as "https://graph.example": https, a
/// host, and optionally a port and a final slash. Replaces the cloud. Tokens are sent there, so no environment variable
/// can set it. Default: the root of the cloud.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_base_url(
    options: Option<&mut autopilot_options>,
    url: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| builder.base_url(unsafe { text("the base URL", url) }?))
}

/// Sets a proxy, as "scheme://user:password@host:port". The scheme is http, https, socks5 (the library looks names up)
/// or socks5h (the proxy looks them up). If there is no scheme, it is http. If there is no port, it is 443 for https
/// and 1080 for the others. A path is ignored, as curl does. User name and password may be percent-encoded; a slash, a
/// question mark, a hash or a blank in them must be. An HTTP proxy gets them by the Basic scheme only. "" means no
/// proxy, whatever the environment says. Default: the environment's proxy, with its exceptions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_proxy(
    options: Option<&mut autopilot_options>,
    url: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| match unsafe { text("the proxy's address", url) }? {
        "" => Ok(builder.no_proxy()),
        url => builder.proxy(url),
    })
}

/// Sets a PEM file of certificate authorities to trust instead of those of the system and the environment. Its path is
/// UTF-8. autopilot_client_new() reads it, and so does a call after a failed TLS handshake. So it must be a regular
/// file, not a pipe, of at most 16 MiB. Default: SSL_CERT_FILE (with the same rules) and SSL_CERT_DIR if they are set,
/// otherwise the system's trust.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_ca_file(
    options: Option<&mut autopilot_options>,
    path: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| builder.ca_file(unsafe { text("the CA file's path", path) }?))
}

/// Sets how long a call may take, from the name look-up to the last byte, including retries: from 1 to 86,400,000
/// milliseconds. In a wait, it bounds each request. Default: 30,000.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_timeout_ms(
    options: Option<&mut autopilot_options>,
    timeout_ms: i64,
) -> autopilot_result {
    set(options, |builder| builder.timeout(from_milliseconds(timeout_ms)))
}

/// Sets how long one attempt to connect may take, with name look-up, TCP, proxy and TLS: from 1 to 86,400,000
/// milliseconds. The next attempt starts from the beginning. Default: as long as the call, because some proxies are
/// slow.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_connect_timeout_ms(
    options: Option<&mut autopilot_options>,
    timeout_ms: i64,
) -> autopilot_result {
    set(options, |builder| builder.connect_timeout(from_milliseconds(timeout_ms)))
}

/// Sets how often a request is repeated after a transient failure, from 0 to 10. A trigger is repeated only if it
/// cannot have run. Default: 3.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_max_retries(
    options: Option<&mut autopilot_options>,
    retries: i32,
) -> autopilot_result {
    // One below zero becomes the largest number, which is as far out of range.
    set(options, |builder| builder.max_retries(u32::try_from(retries).unwrap_or(u32::MAX)))
}

/// Sets a text to follow the library's name in the User-Agent, such as "acme-agent/3.1": 1 to 256 bytes of visible
/// ASCII, with blanks inside. Default: no text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_options_set_user_agent_suffix(
    options: Option<&mut autopilot_options>,
    suffix: *const c_char,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated string, or NULL.
    set(options, |builder| builder.user_agent_suffix(unsafe { text("the User-Agent suffix", suffix) }?))
}

/// Ignores the environment variables and, on Windows, the proxies of the machine and the user. Default: the client reads
/// them, except in a process with more rights than the user who started it.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_ignore_environment(
    options: Option<&mut autopilot_options>,
) -> autopilot_result {
    set(options, |builder| Ok(builder.ignore_environment()))
}

/// autopilot_client_sync() sends the trigger, and never reads the settings. Default: if the service answers "too soon"
/// without saying until when, it reads them once.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_trigger_only(
    options: Option<&mut autopilot_options>,
) -> autopilot_result {
    set(options, |builder| Ok(builder.trigger_only()))
}

/// Sets the credential that gets the tokens of the client's calls if they are given NULL for the token. The client
/// keeps what is in it, so you may free it afterwards. Default: none.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_set_credential(
    options: Option<&mut autopilot_options>,
    credential: Option<&autopilot_credential>,
) -> autopilot_result {
    change(options, |options| {
        options.credential = Some(given(credential)?.clone());
        Ok(())
    })
}

/// Why the last setter refused its argument, on one line, fit for a log. The text is valid until the next setter is
/// called or the options are freed. NULL if the last setter succeeded, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_options_error(options: Option<&autopilot_options>) -> *const c_char {
    pointer(options.and_then(|options| options.error.as_ref()))
}
