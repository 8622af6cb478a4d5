//! The means of connecting, loaded when first needed: trusted certificates, the proxy, ureq's chain of connectors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, RustlsConnector, SocksConnector, TcpConnector,
    Transport,
};

use super::link::Boxed;
use super::refusal::ToProxy;
use super::{Route, engine, roots};
use crate::error::{Error, ErrorKind};

/// The loaded means.
pub(super) struct Path {
    pub(super) config: Config,
    /// Name, TCP and proxy.
    plain: Box<dyn Connector<(), Out = Box<dyn Transport>>>,
    tls: RustlsConnector,
}

impl Path {
    /// A connection to the service, or to a proxy on the way to it, without TLS.
    pub(super) fn plain(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, ureq::Error> {
        self.plain.connect(details, None)?.ok_or(ureq::Error::ConnectionFailed)
    }

    /// TLS over a connection, where its address asks for it.
    pub(super) fn secure(
        &self,
        details: &ConnectionDetails,
        plain: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let secure = self.tls.connect(details, Some(plain))?.ok_or(ureq::Error::ConnectionFailed)?;
        Ok(Box::new(secure))
    }

    /// A connection to an HTTP proxy, which is to become a tunnel.
    pub(super) fn to_proxy(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, ureq::Error> {
        let transport = self.secure(details, self.plain(details)?)?;
        let has_credentials = self.config.proxy().is_some_and(|proxy| proxy.username().is_some());
        Ok(Box::new(ToProxy::new(transport, has_credentials)))
    }

    fn load(route: &Route) -> Result<Path, Error> {
        let tls = TlsConfig::builder().root_certs(certificates(roots::load(&route.trust)?)).build();
        let plain =
            ().chain(SocksConnector::default())
                .chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(Boxed);
        Ok(Path {
            config: engine::config(route).tls_config(tls).proxy(proxy(route)?).build(),
            plain: Box::new(plain),
            tls: RustlsConnector::default(),
        })
    }
}

/// A route and its path. The path is loaded by the first connection, and anew after a failed handshake: the trusted
/// certificates may have been mended meanwhile.
pub(super) struct Paths {
    pub(super) route: Arc<Route>,
    path: Mutex<Option<Arc<Path>>>,
}

impl Paths {
    pub(super) fn new(route: Arc<Route>) -> Paths {
        Paths { route, path: Mutex::new(None) }
    }

    /// Whether what the caller or the environment names can be used: named files are read now. The system's own trust
    /// is not, for that takes milliseconds that no call may ever need.
    pub(super) fn check(&self) -> Result<(), Error> {
        proxy(&self.route)?;
        if roots::are_named(&self.route.trust) { self.get().map(drop) } else { Ok(()) }
    }

    /// The lock is held while it loads, so that connections begun together load once.
    pub(super) fn get(&self) -> Result<Arc<Path>, Error> {
        let mut path = self.lock();
        match &*path {
            Some(path) => Ok(path.clone()),
            None => Ok(path.insert(Arc::new(Path::load(&self.route)?)).clone()),
        }
    }

    pub(super) fn forget(&self, used: &Arc<Path>) {
        self.lock().take_if(|path| Arc::ptr_eq(path, used));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Path>>> {
        self.path.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As ureq's TLS takes them.
fn certificates(roots: roots::Roots) -> RootCerts {
    match roots.authorities {
        roots::Authorities::These(_) if roots.certificates.is_empty() => RootCerts::WebPki,
        roots::Authorities::These(_) => {
            let certificates = roots.certificates.iter().map(|der| Certificate::from_der(der).to_owned());
            RootCerts::new_with_certs(&certificates.collect::<Vec<_>>())
        }
        #[cfg(any(windows, target_vendor = "apple"))]
        roots::Authorities::OfTheSystem => RootCerts::PlatformVerifier,
    }
}

fn proxy(route: &Route) -> Result<Option<ureq::Proxy>, Error> {
    let Some(proxy) = &route.proxy else {
        return Ok(None);
    };
    // ureq's error may hold the address, and with it a password.
    let unusable = |_| Error::new(ErrorKind::Configuration, format!("the proxy {proxy} cannot be used"));
    ureq::Proxy::new(&proxy.url()).map(Some).map_err(unusable)
}
