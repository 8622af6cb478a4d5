//! A request for a token, and the connections to those who give them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::outcome::Error;
use crate::service::reply::RawReply;
use crate::transport::call::Call;
use crate::transport::failure::Failure;
use crate::transport::http_client::{Address, HttpClient};
use crate::transport::process::PerProcess;
use crate::transport::route::Routes;

/// How long connecting to this machine's own platform may take as long as nobody knows whether there is one.
const FIRST_CONNECT: Duration = Duration::from_secs(1);

/// A request for a token.
pub(crate) struct TokenRequest {
    pub(crate) authority: Authority,
    /// The path and the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    /// What a POST sends. A GET has none.
    pub(crate) form: Option<Zeroizing<String>>,
    /// What no text may repeat.
    pub(crate) secret: Zeroizing<String>,
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
    Entra(String),
    /// An address of this machine's own platform, by plain HTTP and no proxy. Until it has answered once, connecting
    /// takes a second at most.
    Platform { address: String, has_answered: bool },
}

impl Authority {
    /// Host and port.
    pub(crate) fn name(&self) -> String {
        let (Authority::Entra(name) | Authority::Platform { address: name, .. }) = self;
        name.clone()
    }

    fn url(&self, path: &str) -> String {
        let scheme = if matches!(self, Authority::Entra(_)) { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.name())
    }
}

/// The connections of a client to those who give tokens: nearly always one.
pub(super) struct Authorities {
    routes: Routes,
    known: PerProcess<Mutex<Vec<(Authority, Arc<HttpClient>)>>>,
}

impl Authorities {
    pub(super) fn new(routes: Routes) -> Authorities {
        Authorities { routes, known: PerProcess::default() }
    }

    /// Sends a request once.
    pub(super) fn ask(
        &self,
        call: &Arc<Call>,
        request: &TokenRequest,
        client_request_id: &str,
    ) -> Result<RawReply, Failure> {
        let never_heals = |error| Failure::unsent(error, false);
        let address = Address::new(&request.authority.url(&request.path)).map_err(never_heals)?;
        let client = self.client(&request.authority).map_err(never_heals)?;
        client.ask(call, &address, request, client_request_id)
    }

    fn client(&self, authority: &Authority) -> Result<Arc<HttpClient>, Error> {
        let mut known = self.known.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = known.iter().find(|(other, _)| other == authority) {
            return Ok(client.clone());
        }
        let route = match authority {
            Authority::Entra(host) => self.routes.to(host)?,
            Authority::Platform { has_answered, .. } => {
                self.routes.within_machine((!has_answered).then_some(FIRST_CONNECT))
            }
        };
        let client = Arc::new(HttpClient::new(route)?);
        known.push((authority.clone(), client.clone()));
        Ok(client)
    }
}
