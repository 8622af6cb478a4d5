use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr;

use super::call::{call, success};
use super::convert::{text, to_c};
use super::guard::guard;
use super::{autopilot_detail, autopilot_result};
use crate::credential::{Credential, Secret};
use crate::outcome::{Detail, Error};

/// Gets tokens for calls that nobody attends: from Microsoft Entra for an application, or from the Azure platform that
/// the program runs on. Give it to a client with autopilot_options_set_credential(), or to one call with
/// autopilot_wait_set_credential() or autopilot_fleet_set_credential().
///
/// The first call that needs a token asks for it, by the client's proxy and trust and within its timeout. The token
/// stays in memory until five minutes before its end, or until the service refuses it. If several threads need one at
/// once, one of them asks. Any thread may use a credential at any time.
///
/// Clients, waits and fleets share what is in it, so you may free it when you have handed it out. A secret, a key and a
/// token are wiped when the last of them is freed.
///
/// If Entra refuses the credential, a call returns AUTOPILOT_ERROR_UNAUTHORIZED. If it cannot be used, because a
/// certificate has expired or this machine has no managed identity, it returns AUTOPILOT_ERROR_CONFIGURATION. The
/// detail says what to do.
#[allow(non_camel_case_types)]
pub struct autopilot_credential {
    pub(super) credential: Credential,
    description: CString,
}

/// What autopilot_credential_new_secret() is given.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_secret {
    /// The client secret itself.
    Text = 0,
    /// The path of a file that holds nothing else; a line break at its end is allowed.
    File = 1,
    /// The name of the environment variable that holds it.
    Variable = 2,
}

/// Makes a credential of an application with a client secret.
///
/// tenant: the tenant's id, or one of its domains. client_id: the application's id.
/// secret_kind: one of AUTOPILOT_SECRET_*. secret: what that says. It is read once, and copied.
/// credential: set to the credential, which autopilot_credential_free() frees, or to NULL. detail: NULL for none.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong, or AUTOPILOT_ERROR_CONFIGURATION if
/// there is no secret to read. Sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_secret(
    tenant: *const c_char,
    client_id: *const c_char,
    secret_kind: i32,
    secret: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let make = || {
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
    unsafe { new(make, credential, detail) }
}

/// Makes a credential of an application with a certificate.
///
/// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
/// file: the path of a PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted), and perhaps the
/// certificates above it, in any order. It is read once.
/// with_chain: not 0 to send all certificates with each request, for an application that trusts an issuer and a name.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong, or AUTOPILOT_ERROR_CONFIGURATION if
/// the file cannot be used; the detail says why. Sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_certificate(
    tenant: *const c_char,
    client_id: *const c_char,
    file: *const c_char,
    with_chain: i32,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let make = || {
        // SAFETY: the caller promises NUL-terminated strings, or NULL.
        let (tenant, client_id, file) = unsafe {
            (text("the tenant", tenant)?, text("the client id", client_id)?, text("the file", file)?)
        };
        let made = Credential::client_certificate(tenant, client_id, file)?;
        Ok(if with_chain == 0 { made } else { made.with_chain() })
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(make, credential, detail) }
}

/// Makes a credential of an application that trusts the tokens of another issuer, such as a Kubernetes cluster (workload
/// identity federation).
///
/// tenant, client_id, credential, detail: as for autopilot_credential_new_secret().
/// file: the path of a file with such a token. It is read anew for each request, because its issuer renews it.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong. Reads and sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_workload_identity(
    tenant: *const c_char,
    client_id: *const c_char,
    file: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let make = || {
        // SAFETY: the caller promises NUL-terminated strings, or NULL.
        let (tenant, client_id, file) = unsafe {
            (text("the tenant", tenant)?, text("the client id", client_id)?, text("the file", file)?)
        };
        Credential::workload_identity(tenant, client_id, file)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(make, credential, detail) }
}

/// Makes a credential of the managed identity of the platform that the program runs on: App Service, Functions or
/// Container Apps if the environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine. Its
/// requests go to an address of this machine, and never through a proxy. Azure keeps such a token for up to a day: a
/// role that was granted just now may not be in it.
///
/// client_id: the id of a user-assigned identity's application. NULL for the system-assigned identity.
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK, AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong, or AUTOPILOT_ERROR_CONFIGURATION if
/// a variable leads away from this machine. Sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_new_managed_identity(
    client_id: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let make = || {
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        let client_id =
            unsafe { (!client_id.is_null()).then(|| text("the client id", client_id)).transpose() }?;
        Credential::managed_identity(client_id)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(make, credential, detail) }
}

/// Makes the credential that the environment names, by the variables of Azure's own libraries: AZURE_TENANT_ID and
/// AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, otherwise a
/// managed identity. AZURE_AUTHORITY_HOST is another host for logins. autopilot_credential_describe() says which it is,
/// and why it is none of the others.
///
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_CONFIGURATION if a variable cannot be used, or if the process has more
/// rights than the user who started it. Sends nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_from_environment(
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(Credential::from_environment, credential, detail) }
}

/// Makes a credential of the same application in another tenant, for a fleet of tenants that have all granted it its
/// role. They share the secret or the key, and each has its own token.
///
/// original: the credential to copy. tenant: the other tenant's id, or one of its domains.
/// credential, detail: as for autopilot_credential_new_secret().
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong: a managed identity belongs to one
/// tenant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_credential_for_tenant(
    original: Option<&autopilot_credential>,
    tenant: *const c_char,
    credential: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let make = || {
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        given(original)?.for_tenant(unsafe { text("the tenant", tenant) }?)
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { new(make, credential, detail) }
}

/// Describes a credential on one line, fit for a log, without a secret. The string belongs to the credential and lives
/// as long. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_credential_describe(credential: Option<&autopilot_credential>) -> *const c_char {
    credential.map_or(ptr::null(), |credential| credential.description.as_ptr())
}

/// Frees a credential. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_credential_free(credential: Option<Box<autopilot_credential>>) {
    guard((), || drop(credential));
}

pub(super) fn given(credential: Option<&autopilot_credential>) -> Result<&Credential, Error> {
    let known = credential.map(|credential| &credential.credential);
    known.ok_or_else(|| Error::invalid_argument("the credential is NULL"))
}

/// Hands out a credential.
///
/// # Safety
/// `place` and `detail` are NULL, or may be written.
unsafe fn new(
    make: impl FnOnce() -> Result<Credential, Error>,
    place: *mut *mut autopilot_credential,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        if place.is_null() {
            return Err(Error::invalid_argument("the place for the credential is NULL"));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { place.write(ptr::null_mut()) };
        let credential = make()?;
        let description = to_c(&credential.to_string());
        // SAFETY: as above.
        unsafe { place.write(Box::into_raw(Box::new(autopilot_credential { credential, description }))) };
        Ok(success(Detail::default()))
    };
    // SAFETY: as promised by the caller.
    unsafe { call(detail, body) }
}
