//! Managed identities: how each of Azure's platforms is asked for a token.

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::choice::Endpoint;
use super::form::encoded;
use super::ids::checked_client_id;
use crate::config::host::split_host_port;
use crate::outcome::{Error, ErrorKind};
use crate::text::Object;
use crate::transport::{Authority, TokenRequest};

/// Where virtual machines find their identity. The address is the same in every cloud.
const IMDS: &str = "169.254.169.254";

/// The path of a virtual machine's service and of Azure Arc's agent.
const METADATA: &str = "/metadata/identity/oauth2/token";

/// Where the agent of Azure Arc listens.
const ARC: &str = "127.0.0.1:40342";

/// An Azure platform, and the identity that is asked for.
pub(crate) struct Platform {
    pub(super) kind: Kind,
    /// Host and port: an address of this machine or its link.
    address: String,
    path: String,
    /// The id of a user-assigned identity's application. None for the machine's own identity.
    client_id: Option<String>,
    /// Whether it is there: the environment or its installation says so, or it has answered.
    is_known: AtomicBool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The instance metadata service of a virtual machine.
    Imds,
    /// App Service, Functions and Container Apps.
    AppService { header: Zeroizing<String> },
    /// A server outside of Azure with Azure Arc's agent.
    Arc,
}

impl Platform {
    /// `has_arc` tells whether Azure Arc's agent is installed, which a service's environment may not say. Fails with
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if a variable leads away from this machine.
    pub(crate) fn new(named: Endpoint, client_id: Option<&str>, has_arc: bool) -> Result<Platform, Error> {
        let (kind, place) = match named {
            Endpoint::AppService { endpoint, header } => {
                (Kind::AppService { header: checked(header)? }, place("IDENTITY_ENDPOINT", &endpoint)?)
            }
            Endpoint::Arc { endpoint } => (Kind::Arc, place("IDENTITY_ENDPOINT", &endpoint)?),
            Endpoint::Imds { host: Some(host) } => {
                (Kind::Imds, place("AZURE_POD_IDENTITY_AUTHORITY_HOST", &host)?)
            }
            Endpoint::Imds { host: None } if has_arc => (Kind::Arc, (ARC.to_owned(), String::new())),
            Endpoint::Imds { host: None } => (Kind::Imds, (IMDS.to_owned(), String::new())),
        };
        let (address, path) = place;
        let path = if path.is_empty() { METADATA.to_owned() } else { path };
        let client_id = client_id.map(checked_client_id).transpose()?;
        let is_known = AtomicBool::new(kind != Kind::Imds);
        Ok(Platform { kind, address, path, client_id, is_known })
    }

    /// The request for a token for a Microsoft Graph. `key` answers Azure Arc's challenge.
    pub(crate) fn request(&self, root: &str, key: Option<&str>) -> TokenRequest {
        let version = match self.kind {
            Kind::Imds => "2018-02-01",
            Kind::AppService { .. } => "2019-08-01",
            Kind::Arc => "2020-06-01",
        };
        let mut path = format!("{}?api-version={version}&resource={}", self.path, encoded(root).as_str());
        if let Some(id) = &self.client_id {
            path = format!("{path}&client_id={id}");
        }
        let mut headers = vec![match &self.kind {
            Kind::AppService { header } => ("x-identity-header", header.clone()),
            Kind::Imds | Kind::Arc => ("metadata", Zeroizing::new("true".to_owned())),
        }];
        headers.extend(key.map(|key| ("authorization", Zeroizing::new(format!("Basic {key}")))));
        let secret = match &self.kind {
            Kind::AppService { header } => Some(header.as_str()),
            Kind::Imds | Kind::Arc => key,
        };
        let secrets = secret.map(|secret| Zeroizing::new(secret.to_owned())).into_iter().collect();
        let is_known = self.is_known();
        let authority = Authority::Platform { address: self.address.clone(), is_known };
        TokenRequest { authority, path, headers, form: None, secrets }
    }

    /// Whether a reply of Azure Arc's names the identity that was asked for. An old agent ignores which that is.
    pub(super) fn is_echoed(&self, body: &[u8]) -> bool {
        let Some(id) = &self.client_id else { return true };
        let reply = Object::read(body).ok().and_then(|reply| reply.text("client_id").ok().flatten());
        reply.is_some_and(|named| named.eq_ignore_ascii_case(id))
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    pub(super) fn set_known(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// For people: "the instance metadata service at 169.254.169.254".
    pub(super) fn name(&self) -> String {
        let name = match self.kind {
            Kind::Imds => "the instance metadata service",
            Kind::AppService { .. } => "App Service's identity endpoint",
            Kind::Arc => "Azure Arc's agent",
        };
        format!("{name} at {}", self.address)
    }
}

/// Whether Azure Arc's agent is installed.
pub(super) fn has_arc() -> bool {
    if cfg!(windows) {
        let folder = std::env::var_os("ProgramFiles").unwrap_or_default();
        Path::new(&folder).join(r"AzureConnectedMachineAgent\himds.exe").exists()
    } else {
        Path::new("/opt/azcmagent/bin/himds").exists()
    }
}

/// A header's value.
fn checked(header: Zeroizing<String>) -> Result<Zeroizing<String>, Error> {
    let is_visible = header.bytes().all(|byte| byte.is_ascii_graphic());
    is_visible.then_some(header).ok_or_else(|| unusable("IDENTITY_HEADER", "it is not visible ASCII"))
}

fn unusable(name: &str, fault: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("{name}: {fault}"))
}

/// The address and the path in a variable.
fn place(name: &str, url: &str) -> Result<(String, String), Error> {
    endpoint(url).map_err(|fault| unusable(name, fault))
}

/// The address and the path of a URL that plain HTTP may go to: of this machine itself, or of its link, which no router
/// leaves. A name other than localhost could lead anywhere.
fn endpoint(url: &str) -> Result<(String, String), &'static str> {
    let rest = url.strip_prefix("http://").ok_or("only http:// to this machine is supported")?;
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let (host, port) = split_host_port(authority).ok_or("its host or port is not valid")?;
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte)) {
        return Err("its path is not valid");
    }
    let host = if host.eq_ignore_ascii_case("localhost") { "127.0.0.1" } else { host };
    let address = match host.parse() {
        Ok(IpAddr::V4(v4)) if v4.is_loopback() || v4.is_link_local() => v4.to_string(),
        Ok(IpAddr::V6(v6)) if v6.is_loopback() || v6.segments()[0] & 0xffc0 == 0xfe80 => format!("[{v6}]"),
        _ => return Err("its host is not an address of this machine"),
    };
    let address = port.map_or(address.clone(), |port| format!("{address}:{port}"));
    Ok((address, path.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(url: &str) -> Endpoint {
        Endpoint::AppService { endpoint: url.to_owned(), header: Zeroizing::new("h".to_owned()) }
    }

    fn imds(host: Option<&str>) -> Endpoint {
        Endpoint::Imds { host: host.map(str::to_owned) }
    }

    #[test]
    fn each_platform_is_asked_in_its_own_way() {
        let (pod, own) = ("http://127.0.0.1:9/", "http://localhost:42356/msi/token");
        let arc = || Endpoint::Arc {
            endpoint: "http://localhost:40342/metadata/identity/oauth2/token/".to_owned(),
        };
        let (of_app, of_imds, of_arc) = ("2019-08-01", "2018-02-01", "2020-06-01");
        for (client_id, named, has_arc, address, path, version, more) in [
            (None, imds(None), false, "169.254.169.254", METADATA, of_imds, ""),
            (Some("a-1"), imds(None), false, "169.254.169.254", METADATA, of_imds, "&client_id=a-1"),
            (Some("o"), imds(Some(pod)), true, "127.0.0.1:9", METADATA, of_imds, "&client_id=o"),
            (None, app(own), true, "127.0.0.1:42356", "/msi/token", of_app, ""),
            (None, arc(), false, "127.0.0.1:40342", METADATA, of_arc, ""),
            (None, imds(None), true, "127.0.0.1:40342", METADATA, of_arc, ""),
        ] {
            let request = Platform::new(named, client_id, has_arc)
                .unwrap()
                .request("https://graph.microsoft.com", None);
            let version = format!("api-version={version}");
            let expected = format!("{path}?{version}&resource=https%3A%2F%2Fgraph.microsoft.com{more}");
            assert_eq!(request.path, expected);
            let address = address.to_owned();
            let is_known = !version.ends_with(of_imds);
            assert_eq!(request.authority, Authority::Platform { address, is_known });
            let header = if path == "/msi/token" { ("x-identity-header", "h") } else { ("metadata", "true") };
            let headers: Vec<_> =
                request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(headers, [header]);
            assert!(request.form.is_none());
            let secrets: &[&str] = if path == "/msi/token" { &["h"] } else { &[] };
            assert!(request.secrets.iter().map(|secret| secret.as_str()).eq(secrets.iter().copied()));
        }
        let request = Platform::new(arc(), None, false).unwrap().request("https://a", Some("the-key"));
        let (name, value) = &request.headers[1];
        assert_eq!(
            (*name, value.as_str(), request.secrets[0].as_str()),
            ("authorization", "Basic the-key", "the-key")
        );
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for (url, expected) in [
            ("http://127.0.0.1:1/a", Ok(("127.0.0.1:1", "/a"))),
            ("http://LOCALHOST:1", Ok(("127.0.0.1:1", ""))),
            ("http://169.254.131.2:8081/msi/token", Ok(("169.254.131.2:8081", "/msi/token"))),
            ("http://[::1]:1/", Ok(("[::1]:1", ""))),
            ("http://[fe80::1]/", Ok(("[fe80::1]", ""))),
            ("https://127.0.0.1/", Err("only http:// to this machine is supported")),
            ("http://192.0.2.1/", Err("its host is not an address of this machine")),
            ("http://metadata/", Err("its host is not an address of this machine")),
            ("http://127.0.0.1.example/", Err("its host is not an address of this machine")),
            ("http://user@127.0.0.1/", Err("its host or port is not valid")),
            ("http:///", Err("its host or port is not valid")),
            ("http://127.0.0.1/?a=b", Err("its path is not valid")),
            ("http://127.0.0.1/a b", Err("its path is not valid")),
        ] {
            let found = endpoint(url);
            let found = found.as_ref().map(|(address, path)| (address.as_str(), path.as_str()));
            assert_eq!(found, expected.as_ref().map(|pair| *pair), "{url}");
        }
        let error = Platform::new(app("http://192.0.2.1/"), None, false).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().ends_with("IDENTITY_ENDPOINT: its host is not an address of this machine"),
            "{error}"
        );
    }
}
