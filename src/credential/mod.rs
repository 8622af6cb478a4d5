//! Tokens for programs that run unattended: from Microsoft Entra, or from the Azure platform that a program runs on.
//!
//! A call with a token never comes here. A [`Credential`] is an [`application`] with a [`secret`], a [`certificate`] or
//! a federated token, or the managed identity of a [`platform`]. A [`fetch`] gets a token from it, and a [`cache`] keeps
//! that until it is renewed.
//!
//! Sources: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>, and
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.

mod access;
mod access_token;
mod answer;
mod application;
mod assertion;
mod cache;
mod certificate;
mod challenge_file;
mod choice;
mod fetch;
mod form;
mod ids;
mod line;
mod platform;
mod refusal;
mod secret;
mod token_reply;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fmt};

use zeroize::Zeroizing;

use self::application::{Application, Proof};
use self::cache::Cache;
use self::certificate::Certificate;
use self::choice::{Named, NamedProof};
use self::fetch::Asking;
use self::platform::Platform;
use crate::config::{Root, is_raised};
use crate::outcome::{Detail, Error, ErrorKind};
use crate::transport::{Failure, Graph};

pub use access::Access;
pub(crate) use access::Kept;
pub use secret::Secret;

/// Gets tokens for calls that nobody attends, instead of a token that somebody else got.
///
/// Hand it in wherever a call takes a token. The client's cloud decides where it asks, and the client's proxy, trust and
/// timeout how. It asks when the first call needs a token, keeps that in memory until five minutes before its end, and
/// asks again then, or if the service refuses the token. If several threads need a token at once, one of them asks.
///
/// Clones share their token. Any number of threads and clients may use one. A secret, a key and a token are wiped from
/// memory with the last clone; what a library below may leave behind is in SECURITY.md.
///
/// If Microsoft Entra refuses the credential, a call fails with [`ErrorKind::Unauthorized`]. If the credential cannot be
/// used at all, say because its certificate has expired, the call fails with [`ErrorKind::Configuration`].
///
/// ```no_run
/// use autopilot_sync::{Client, Credential, Secret};
///
/// let tenant = "contoso.com";
/// let application = "00000000-0000-0000-0000-000000000001";
/// let credential = Credential::client_secret(tenant, application, Secret::Variable("AZURE_CLIENT_SECRET"))?;
/// println!("{}", Client::new()?.sync(&credential)?);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

struct Inner {
    source: Source,
    /// Why the environment's is this one.
    reason: Option<String>,
    cache: Cache,
}

enum Source {
    Application(Application),
    Platform(Platform),
}

impl Credential {
    /// An application with a client secret.
    ///
    /// `tenant` is the tenant's id or one of its domains, `client_id` the application's id. Fails with
    /// [`ErrorKind::InvalidArgument`] if one of them cannot be right, and with [`ErrorKind::Configuration`] if there is
    /// no secret to read.
    ///
    /// ```no_run
    /// use autopilot_sync::{Credential, Secret};
    ///
    /// let credential = Credential::client_secret("contoso.com", "client-id", Secret::Text("its-value"))?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn client_secret(tenant: &str, client_id: &str, secret: Secret<'_>) -> Result<Credential, Error> {
        Credential::of_application(tenant, client_id, Proof::Secret(secret.read()?))
    }

    /// An application with a certificate.
    ///
    /// `file` is a PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted), and perhaps the
    /// certificates above it, in any order. It is read now. If it cannot be used, this fails with
    /// [`ErrorKind::Configuration`]; after a renewal, make a new credential.
    ///
    /// ```no_run
    /// use autopilot_sync::{Credential, Error};
    ///
    /// fn of_agent() -> Result<Credential, Error> {
    ///     Credential::client_certificate("contoso.com", "client-id", "/etc/agent/agent.pem")
    /// }
    /// ```
    pub fn client_certificate(
        tenant: &str,
        client_id: &str,
        file: impl AsRef<Path>,
    ) -> Result<Credential, Error> {
        Credential::of_application(
            tenant,
            client_id,
            Proof::Certificate(Certificate::read(file.as_ref())?.into()),
        )
    }

    /// An application that trusts the tokens of another issuer, such as a Kubernetes cluster: workload identity
    /// federation. `file` holds such a token. It is read anew for each request, because its issuer renews it.
    ///
    /// ```no_run
    /// use autopilot_sync::{Credential, Error};
    ///
    /// fn of_pod() -> Result<Credential, Error> {
    ///     let file = std::env::var_os("AZURE_FEDERATED_TOKEN_FILE").expect("set by the cluster");
    ///     Credential::workload_identity("contoso.com", "client-id", file)
    /// }
    /// ```
    pub fn workload_identity(
        tenant: &str,
        client_id: &str,
        file: impl AsRef<Path>,
    ) -> Result<Credential, Error> {
        Credential::of_application(tenant, client_id, Proof::FederatedToken(file.as_ref().to_owned()))
    }

    /// The managed identity of the platform that this program runs on: App Service, Functions or Container Apps if the
    /// environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine.
    ///
    /// `client_id` is the id of a user-assigned identity's application. None for the system-assigned one.
    ///
    /// Requests to them are plain HTTP to an address of this machine or its link, and never go through a proxy. Fails
    /// with [`ErrorKind::Configuration`] if a variable leads elsewhere.
    ///
    /// Azure keeps such a token for up to a day: a role that was granted just now may not be in it.
    ///
    /// ```no_run
    /// let credential = autopilot_sync::Credential::managed_identity(None)?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn managed_identity(client_id: Option<&str>) -> Result<Credential, Error> {
        let variable = |name: &str| if is_raised() { None } else { env::var_os(name) };
        let endpoint =
            choice::endpoint(variable).map_err(|fault| Error::new(ErrorKind::Configuration, fault))?;
        Ok(Credential::from(Source::Platform(Platform::new(endpoint, client_id, platform::has_arc())?)))
    }

    /// The same application in another tenant, for a fleet of tenants that have all granted it its role. It shares the
    /// secret or the key.
    ///
    /// ```no_run
    /// # let credential = autopilot_sync::Credential::from_environment()?;
    /// let client = autopilot_sync::Client::new()?;
    /// for tenant in ["contoso.com", "fabrikam.com"] {
    ///     println!("{tenant}: {:?}", client.sync(&credential.for_tenant(tenant)?));
    /// }
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn for_tenant(&self, tenant: &str) -> Result<Credential, Error> {
        match &self.0.source {
            Source::Application(application) => {
                Ok(Credential::from(Source::Application(application.in_tenant(tenant)?)))
            }
            Source::Platform(_) => Err(Error::invalid_argument("a managed identity belongs to one tenant")),
        }
    }

    /// Sends the certificate's chain with each request, for an application that trusts an issuer and a name instead of
    /// one certificate. Without a certificate, it changes nothing.
    ///
    /// ```no_run
    /// use autopilot_sync::{Credential, Error};
    ///
    /// fn of_agent() -> Result<Credential, Error> {
    ///     let file = "/etc/agent/agent.pem";
    ///     Ok(Credential::client_certificate("contoso.com", "client-id", file)?.with_chain())
    /// }
    /// ```
    pub fn with_chain(self) -> Credential {
        match &self.0.source {
            Source::Application(application) => {
                Credential::from(Source::Application(Application { with_chain: true, ..application.clone() }))
            }
            Source::Platform(_) => self,
        }
    }

    /// The credential that the environment names, by the variables of Azure's own libraries and in their order:
    /// `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH` or
    /// `AZURE_FEDERATED_TOKEN_FILE`, otherwise a managed identity. `AZURE_AUTHORITY_HOST` is another host for logins.
    ///
    /// Its `{}` says which it is, and why it is none of the others. Fails with [`ErrorKind::Configuration`] if a
    /// variable cannot be used, and in a process with more rights than the user who started it.
    ///
    /// ```no_run
    /// let credential = autopilot_sync::Credential::from_environment()?;
    /// println!("{credential}");
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn from_environment() -> Result<Credential, Error> {
        let unusable = |fault: &dyn fmt::Display| Error::new(ErrorKind::Configuration, fault.to_string());
        if is_raised() {
            let text = "this process has more rights than the user who started it, so it reads no variables";
            return Err(unusable(&text));
        }
        let choice = choice::choose(|name| env::var_os(name)).map_err(|fault| unusable(&fault))?;
        // A wrong argument here is a wrong variable.
        let source = Source::named(choice.source, choice.authority);
        let source = source.map_err(|error| error.of_kind(ErrorKind::Configuration))?;
        Ok(Credential(Arc::new(Inner { source, reason: Some(choice.reason), cache: Cache::default() })))
    }

    fn of_application(tenant: &str, client_id: &str, proof: Proof) -> Result<Credential, Error> {
        Ok(Credential::from(Source::Application(Application::new(tenant, client_id, proof)?)))
    }

    /// The token for a Microsoft Graph, within this time. What it takes is noted in the detail.
    pub(crate) fn token(
        &self,
        graph: &Graph,
        timeout: Duration,
        started: Instant,
        detail: &mut Detail,
    ) -> Result<Arc<Zeroizing<String>>, Failure> {
        let whole = graph.call(timeout);
        let token = self.0.cache.place(graph.root()).token(&whole, |claims, has_good| {
            // With the old token the call can go on, so leave it time.
            let call = if has_good { graph.call(timeout / 3) } else { whole.clone() };
            let mut asking = Asking { graph, call: &call, started, detail };
            match &self.0.source {
                Source::Application(application) => fetch::from_entra(application, claims, &mut asking),
                Source::Platform(platform) => fetch::from_platform(platform, &mut asking),
            }
        });
        // Whatever became of the request for a token, the one that needs it is not sent yet.
        token.map_err(|failure| Failure { sent: false, ..failure })
    }

    /// A Microsoft Graph has refused this token, and asks for these claims.
    pub(crate) fn refuse(&self, graph: &Graph, token: &str, claims: Option<&str>) {
        self.0.cache.place(graph.root()).refuse(token, claims);
    }
}

impl Source {
    /// What the environment names, with the host for its logins.
    fn named(named: Named, login: Option<Root>) -> Result<Source, Error> {
        let (tenant, client_id, proof) = match named {
            Named::Application { tenant, client_id, proof } => (tenant, client_id, proof),
            Named::ManagedIdentity { endpoint, client_id } => {
                let platform = Platform::new(endpoint, client_id.as_deref(), platform::has_arc())?;
                return Ok(Source::Platform(platform));
            }
        };
        let (proof, with_chain) = match proof {
            NamedProof::Secret(secret) => (Proof::Secret(Secret::Text(&secret).read()?), false),
            NamedProof::Certificate { file, with_chain } => {
                (Proof::Certificate(Certificate::read(&file)?.into()), with_chain)
            }
            NamedProof::FederatedToken(file) => (Proof::FederatedToken(file), false),
        };
        let application = Application::new(&tenant, &client_id, proof)?;
        Ok(Source::Application(Application { with_chain, login, ..application }))
    }
}

impl From<Source> for Credential {
    fn from(source: Source) -> Credential {
        Credential(Arc::new(Inner { source, reason: None, cache: Cache::default() }))
    }
}

/// One line for a log, without a secret: "application ... in tenant ..., by its client secret".
///
/// ```
/// use autopilot_sync::{Credential, Secret};
///
/// let credential = Credential::client_secret("contoso.com", "client-id", Secret::Text("hidden"))?;
/// assert_eq!(credential.to_string(), "application client-id in tenant contoso.com, by its client secret");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Source::Application(application) => f.write_str(&application.name()),
            Source::Platform(platform) => write!(f, "managed identity, from {}", platform.name()),
        }?;
        self.0.reason.iter().try_for_each(|reason| write!(f, "; the environment: {reason}"))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({self})")
    }
}
