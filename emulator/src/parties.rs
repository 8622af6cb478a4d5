//! The services that a client meets.

use crate::entra::{Entra, LOGIN_HOSTS};
use crate::identity::Identity;
use crate::record::{Recorded, Via};
use crate::reply::Reply;
use crate::service::{self, Service};
use crate::tenant_request;

/// Which service a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// Microsoft Graph.
    Graph,
    /// Entra ID, which issues tokens.
    Entra,
    /// The endpoint for the managed identity of the machine: IMDS, App Service or Azure Arc.
    Identity,
}

impl Party {
    /// The one that a client meets at this host, when it connects like this.
    pub(crate) fn at(via: Via, host: &str) -> Self {
        match via {
            Via::Identity => Self::Identity,
            _ if LOGIN_HOSTS.contains(&host) => Self::Entra,
            _ => Self::Graph,
        }
    }

    /// The word by which scripts select a request with this method.
    pub(crate) fn word(self, method: &str) -> &str {
        match (self, method) {
            (Self::Graph, method) => method,
            (Self::Entra, "POST") => "TOKEN",
            (Self::Entra, _) => "DISCOVERY",
            (Self::Identity, _) => "IDENTITY",
        }
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Parties {
    pub(crate) graph: Service,
    pub(crate) entra: Entra,
    pub(crate) identity: Identity,
}

impl Parties {
    /// The tenant of a request's token, or of the token that it asks for.
    pub(crate) fn tenant(&self, party: Party, path: &str, token: Option<&str>) -> String {
        match party {
            Party::Graph => self.graph.tenant_of(token.unwrap_or_default()),
            Party::Entra => tenant_request::tenant(path).to_owned(),
            Party::Identity => self.identity.identities.identity_tenant.clone(),
        }
    }

    /// A service's own answer.
    pub(crate) fn answer(&mut self, request: &Recorded) -> Reply {
        match request.party() {
            Party::Graph => self.graph.answer(&service::question(request), request.time),
            Party::Entra => self.entra.answer(request),
            Party::Identity => self.identity.answer(request, &mut self.entra),
        }
    }

    /// A service's typical error with this status; from Entra, also the error with this code.
    pub(crate) fn error(&mut self, code: u32, request: &Recorded) -> Reply {
        let status = u16::try_from(code).unwrap_or(500);
        match request.party() {
            Party::Graph => self.graph.error(status, &service::question(request), request.time),
            Party::Entra => self.entra.error(code, request),
            Party::Identity => self.identity.error(status, request),
        }
    }

    /// A scripted reply, with the service's usual headers unless it is bare.
    pub(crate) fn scripted(&mut self, reply: Reply, request: &Recorded) -> Reply {
        match request.party() {
            Party::Graph => self.graph.scripted(reply, &service::question(request), request.time),
            Party::Entra => self.entra.scripted(reply, request),
            Party::Identity => self.identity.scripted(reply, request),
        }
    }

    /// Makes Graph ask for other tokens than those that have been issued so far.
    pub(crate) fn revoke_tokens(&mut self) {
        self.graph.revoke(self.entra.issued());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_tell_requests_by_a_word() {
        let word = |via, host, method| Party::at(via, host).word(method).to_owned();
        assert_eq!(word(Via::Proxy, "graph.microsoft.us", "PATCH"), "PATCH");
        assert_eq!(word(Via::Proxy, "login.microsoftonline.us", "POST"), "TOKEN");
        assert_eq!(word(Via::Direct, "login.chinacloudapi.cn", "GET"), "DISCOVERY");
        assert_eq!(word(Via::Identity, "127.0.0.1:80", "GET"), "IDENTITY");
    }
}
