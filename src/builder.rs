//! The options of a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::Client;
use crate::config::{Cloud, Environment, Proxy, Root, Trust, limits};
use crate::outcome::Error;
use crate::transport::{Graph, ProxyChoice, Routes};

/// The options of a [`Client`]. Each setter copies its argument. If the argument is not valid, the setter fails with
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument).
///
/// ```
/// use std::time::Duration;
/// use autopilot_sync::{Client, Cloud};
///
/// let client = Client::builder()
///     .cloud(Cloud::UsGovernment)
///     .timeout(Duration::from_secs(10))?
///     .user_agent_suffix("acme-agent/3.1")?
///     .build()?;
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    root: Root,
    proxy: ProxyChoice,
    ca_file: Option<PathBuf>,
    timeout: Duration,
    connect_timeout: Option<Duration>,
    max_retries: u32,
    user_agent: String,
    ignore_environment: bool,
    trigger_only: bool,
}

impl Client {
    /// Makes a client with the default options. Reads the environment, and connects to nothing.
    ///
    /// Fails with [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the environment cannot be used.
    ///
    /// ```
    /// let client = autopilot_sync::Client::new()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn new() -> Result<Client, Error> {
        Client::builder().build()
    }

    /// Starts with the default options, to make a client with others.
    ///
    /// ```
    /// let client = autopilot_sync::Client::builder().max_retries(0)?.build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}

impl Default for ClientBuilder {
    fn default() -> ClientBuilder {
        ClientBuilder {
            root: Cloud::default().into(),
            proxy: ProxyChoice::FromEnvironment,
            ca_file: None,
            timeout: limits::DEFAULT_TIMEOUT,
            connect_timeout: None,
            max_retries: limits::DEFAULT_RETRIES,
            user_agent: concat!("autopilot-sync/", env!("CARGO_PKG_VERSION")).to_owned(),
            ignore_environment: false,
            trigger_only: false,
        }
    }
}

impl ClientBuilder {
    /// The cloud whose Microsoft Graph the client calls. Replaces a base URL. Defaults to [`Cloud::Global`].
    ///
    /// ```
    /// use autopilot_sync::{Client, Cloud};
    ///
    /// let client = Client::builder().cloud(Cloud::China).build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn cloud(mut self, cloud: Cloud) -> ClientBuilder {
        self.root = cloud.into();
        self
    }

    /// The root of a Microsoft Graph outside of the [`Cloud`]s, such as `https://graph.example`: https, a host, an
    /// optional port, and nothing else. Replaces the cloud. Tokens are sent there, so no environment variable can set
    /// it. Defaults to the root of the cloud.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().base_url("https://graph.example:8443")?.build()?;
    /// assert!(Client::builder().base_url("http://graph.example").is_err(), "no token goes out in clear text");
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn base_url(mut self, url: &str) -> Result<ClientBuilder, Error> {
        self.root = Root::new(url).map_err(Error::invalid_argument)?;
        Ok(self)
    }

    /// A proxy, as `scheme://user:password@host:port`. The scheme is `http`, `https`, `socks5` (this library looks
    /// names up) or `socks5h` (the proxy looks them up). Without a scheme it is http. Without a port it is 443 for
    /// https, and 1080 for the others. Replaces the environment's proxy and its exceptions. Defaults to the
    /// environment's proxy.
    ///
    /// User name and password are percent-encoded. The client sends them by the Basic scheme only.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().proxy("http://agent:p%40ss@proxy.example:8080")?.build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn proxy(mut self, url: &str) -> Result<ClientBuilder, Error> {
        let proxy = Proxy::new(url)
            .map_err(|error| Error::invalid_argument(format!("the proxy's address: {error}")))?;
        self.proxy = ProxyChoice::Given(proxy);
        Ok(self)
    }

    /// No proxy, whatever the environment says. Defaults to the environment's proxy.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().no_proxy().build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn no_proxy(mut self) -> ClientBuilder {
        self.proxy = ProxyChoice::Direct;
        self
    }

    /// A PEM file of certificate authorities to trust **instead of** those of the system and the environment.
    /// [`build`](Self::build) reads it, and so does a call after a failed TLS handshake. So it must be a regular file
    /// of at most 16 MiB; a pipe, such as a shell's `<(...)`, is refused. Defaults to `SSL_CERT_FILE` (with the same
    /// rules) and `SSL_CERT_DIR` if they are set, otherwise to the system's trust.
    ///
    /// ```
    /// use autopilot_sync::{Client, ErrorKind};
    ///
    /// let error = Client::builder().ca_file("/etc/acme/no-such-file.pem")?.build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Configuration);
    /// assert!(error.to_string().contains("/etc/acme/no-such-file.pem"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn ca_file(mut self, path: impl AsRef<Path>) -> Result<ClientBuilder, Error> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() {
            return Err(Error::invalid_argument("the CA file's path is empty"));
        }
        self.ca_file = Some(path.to_owned());
        Ok(self)
    }

    /// How long a call may take, from the name look-up to the last byte, including retries: from 1 millisecond to 24
    /// hours. In a wait, it bounds each request. Defaults to 30 seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().timeout(Duration::from_secs(5))?.build()?;
    /// assert!(Client::builder().timeout(Duration::ZERO).is_err(), "zero does not mean for ever");
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Result<ClientBuilder, Error> {
        self.timeout = limits::timeout("timeout", timeout).map_err(Error::invalid_argument)?;
        Ok(self)
    }

    /// How long one attempt to connect may take, with name look-up, TCP, proxy and TLS: from 1 millisecond to 24 hours.
    /// Defaults to as long as the call, so that a slow name server or a proxy that needs 12 seconds for its tunnel gets
    /// the time.
    ///
    /// Set it to give up an attempt that hangs, and start another. Each attempt starts from the beginning, except that
    /// it joins a look-up of the name that is still running.
    ///
    /// ```
    /// use std::time::Duration;
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().connect_timeout(Duration::from_secs(3))?.build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Result<ClientBuilder, Error> {
        self.connect_timeout =
            Some(limits::timeout("connect timeout", timeout).map_err(Error::invalid_argument)?);
        Ok(self)
    }

    /// How often a request is repeated after a transient failure, from 0 to 10. A trigger is repeated only if it cannot
    /// have run. Defaults to 3.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().max_retries(0)?.build()?; // every failure is seen at once
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn max_retries(mut self, retries: u32) -> Result<ClientBuilder, Error> {
        if retries > limits::MOST_RETRIES {
            let most = limits::MOST_RETRIES;
            return Err(Error::invalid_argument(format!("the number of retries must be from 0 to {most}")));
        }
        self.max_retries = retries;
        Ok(self)
    }

    /// A text that follows `autopilot-sync/VERSION` in the User-Agent, such as `acme-agent/3.1`: visible ASCII and
    /// blanks, at most 256 bytes. Defaults to no text.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    /// let client = Client::builder().user_agent_suffix(agent)?.build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn user_agent_suffix(mut self, suffix: &str) -> Result<ClientBuilder, Error> {
        let is_visible = suffix.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        let longest = limits::LONGEST_USER_AGENT_SUFFIX;
        if suffix.trim().is_empty() || suffix.len() > longest || !is_visible {
            return Err(Error::invalid_argument(format!(
                "the User-Agent suffix must be 1 to {longest} bytes of visible ASCII"
            )));
        }
        self.user_agent = format!("{} {}", ClientBuilder::default().user_agent, suffix.trim());
        Ok(self)
    }

    /// Ignores `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, `SSL_CERT_FILE` and `SSL_CERT_DIR`, and on Windows the proxies
    /// of the machine and the user. Defaults to reading them, except in a process with more rights than the user who
    /// started it (set-uid, set-gid, file capabilities).
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let service = Client::builder().ignore_environment().proxy("proxy.example:8080")?.build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn ignore_environment(mut self) -> ClientBuilder {
        self.ignore_environment = true;
        self
    }

    /// [`sync`](Client::sync) sends the trigger, and never reads the settings. Defaults to reading them once if the service
    /// answers "too soon" without saying until when.
    ///
    /// For a token that may trigger and not read, or to save that request.
    ///
    /// ```
    /// use autopilot_sync::Client;
    ///
    /// let client = Client::builder().trigger_only().build()?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn trigger_only(mut self) -> ClientBuilder {
        self.trigger_only = true;
        self
    }

    /// Makes the client. Reads the environment and the CA files now, and connects to nothing.
    ///
    /// Fails with [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if one of these cannot be used. The
    /// message names it. Fails with [`ErrorKind::Connect`](crate::ErrorKind::Connect) if no file descriptor is left to
    /// read a CA file.
    ///
    /// ```
    /// use autopilot_sync::{Client, ClientBuilder};
    ///
    /// let options: ClientBuilder = Client::builder().max_retries(1)?;
    /// let (here, there) = (options.clone().build()?, options.no_proxy().build()?);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let environment =
            if self.ignore_environment { Environment::default() } else { Environment::of_process() };
        let graph = Graph::new(&self.root, self.routes(environment), self.timeout, self.max_retries)?;
        Ok(Client { graph, trigger_only: self.trigger_only })
    }

    fn routes(&self, environment: Environment) -> Routes {
        let trust = match &self.ca_file {
            Some(file) => Trust::from_file(file.clone()),
            None => environment.trust(),
        };
        Routes::new(self.proxy.clone(), trust, self.connect_timeout, self.user_agent.clone(), environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ErrorKind;

    fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_setter() {
        let refused = [
            builder().base_url("http://graph.microsoft.com"),
            builder().proxy("ftp://proxy"),
            builder().ca_file(""),
            builder().timeout(Duration::ZERO),
            builder().timeout(limits::LONGEST_TIMEOUT + Duration::from_millis(1)),
            builder().connect_timeout(Duration::from_micros(999)),
            builder().max_retries(11),
            builder().user_agent_suffix(""),
            builder().user_agent_suffix("a\r\nHost: b"),
            builder().user_agent_suffix("é"),
            builder().user_agent_suffix(&"x".repeat(257)),
        ];
        for refusal in refused {
            assert_eq!(refusal.unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn options_win_over_the_environment() {
        let pairs = [("HTTPS_PROXY", "env:1"), ("NO_PROXY", "graph.microsoft.us"), ("SSL_CERT_FILE", "/env")];
        let proxy = |builder: ClientBuilder| {
            let route = builder.routes(environment(&pairs)).to(builder.root.host()).unwrap();
            (route.proxy.map(|rule| rule.to_string()), route.proxy_words.to_string())
        };
        let trust = |builder: ClientBuilder| format!("{:?}", builder.routes(environment(&pairs)));
        let some = |proxy: &str, source: &str| (Some(proxy.to_owned()), format!("{proxy}, from {source}"));
        assert_eq!(proxy(builder()), some("http://env:1", "HTTPS_PROXY"));
        let excepted = "none: the host is an exception, graph.microsoft.us in NO_PROXY".to_owned();
        assert_eq!(proxy(builder().cloud(Cloud::UsGovernment)), (None, excepted));
        assert_eq!(proxy(builder().no_proxy()), (None, "none, by the options".to_owned()));
        let given = builder().cloud(Cloud::UsGovernment).proxy("socks5://given").unwrap();
        assert_eq!(proxy(given), some("socks5://given:1080", "the options"));
        assert!(trust(builder()).contains("/env"));
        assert!(trust(builder().ca_file("/given").unwrap()).contains("/given"));
    }

    #[test]
    fn an_unusable_variable_is_a_configuration_error_that_names_it() {
        let routes = builder().routes(environment(&[("all_proxy", "http://u:secret@")]));
        let error = routes.to("graph.microsoft.com").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("all_proxy") && !error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn the_suffix_follows_the_library_in_the_user_agent() {
        let agent =
            |builder: ClientBuilder| builder.routes(Environment::default()).to("host").unwrap().user_agent;
        let own = concat!("autopilot-sync/", env!("CARGO_PKG_VERSION"));
        assert_eq!(agent(builder()), own);
        let twice = builder().user_agent_suffix("a/1").unwrap().user_agent_suffix(" b/2 ").unwrap();
        assert_eq!(agent(twice), format!("{own} b/2"));
    }
}
