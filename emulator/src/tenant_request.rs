//! A request to one of Entra's tenants.

use chrono::{DateTime, Utc};

use crate::form::Form;
use crate::record::Recorded;

/// What Entra looks at in a request.
#[derive(Clone, Debug)]
pub(crate) struct TenantRequest<'a> {
    pub(crate) host: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) form: Form,
    pub(crate) time: DateTime<Utc>,
}

impl<'a> TenantRequest<'a> {
    pub(crate) fn new(request: &'a Recorded) -> Self {
        Self { host: &request.host, tenant: tenant(&request.path), form: request.form(), time: request.time }
    }

    /// The id of the application, as far as it is given.
    pub(crate) fn client(&self) -> &str {
        self.form.get("client_id").unwrap_or_default()
    }
}

/// The tenant is the first part of a path.
pub(crate) fn tenant(path: &str) -> &str {
    path.split('/').find(|segment| !segment.is_empty()).unwrap_or_default()
}
