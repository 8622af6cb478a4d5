//! The ids of a tenant and of an application, which become parts of a URL.

use crate::outcome::Error;

/// An application's id.
pub(crate) fn checked_client_id(client_id: &str) -> Result<String, Error> {
    if client_id.is_empty() || !client_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::invalid_argument("the client id must be the application's id, a GUID"));
    }
    Ok(client_id.to_owned())
}

/// A tenant that has applications of its own.
pub(crate) fn checked_tenant(tenant: &str) -> Result<String, Error> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    if tenant.is_empty() || tenant.len() > 253 || !tenant.bytes().all(is_name) || tenant.starts_with('.') {
        return Err(Error::invalid_argument("the tenant must be its id, a GUID, or one of its domains"));
    }
    if ["common", "organizations", "consumers"].contains(&&*tenant.to_ascii_lowercase()) {
        return Err(Error::invalid_argument(format!("\"{tenant}\" is no tenant: an application needs one")));
    }
    Ok(tenant.to_owned())
}
