//! Starts TLS with a server.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::certificates::x509::Identity;
use super::records::Records;
use super::roots::{self, Authorities};
use super::stream::TlsStream;
use super::verifier::{Refusal, Verifier};
use super::words::version;
use super::{error, message};
use crate::config::Trust;
use crate::config::host::without_brackets;
use crate::outcome::{CauseText, Certificate, Error, ErrorKind, Happening};
use crate::transport::call::Call;
use crate::transport::connect_error::ConnectError;
use crate::transport::process::PerProcess;
use crate::transport::socket::Stream;

/// Loads the trusted certificates for the first connection. After a failed handshake the next connection loads them
/// again, because someone may have fixed them.
pub(crate) struct TlsConnector {
    trust: Trust,
    /// A fork may leave the lock of another thread held.
    loaded: PerProcess<Mutex<Option<Loaded>>>,
}

#[derive(Clone)]
struct Loaded {
    config: Arc<ClientConfig>,
    /// Names the trusted authorities.
    trusted: Arc<str>,
}

impl TlsConnector {
    pub(crate) fn new(trust: Trust) -> TlsConnector {
        TlsConnector { trust, loaded: PerProcess::default() }
    }

    /// Names the authorities that it trusts. Reads the CA files that the caller or the environment names, and reports any
    /// that is unusable. Does not read the system's own, because that takes milliseconds, and perhaps no call will need
    /// them.
    pub(crate) fn trusted(&self) -> Result<Arc<str>, Error> {
        match &self.trust {
            Trust::Files(_) => Ok(self.load()?.trusted),
            Trust::System => Ok("the system's certificates".into()),
        }
    }

    /// Holds the lock while it loads, so that simultaneous connections load once.
    fn load(&self) -> Result<Loaded, Error> {
        let mut loaded = self.lock();
        match &*loaded {
            Some(loaded) => Ok(loaded.clone()),
            None => Ok(loaded.insert(load(&self.trust)?).clone()),
        }
    }

    fn forget(&self, used: &Arc<ClientConfig>) {
        self.lock().take_if(|loaded| Arc::ptr_eq(&loaded.config, used));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Loaded>> {
        self.loaded.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts TLS with a host over a stream. `received` are the first bytes, if some have come already.
    pub(crate) fn connect(
        &self,
        call: &Call,
        stream: Box<dyn Stream>,
        received: Vec<u8>,
        host: &str,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let Loaded { config, trusted } = self.load()?;
        call.note(Happening::Trust(trusted));
        let name = ServerName::try_from(without_brackets(host).to_owned())
            .map_err(|_| ConnectError::Tls(format!("{host} is not a name that a certificate can have")))?;
        let connection = ClientConnection::new(config.clone(), name)
            .map_err(|error| io::Error::other(message::in_handshake(&error)))?;
        match TlsStream::connect(connection, Records::new(stream, received)) {
            Ok(stream) => {
                tell(call, stream.connection(), host);
                Ok(Box::new(stream))
            }
            Err(error) if error::is_fault(&error) => {
                let refusal = error.get_ref().and_then(|cause| cause.downcast_ref::<Refusal>());
                if let Some(identity) = refusal.and_then(Refusal::certificate) {
                    call.note(certificate(identity.clone(), true));
                }
                self.forget(&config);
                Err(ConnectError::Tls(error.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trust.fmt(f)
    }
}

/// Notes what the handshake came to.
fn tell(call: &Call, connection: &ClientConnection, host: &str) {
    let version = connection.protocol_version().map_or("TLS", version);
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    call.note(Happening::Tls(format!("{version}, {}, with {host}", suite.unwrap_or("unknown suite")).into()));
    let certificates = connection.peer_certificates().unwrap_or_default();
    if let Some(identity) = certificates.first().and_then(|own| Identity::of(own)) {
        call.note(certificate(identity, false));
    }
}

fn certificate(identity: Identity, is_refused: bool) -> Happening {
    let Identity { subject, issuer, not_before: _, not_after } = identity;
    Happening::Certificate(Box::new(Certificate { subject, issuer, not_after, is_refused }))
}

fn load(trust: &Trust) -> Result<Loaded, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots::load(trust)?;
    let internal = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Internal, "TLS cannot be set up").because(CauseText::new(error, None))
    };
    let trusted = Arc::<str>::from(roots.description);
    let inner = inner_verifier(roots.authorities, &provider).map_err(|error| internal(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .dangerous() // only in name: `Verifier` verifies too, with better messages
        .with_custom_certificate_verifier(Arc::new(Verifier::new(inner, trusted.clone())))
        .with_no_client_auth();
    Ok(Loaded { config: Arc::new(config), trusted })
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
