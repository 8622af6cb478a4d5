//! TLS over a connection.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::failure::ConnectError;
use super::records::Records;
use super::roots::{self, Authorities};
use super::socket::{Socket, Stream};
use super::tls_error;
use super::verifier::Verifier;
use crate::config::Trust;
use crate::config::cloud::without_brackets;
use crate::outcome::{Cause, Error, ErrorKind};

/// The trusted certificates. The first connection loads them. After a failed handshake the next one loads them again,
/// because someone may have fixed them.
pub(super) struct Tls {
    trust: Trust,
    config: Mutex<Option<Arc<ClientConfig>>>,
}

impl Tls {
    pub(super) fn new(trust: Trust) -> Tls {
        Tls { trust, config: Mutex::new(None) }
    }

    /// Reads the files that the caller or the environment names, and reports any that is unusable. Does not read the
    /// system's own, because that takes milliseconds and no call may ever need them.
    pub(super) fn check(&self) -> Result<(), Error> {
        if roots::are_named(&self.trust) { self.config().map(drop) } else { Ok(()) }
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

    /// Starts TLS with a host. `received` holds the first bytes, which have already come.
    pub(super) fn connect(
        &self,
        below: Box<dyn Stream>,
        received: Vec<u8>,
        host: &str,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let config = self.config()?;
        let name = without_brackets(host).to_owned();
        let name = ServerName::try_from(name)
            .map_err(|_| ConnectError::Tls(format!("{host} is not a name that a certificate can have")))?;
        let mut connection = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        let mut records = Records::new(below, received);
        while connection.is_handshaking() || connection.wants_write() {
            connection.complete_io(&mut records).map_err(|error| {
                if !tls_error::is_fault(&error) {
                    return ConnectError::Io(error);
                }
                self.forget(&config);
                ConnectError::Tls(tls_error::words(&error))
            })?;
        }
        Ok(Box::new(Layer(StreamOwned::new(connection, records))))
    }
}

fn load(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots::load(trust)?;
    let internal = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Internal, "TLS cannot be set up").because(Cause::new(error, None))
    };
    let inner = rules(roots.authorities, &provider).map_err(|error| internal(&error))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| internal(&error))?
        .dangerous() // `Verifier` verifies, with better messages
        .with_custom_certificate_verifier(Arc::new(Verifier::new(inner, roots.description)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The verifier that decides.
fn rules(
    authorities: Authorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Box<dyn std::error::Error>> {
    match authorities {
        Authorities::These(store) => {
            Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build()?)
        }
        #[cfg(any(windows, target_vendor = "apple"))]
        Authorities::OfTheSystem => Ok(Arc::new(rustls_platform_verifier::Verifier::new(provider.clone())?)),
    }
}

/// TLS over a stream, which may itself be TLS with a proxy.
struct Layer(StreamOwned<ClientConnection, Records>);

impl Read for Layer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Layer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Layer {
    fn socket(&mut self) -> &mut Socket {
        self.0.sock.socket()
    }

    /// Ignores bytes inside TLS itself: the caller reads those, without waiting.
    fn is_drained(&self) -> bool {
        self.0.sock.is_drained()
    }
}
