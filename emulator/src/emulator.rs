//! The handle of a running emulator, for programs and tests.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::behaviour::Behaviour;
use crate::certificate::Authority;
use crate::clock::Clock;
use crate::control;
use crate::entra::Entra;
use crate::identity::{Identities, Identity};
use crate::machine::Machine;
use crate::network::Network;
use crate::own_page;
use crate::parties::Parties;
use crate::party::Via;
use crate::record::{Connect, Counts, Recorded, Sink};
use crate::registration::Registration;
use crate::script::Step;
use crate::server;
use crate::service::Service;
use crate::shared::Shared;
use crate::tenant::{Settings, Tenant};
use crate::token::{Access, DEFAULT_TENANT, Token};

/// The variables that decide how a program reaches the services, and which authorities it trusts.
const VARIABLES: [&str; 19] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    // curl and Python's requests prefer these to SSL_CERT_FILE.
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    // Managed identities.
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
];

/// How an emulator starts.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The service's clock. Defaults to the real time.
    pub clock: Clock,
    /// The behaviour towards the default tenant, and towards every tenant that is not in [`tenants`](Self::tenants).
    pub behaviour: Behaviour,
    /// What is between a client and the service. Defaults to no obstacles.
    pub network: Network,
    /// What all other tokens may do. They belong to the default tenant. Defaults to everything.
    pub other_tokens: Access,
    /// Tokens that the service knows.
    pub tokens: Vec<(String, Token)>,
    /// Tenants with a behaviour of their own, by name.
    pub tenants: Vec<(String, Behaviour)>,
    /// The application that Entra knows. Defaults to any.
    pub registration: Registration,
    /// The managed identities of the machine. Defaults to any, on no kind of machine.
    pub identities: Identities,
    /// The steps that answer the first requests.
    pub script: Vec<Step>,
    /// More hosts to serve, besides the four clouds', localhost and 127.0.0.1.
    pub hosts: Vec<String>,
    /// The address at which the HTTP proxy listens; port 0 for any free one. Defaults to 127.0.0.1:0.
    pub proxy: Option<SocketAddr>,
    /// The address at which the service listens without a proxy; port 0 for any free one. Defaults to 127.0.0.1:0.
    pub direct: Option<SocketAddr>,
    /// The address of the control endpoint; port 0 for any free one. Defaults to no such endpoint.
    pub control: Option<SocketAddr>,
}

impl Config {
    /// Declares a token.
    pub fn token(mut self, text: &str, token: Token) -> Self {
        self.tokens.push((text.to_owned(), token));
        self
    }

    /// Declares a tenant with its own behaviour. [`Token::of`] makes a token belong to it.
    pub fn tenant(mut self, name: &str, behaviour: Behaviour) -> Self {
        self.tenants.push((name.to_owned(), behaviour));
        self
    }
}

/// A running emulator. Dropping it stops the emulator.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    ports: Ports,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    proxy: SocketAddr,
    tls_proxy: u16,
    socks: u16,
    direct: SocketAddr,
    identity: SocketAddr,
    control: Option<SocketAddr>,
}

impl Emulator {
    /// Starts an emulator.
    ///
    /// # Panics
    /// If it cannot listen on loopback, or cannot write to the temporary directory.
    pub fn start(config: Config) -> Self {
        Self::try_start(config).expect("cannot listen on loopback")
    }

    /// Starts an emulator. It is an error if it cannot listen on loopback, for example because a port is taken.
    pub fn try_start(config: Config) -> io::Result<Self> {
        let listeners = [
            (bind(config.proxy.unwrap_or(local(0)))?, Via::Proxy),
            (bind(local(0))?, Via::TlsProxy),
            (bind(local(0))?, Via::Socks),
            (bind(config.direct.unwrap_or(local(0)))?, Via::Direct),
            (bind(config.identities.identity_address)?, Via::Identity),
        ];
        let control = config.control.map(bind).transpose()?;
        let ports = Ports {
            proxy: reachable(listeners[0].0.local_addr()?),
            tls_proxy: listeners[1].0.local_addr()?.port(),
            socks: listeners[2].0.local_addr()?.port(),
            direct: listeners[3].0.local_addr()?,
            identity: listeners[4].0.local_addr()?,
            control: control.as_ref().map(TcpListener::local_addr).transpose()?.map(reachable),
        };
        let shared = Arc::new(shared(config, ports.proxy));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = shared.clone();
        let work = move || runtime.block_on(run(served, listeners, control, stopped));
        let thread = std::thread::Builder::new().name("autopilot-emulator".to_owned()).spawn(work)?;
        Ok(Self { shared, ports, stop: Some(stop), thread: Some(thread) })
    }

    /// The service's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Moves the service's clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Adds steps to the end of the script.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.shared.script().extend(steps);
    }

    /// Removes the remaining steps of the script.
    pub fn clear_script(&self) {
        self.shared.script().clear();
    }

    /// The number of remaining steps.
    pub fn steps_left(&self) -> usize {
        self.shared.script().len()
    }

    /// Changes the behaviour towards the default tenant.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.tenant(DEFAULT_TENANT, |tenant| change(tenant.behaviour_mut()));
    }

    /// Reads or changes a tenant. If the tenant is not declared, this makes it.
    pub fn tenant<T>(&self, name: &str, work: impl FnOnce(&mut Tenant) -> T) -> T {
        work(self.shared.parties().graph.tenant(name))
    }

    /// Declares a tenant, or resets it.
    pub fn set_tenant(&self, name: &str, behaviour: Behaviour) {
        let now = self.shared.clock.now();
        self.shared.parties().graph.set_tenant(name, behaviour, now);
    }

    /// Declares a token, or changes it.
    pub fn set_token(&self, text: &str, token: Token) {
        let now = self.shared.clock.now();
        self.shared.parties().graph.set_token(text, token, now);
    }

    /// Changes what tokens may do that are not declared.
    pub fn set_other_tokens(&self, access: Access) {
        self.shared.parties().graph.set_others(access);
    }

    /// Changes the application that Entra knows, or its tokens from now on.
    pub fn register(&self, change: impl FnOnce(&mut Registration)) {
        change(&mut self.shared.parties().entra.registration);
    }

    /// Makes the service ask for other tokens than those that Entra has issued so far: 401 with claims.
    pub fn revoke_tokens(&self) {
        self.shared.parties().revoke_tokens();
    }

    /// Changes the managed identities of the machine.
    pub fn identities(&self, change: impl FnOnce(&mut Identities)) {
        change(&mut self.shared.parties().identity.identities);
    }

    /// Lets the service start a sync of the default tenant by itself. Returns `false` if one is running.
    pub fn own_sync(&self) -> bool {
        let now = self.shared.clock.now();
        self.tenant(DEFAULT_TENANT, |tenant| tenant.own_sync(now))
    }

    /// The default tenant's settings now, which a lagging replica may not show yet.
    pub fn settings(&self) -> Settings {
        let now = self.shared.clock.now();
        self.tenant(DEFAULT_TENANT, |tenant| tenant.view(now))
    }

    /// Changes what is between a client and the service, for new connections.
    pub fn network(&self, change: impl FnOnce(&mut Network)) {
        change(&mut self.shared.network());
    }

    /// Ends all open connections, without TLS's `close_notify`.
    pub fn close_connections(&self) {
        self.shared.closing.send_replace(());
    }

    /// The requests to the service, with their replies.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.record.requests()
    }

    /// The requests to the proxies.
    pub fn connects(&self) -> Vec<Connect> {
        self.shared.record.connects()
    }

    /// How many connections, requests and so on there were.
    pub fn counts(&self) -> Counts {
        self.shared.record.counts()
    }

    /// Waits until the counts are as wanted. Returns `false` if that takes longer than `patience`, in real time.
    pub fn wait(&self, patience: Duration, wanted: impl Fn(&Counts) -> bool) -> bool {
        self.shared.record.wait(patience, wanted)
    }

    /// Removes the recorded requests. The counts stay.
    pub fn clear_requests(&self) {
        self.shared.record.clear();
    }

    /// Writes each exchange from now on as one JSON line, without the bearer token.
    pub fn log_to(&self, sink: Sink) {
        self.shared.record.write_to(sink);
    }

    /// The port of the HTTP proxy.
    pub fn proxy_port(&self) -> u16 {
        self.ports.proxy.port()
    }

    /// `http://127.0.0.1:PORT`, or with the address that [`Config::proxy`] sets: the proxy.
    pub fn proxy_url(&self) -> String {
        format!("http://{}", self.ports.proxy)
    }

    /// `https://localhost:PORT`, the same proxy over TLS.
    pub fn tls_proxy_url(&self) -> String {
        format!("https://localhost:{}", self.ports.tls_proxy)
    }

    /// `socks5://127.0.0.1:PORT`, the SOCKS5 proxy.
    pub fn socks_url(&self) -> String {
        format!("socks5://127.0.0.1:{}", self.ports.socks)
    }

    /// `https://localhost:PORT`, or with the address that [`Config::direct`] sets: the service without a proxy.
    pub fn direct_url(&self) -> String {
        format!("https://{}", server::host(self.ports.direct))
    }

    /// `http://127.0.0.1:PORT`, or with the address that [`Config::control`] sets: the control endpoint.
    pub fn control_url(&self) -> Option<String> {
        self.ports.control.map(|address| format!("http://{address}"))
    }

    /// The path of the CA's certificate, PEM. The file is deleted when the emulator stops.
    pub fn ca_file(&self) -> &Path {
        self.shared.authority.file()
    }

    /// The CA's certificate, PEM.
    pub fn ca_pem(&self) -> &str {
        self.shared.authority.pem()
    }

    /// `http://127.0.0.1:PORT`, where the machine's managed identity is asked for tokens.
    pub fn identity_url(&self) -> String {
        format!("http://{}", self.ports.identity)
    }

    /// The variables that tell a program that it is on this kind of machine, and lead it to the managed identity.
    pub fn machine_env(&self, machine: Machine) -> Vec<(&'static str, String)> {
        machine.env(&self.identity_url(), &self.shared.parties().identity.header)
    }

    /// The variables that lead a program here: `HTTPS_PROXY`, with credentials if the proxy requires them now,
    /// `SSL_CERT_FILE`, and those of the machine if it is of a certain kind.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let proxy = match &self.shared.network().proxy_credentials {
            None => self.proxy_url(),
            Some((user, password)) => {
                format!("http://{}:{}@{}", encoded(user), encoded(password), self.ports.proxy)
            }
        };
        let machine = self.shared.parties().identity.identities.managed_identity;
        let mut variables =
            vec![("HTTPS_PROXY", proxy), ("SSL_CERT_FILE", self.ca_file().to_string_lossy().into_owned())];
        variables.extend(machine.into_iter().flat_map(|machine| self.machine_env(machine)));
        variables
    }

    /// The variables that would lead a program elsewhere, or override those of [`env`](Self::env).
    pub fn misleading(&self) -> impl Iterator<Item = &'static str> {
        let leading = self.env();
        VARIABLES.into_iter().filter(move |name| leading.iter().all(|(own, _)| own != name))
    }

    /// A command that reaches the emulator, whatever this process's environment says.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.envs(self.env());
        command
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Its thread ends with all connections, and closes the ports.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Where this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { local(address.port()) } else { address }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn shared(config: Config, proxy: SocketAddr) -> Shared {
    let now = config.clock.now();
    let mut service = Service::new(config.behaviour, config.other_tokens, now);
    // Make it now, not at its first request, so that its own syncs count from here.
    service.tenant(DEFAULT_TENANT);
    for (name, behaviour) in config.tenants {
        service.set_tenant(&name, behaviour, now);
    }
    for (text, token) in config.tokens {
        service.set_token(&text, token, now);
    }
    let crl_url = format!("http://{proxy}{}", own_page::CRL_PATH);
    let direct = config.direct.map(|address| address.ip()).filter(|ip| !ip.is_unspecified());
    let hosts: Vec<String> = config.hosts.into_iter().chain(direct.map(|ip| ip.to_string())).collect();
    let authority = Authority::new(&hosts, crl_url);
    let parties = Parties {
        graph: service,
        entra: Entra::new(config.registration),
        identity: Identity::new(config.identities),
    };
    let shared = Shared::new(config.clock, authority, parties, config.network);
    shared.script().extend(config.script);
    shared
}

async fn run(
    shared: Arc<Shared>,
    listeners: [(TcpListener, Via); 5],
    control: Option<TcpListener>,
    stopped: oneshot::Receiver<()>,
) {
    for (listener, via) in listeners {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
        tokio::spawn(server::listen(listener, shared.clone(), via));
    }
    if let Some(listener) = control {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
        tokio::spawn(control::listen(listener, shared.clone()));
    }
    // An error means that the emulator was dropped, too.
    let _ = stopped.await;
}

/// Percent-encodes a user or password for a URL.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
