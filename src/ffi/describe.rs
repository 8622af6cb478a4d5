use std::ffi::{CString, c_char};

use once_cell::race::OnceBox;

use super::autopilot_client;
use super::convert::{pointer, to_c};
use super::guard::guard;
use crate::shared;

/// Describes a client on one line, fit for a log: the library's version, the root of Microsoft Graph, the proxy and
/// where it comes from, the trusted certificates, the timeouts and the retries. No password is in it.
///
/// client: NULL for the shared one, which this makes if no call has used it yet.
///
/// The string belongs to the client and lives as long. NULL if the shared client cannot be made, because an environment
/// variable cannot be used, and after a fault in the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_client_describe(client: Option<&autopilot_client>) -> *const c_char {
    static OF_SHARED: OnceBox<CString> = OnceBox::new();
    pointer(guard(None, || {
        let (client, description) = match client {
            Some(client) => (&client.client, &client.description),
            None => (shared::client().ok()?, &OF_SHARED),
        };
        Some(description.get_or_init(|| Box::new(to_c(&client.to_string()))))
    }))
}
