use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr;

use super::call::make;
use super::convert::{text, to_c};
use super::guard::guard;
use super::{autopilot_detail, autopilot_result};
use crate::credential::{Credential, Secret};
use crate::outcome::Error;

/// Gets tokens for programs that nobody attends: from Microsoft Entra for an application, or from the Azure platform
/// that the program runs on. Give it to a client with autopilot_options_set_credential(), or to one call with
/// autopilot_wait_set_credential() or autopilot_fleet_set_credential().
///
/// To make a credential sends nothing. The first call that needs a token asks for it: in the client's cloud, by its
/// proxy, trust and timeouts. The token stays in memory until five minutes before its end, or until the service refuses
/// it. If several threads need one at once, one of them asks.
///
/// If Microsoft Entra refuses the credential, the call returns AUTOPILOT_ERROR_UNAUTHORIZED. If the credential cannot
/// be used, for example because its certificate has expired or this machine has no managed identity, the call returns
/// AUTOPILOT_ERROR_CONFIGURATION. The detail's message says what to do.
///
/// Any number of threads may use a credential at once, and so may a child made by fork(). Clients, waits and fleets
/// share what is in it, so you may free it when you have handed it out. When nothing uses it any more, the library
/// wipes the secret and the token from its memory (of a key, see SECURITY.md).
#[allow(non_camel_case_types)]
pub struct autopilot_credential {
    pub(super) credential: Credential,
    description: CString,
}

/// Where autopilot_credential_new_secret() finds a client secret.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_secret {
    /// In the argument itself.
    Text = 0,
    /// In the file with this path, which holds nothing else; a line break at its end is allowed.
    File = 1,
    /// In the environment variable with this name.
    Variable = 2,
}

/// Makes the credential of an application with a client secret. Free it with autopilot_credential_free().
///
/// tenant: the tenant's id, or one of its domains. client_id: the application's id.
/// secret_kind: one of AUTOPILOT_SECRET_*. secret: the secret's value, or the path or name where it is. The library
/// reads it now, once, and keeps a copy.
/// credential: set to the new credential, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or
/// AUTOPILOT_ERROR_CONFIGURATION if the file or the variable holds no secret. The detail's message says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_secret(
    tenant: *const c_char,
    client_id: *const c_char,
    secret_kind: i32,
    secret: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises NUL-terminated strings, or NULL.
        let (tenant, client_id, secret) = unsafe {
            (text("the tenant", tenant)?, text("the client id", client_id)?, text("the secret", secret)?)
        };
        let secret = match secret_kind {
            _ if secret_kind == autopilot_secret::Text as i32 => Secret::Text(secret),
            _ if secret_kind == autopilot_secret::File as i32 => Secret::File(Path::new(secret)),
            _ if secret_kind == autopilot_secret::Variable as i32 => Secret::Variable(secret),
            _ => return Err(Error::invalid_argument("no kind of secret has this number")),
        };
        Credential::client_secret(tenant, client_id, secret)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(body, credential, detail) }
}

/// Makes the credential of an application with a certificate. Free it with autopilot_credential_free().
///
/// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
/// file: the path of a PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted), and perhaps the
/// certificates above it, in any order. The library reads it now, once: after a renewal, make a new credential.
/// with_chain: 1 to send all these certificates with each request for a token, for an application that trusts an issuer
/// and a name instead of one certificate; otherwise 0.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or
/// AUTOPILOT_ERROR_CONFIGURATION if the file cannot be used. The detail's message says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_certificate(
    tenant: *const c_char,
    client_id: *const c_char,
    file: *const c_char,
    with_chain: i32,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises NUL-terminated strings, or NULL.
        let (tenant, client_id, file) = unsafe {
            (text("the tenant", tenant)?, text("the client id", client_id)?, text("the file", file)?)
        };
        let made = Credential::client_certificate(tenant, client_id, file)?;
        Ok(if with_chain == 0 { made } else { made.with_chain() })
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(body, credential, detail) }
}

/// Makes the credential of an application that trusts the tokens of another issuer, such as a Kubernetes cluster
/// (workload identity federation). Free it with autopilot_credential_free().
///
/// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
/// file: the path of a file with such a token. Each request for a token reads it anew, because its issuer renews it.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_workload_identity(
    tenant: *const c_char,
    client_id: *const c_char,
    file: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises NUL-terminated strings, or NULL.
        let (tenant, client_id, file) = unsafe {
            (text("the tenant", tenant)?, text("the client id", client_id)?, text("the file", file)?)
        };
        Credential::workload_identity(tenant, client_id, file)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(body, credential, detail) }
}

/// Makes the credential of the managed identity of the platform that the program runs on: App Service, Functions or
/// Container Apps if the environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine.
/// Free it with autopilot_credential_free().
///
/// Its requests for tokens go to an address of this machine or its link, and never through a proxy. Azure keeps such a
/// token for up to a day: a role that was granted just now may not be in it.
///
/// client_id: the id of a user-assigned identity's application. NULL for the system-assigned identity.
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if the client id is wrong or credential is NULL, or
/// AUTOPILOT_ERROR_CONFIGURATION if a variable cannot be used or leads away from this machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_managed_identity(
    client_id: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        let client_id =
            unsafe { (!client_id.is_null()).then(|| text("the client id", client_id)).transpose() }?;
        Credential::managed_identity(client_id)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(body, credential, detail) }
}

/// Makes the credential that the environment names, by the variables of Azure's own libraries: AZURE_TENANT_ID and
/// AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, otherwise a
/// managed identity. AZURE_AUTHORITY_HOST is another host for logins. autopilot_credential_describe() says which it
/// took, and why none of the others. Free it with autopilot_credential_free().
///
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK. If a variable cannot be used, or the process has more rights than the user who started it,
/// returns AUTOPILOT_ERROR_CONFIGURATION. If credential is NULL, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_from_environment(
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(Credential::from_environment, credential, detail) }
}

/// Makes the credential of the same application in another tenant, for a fleet of tenants that have all granted it its
/// role. Both share the secret or the key, and each has its own token. Free it with autopilot_credential_free(), before
/// or after the original.
///
/// original: the credential of the application. tenant: the other tenant's id, or one of its domains.
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong or NULL, or the original is a
/// managed identity, which belongs to one tenant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_for_tenant(
    original: Option<&autopilot_credential>,
    tenant: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        given(original)?.for_tenant(unsafe { text("the tenant", tenant) }?)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(body, credential, detail) }
}

/// Describes a credential on one line, fit for a log, without a secret: "application ... in tenant ..., by its client
/// secret". The string belongs to the credential. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_credential_describe(credential: Option<&autopilot_credential>) -> *const c_char {
    credential.map_or(ptr::null(), |credential| credential.description.as_ptr())
}

/// Frees a credential, when no other function is using it. Whatever it was given to goes on with it. Does not block.
/// NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_credential_free(credential: Option<Box<autopilot_credential>>) {
    guard((), || drop(credential));
}

pub(super) fn given(credential: Option<&autopilot_credential>) -> Result<&Credential, Error> {
    let known = credential.map(|credential| &credential.credential);
    known.ok_or_else(|| Error::invalid_argument("the credential is NULL"))
}

impl From<Credential> for autopilot_credential {
    fn from(credential: Credential) -> autopilot_credential {
        let description = to_c(&credential.to_string());
        autopilot_credential { credential, description }
    }
}

/// Makes a credential and hands it out.
///
/// # Safety
/// `place` and `detail` are NULL, or may be written.
unsafe fn new(
    body: impl FnOnce() -> Result<Credential, Error>,
    place: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    // SAFETY: as promised by the caller.
    unsafe { make("credential", place, detail, || body().map(autopilot_credential::from)) }
}
