//! The services that a client meets.

use chrono::{DateTime, Utc};

use crate::entra::{Cloud, Entra};
use crate::identity::Identity;
use crate::record::Recorded;
use crate::reply::Reply;
use crate::service::{self, Service};

/// Which service a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// Microsoft Graph.
    Graph,
    /// Entra ID, which issues tokens.
    Entra,
    /// The managed identity of the machine: IMDS, App Service or Azure Arc.
    Identity,
}

impl Party {
    /// The one that serves this host over TLS.
    pub(crate) fn at(host: &str) -> Self {
        if Cloud::at(host).is_some() { Self::Entra } else { Self::Graph }
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

/// All of them. Every time is an argument.
#[derive(Debug)]
pub(crate) struct Parties {
    pub(crate) graph: Service,
    pub(crate) entra: Entra,
    pub(crate) identity: Identity,
}

impl Parties {
    /// A service's own answer.
    pub(crate) fn answer(&mut self, party: Party, request: &Recorded, now: DateTime<Utc>) -> Reply {
        match party {
            Party::Graph => self.graph.answer(&service::question(request), now),
            Party::Entra => self.entra.answer(request, now),
            Party::Identity => self.identity.answer(request, &self.entra, now),
        }
    }

    /// A service's typical error with this status, or with this code of Entra.
    pub(crate) fn error(&mut self, party: Party, code: u32, request: &Recorded, now: DateTime<Utc>) -> Reply {
        let status = u16::try_from(code).unwrap_or(500);
        match party {
            Party::Graph => self.graph.error(status, &service::question(request), now),
            Party::Entra => self.entra.error(code, request, now),
            Party::Identity => self.identity.error(status, request, now),
        }
    }

    /// A scripted reply, with the service's usual headers unless it is bare.
    pub(crate) fn scripted(
        &mut self,
        party: Party,
        reply: Reply,
        request: &Recorded,
        now: DateTime<Utc>,
    ) -> Reply {
        match party {
            Party::Graph => self.graph.scripted(reply, &service::question(request), now),
            Party::Entra => self.entra.scripted(reply, request, now),
            Party::Identity => self.identity.scripted(reply, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_tell_requests_by_a_word() {
        assert_eq!(Party::at("graph.microsoft.us").word("PATCH"), "PATCH");
        assert_eq!(Party::at("login.microsoftonline.us").word("POST"), "TOKEN");
        assert_eq!(Party::at("login.chinacloudapi.cn").word("GET"), "DISCOVERY");
        assert_eq!(Party::Identity.word("GET"), "IDENTITY");
    }
}
