//! Starts TLS with a server.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::records::Records;
use super::roots::{self, Authorities};
use super::stream::TlsStream;
use super::verifier::Verifier;
use super::{error, message};
use crate::config::Trust;
use crate::config::host::without_brackets;
use crate::outcome::{CauseText, Error, ErrorKind};
use crate::transport::connect_error::ConnectError;
use crate::transport::socket::Stream;

/// Loads the trusted certificates for the first connection. After a failed handshake the next connection loads them
/// again, because someone may have fixed them.
pub(crate) struct TlsConnector {
    trust: Trust,
    config: Mutex<Option<Arc<ClientConfig>>>,
}

impl TlsConnector {
    pub(crate) fn new(trust: Trust) -> TlsConnector {
        TlsConnector { trust, config: Mutex::new(None) }
    }

    /// Reads the CA files that the caller or the environment names, and reports any that is unusable. Does not read the
    /// system's own, because that takes milliseconds, and perhaps no call will need them.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.trust.names_files() { self.config().map(drop) } else { Ok(()) }
    }

    /// Holds the lock while it loads, so that simultaneous connections load once.
    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        let mut config = self.lock();
        match &*config {
            Some(config) => Ok(config.clone()),
            None => Ok(config.insert(load(&self.trust)?).clone()),
        }
    }

    fn forget(&self, used: &Arc<ClientConfig>) {
        self.lock().take_if(|config| Arc::ptr_eq(config, used));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<ClientConfig>>> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts TLS with a host over a stream. `received` are the first bytes, if some have come already.
    pub(crate) fn connect(
        &self,
        stream: Box<dyn Stream>,
        received: Vec<u8>,
        host: &str,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let config = self.config()?;
        let name = ServerName::try_from(without_brackets(host).to_owned())
            .map_err(|_| ConnectError::Tls(format!("{host} is not a name that a certificate can have")))?;
        let connection = ClientConnection::new(config.clone(), name)
            .map_err(|error| io::Error::other(message::in_handshake(&error)))?;
        match TlsStream::connect(connection, Records::new(stream, received)) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if error::is_fault(&error) => {
                self.forget(&config);
                Err(ConnectError::Tls(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn load(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots::load(trust)?;
    let internal = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Internal, "TLS cannot be set up").because(CauseText::new(error, None))
    };
    let inner = inner_verifier(roots.authorities, &provider).map_err(|error| internal(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .dangerous() // only in name: `Verifier` verifies too, with better messages
        .with_custom_certificate_verifier(Arc::new(Verifier::new(inner, roots.description)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The verifier that decides.
fn inner_verifier(
    authorities: Authorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Box<dyn std::error::Error>> {
    match authorities {
        Authorities::Store(store) => {
            Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build()?)
        }
        #[cfg(any(windows, target_vendor = "apple"))]
        Authorities::System => Ok(Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?)),
    }
}
