//! The pages that the proxy itself serves, over plain HTTP.

use crate::shared::Shared;

/// The CA's revocation list.
pub(crate) const CRL_PATH: &str = "/ca.crl";

/// The content type and the body of a page.
pub(crate) fn own_page(path: &str, shared: &Shared) -> Option<(&'static str, Vec<u8>)> {
    Some(match path {
        CRL_PATH => ("application/pkix-crl", shared.authority.crl()),
        "/ca.pem" => ("application/x-pem-file", shared.authority.pem().into()),
        "/health" => ("application/json", health(shared).into()),
        _ => return None,
    })
}

/// Tells that the emulator serves, its version, and the service's time. JSON.
pub(crate) fn health(shared: &Shared) -> String {
    let time = shared.clock.now().to_rfc3339();
    serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "time": time }).to_string()
}
