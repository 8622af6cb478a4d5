//! The connections to those who give tokens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::config::Config;

use crate::outcome::Error;
use crate::service::reply::RawReply;
use crate::transport::call::Call;
use crate::transport::failure::Failure;
use crate::transport::http_client::{Address, HttpClient};
use crate::transport::process::PerProcess;
use crate::transport::route::{Route, Routes};
use crate::transport::token_request::{Authority, TokenRequest};

/// How long connecting to this machine's own platform may take as long as nobody knows whether there is one.
const FIRST_CONNECT: Duration = Duration::from_secs(1);

/// The connections of a client to those who give tokens: nearly always one.
pub(super) struct Authorities {
    routes: Routes,
    config: Config,
    known: PerProcess<Mutex<Vec<(Authority, Arc<HttpClient>)>>>,
}

impl Authorities {
    pub(super) fn new(routes: Routes, config: Config) -> Authorities {
        Authorities { routes, config, known: PerProcess::default() }
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
            Authority::Entra(root) => Route { replies_are_secret: true, ..self.routes.to(root.host())? },
            Authority::Platform { is_known, .. } => {
                self.routes.within_machine((!is_known).then_some(FIRST_CONNECT))
            }
        };
        let client = Arc::new(HttpClient::new(route, self.config.clone())?);
        known.push((authority.clone(), client.clone()));
        Ok(client)
    }
}
