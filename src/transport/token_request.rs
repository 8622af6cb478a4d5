//! A request for a token.

use zeroize::Zeroizing;

use crate::config::Root;

/// A request for a token.
pub(crate) struct TokenRequest {
    pub(crate) authority: Authority,
    /// The path and the query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    /// What a POST sends. A GET has none.
    pub(crate) form: Option<Zeroizing<String>>,
    /// What no text may repeat, as it is and as the form has it.
    pub(crate) secrets: Vec<Zeroizing<String>>,
}

impl TokenRequest {
    /// For the trace: no header and no form is in it.
    pub(super) fn line(&self, client_request_id: &str) -> String {
        let method = if self.form.is_some() { "POST" } else { "GET" };
        format!("{method} {} (client-request-id {client_request_id})", self.authority.url(&self.path))
    }
}

/// Who is asked for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authority {
    /// A host of Microsoft Entra's, by HTTPS and as the options and the environment say.
    Entra(Root),
    /// An address of this machine's own platform, by plain HTTP and no proxy. Until it is known to be there, connecting
    /// takes a second at most.
    Platform { address: String, is_known: bool },
}

impl Authority {
    /// Host and port.
    pub(crate) fn name(&self) -> String {
        match self {
            Authority::Entra(root) => root.authority().to_owned(),
            Authority::Platform { address, .. } => address.clone(),
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if matches!(self, Authority::Entra(_)) { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.name())
    }
}
