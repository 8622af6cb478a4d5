//! The services that a client meets.

use crate::entra::Entra;
use crate::identity::Identity;
use crate::party::Party;
use crate::record::Recorded;
use crate::reply::Reply;
use crate::service::{self, Service};
use crate::tenant_request;

/// All services.
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
