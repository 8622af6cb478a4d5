//! The credential that the environment names. An input is lines such as `2 a-value`: the number of a variable, and its
//! value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};

use super::line;
use crate::credential::choice::{Choice, Endpoint, Named, NamedProof, choose};
use crate::credential::ids::{checked_client_id, checked_tenant};
use crate::credential::platform::Platform;
use crate::transport::Authority;

const VARIABLES: [&str; 16] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IMDS_ENDPOINT",
    "IDENTITY_SERVER_THUMBPRINT",
    "MSI_ENDPOINT",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
];

const SECRET: [&str; 4] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_PASSWORD", "IDENTITY_HEADER"];

pub fn environment(mut data: &[u8]) {
    let mut variables = BTreeMap::new();
    while !data.is_empty() {
        let line = String::from_utf8_lossy(line(&mut data)).into_owned();
        let Some((number, value)) = line.split_once(' ') else { continue };
        let name = number.parse().ok().and_then(|number: usize| VARIABLES.get(number));
        variables.extend(name.map(|name| (*name, value.to_owned())));
    }
    let of = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let choice = choose(|name| of(name).map(OsString::from));
    let said = choice.as_ref().map_or_else(String::as_str, |choice| choice.reason.as_str());
    assert!(said.is_ascii() && said.len() < 600 && !said.contains(char::is_control), "{said:?}");
    let is_secret = |name: &str| SECRET.contains(&name) && of(name).is_some();
    let with_others =
        choose(|name| if is_secret(name) { Some("x".into()) } else { of(name).map(OsString::from) });
    let said_with_others = with_others.as_ref().map_or_else(String::as_str, |choice| choice.reason.as_str());
    assert_eq!(said, said_with_others, "it depends on a secret");
    let Ok(Choice { source, authority, .. }) = choice else { return };
    if let Some(authority) = authority {
        assert!(authority.to_string().starts_with("https://"), "{authority}");
        assert!(of("AZURE_AUTHORITY_HOST").is_some());
    }
    match source {
        Named::Application { tenant, client_id, proof } => {
            assert_eq!((of("AZURE_TENANT_ID"), of("AZURE_CLIENT_ID")), (Some(&tenant), Some(&client_id)));
            let is = |name: &str, value: Option<&str>| of(name).map(String::as_str) == value;
            let (secret, certificate) = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH");
            assert!(match proof {
                NamedProof::Secret(text) => is(secret, Some(&text)),
                NamedProof::Certificate { file, .. } => is(secret, None) && is(certificate, file.to_str()),
                NamedProof::FederatedToken(file) => {
                    is(secret, None)
                        && is(certificate, None)
                        && is("AZURE_FEDERATED_TOKEN_FILE", file.to_str())
                }
            });
            let ids = [checked_tenant(&tenant), checked_client_id(&client_id)];
            ids.into_iter().flatten().for_each(|id| assert_is_segment(&id));
        }
        Named::ManagedIdentity { endpoint, client_id } => assert_stays_here(endpoint, client_id.as_deref()),
    }
}

/// A path stays what it is with this text as one of its segments.
fn assert_is_segment(text: &str) {
    let path = format!("/{text}/token");
    let url = ureq::http::Uri::try_from(format!("https://login.example{path}")).expect("a URL");
    assert_eq!((url.path(), url.query()), (&*path, None));
    assert!(!text.is_empty() && !text.contains(['/', '%']) && ![".", ".."].contains(&text), "{text:?}");
}

/// Plain HTTP goes to this machine or its link, and the path is one of HTTP.
fn assert_stays_here(endpoint: Endpoint, client_id: Option<&str>) {
    let Ok(platform) = Platform::new(endpoint, client_id, false) else { return };
    let request = platform.request("https://graph.microsoft.com", None);
    assert!(
        request.path.starts_with('/') && request.path.bytes().all(|byte| byte.is_ascii_graphic()),
        "{}",
        request.path
    );
    assert!(request.headers.iter().all(|(_, value)| value.bytes().all(|byte| byte.is_ascii_graphic())));
    let Authority::Platform { address, .. } = request.authority else { panic!("it is the platform's") };
    let ip = address.parse().map(|address: SocketAddr| address.ip());
    let ip: IpAddr = ip.or_else(|_| address.trim_matches(['[', ']']).parse()).expect("an address");
    let is_here = match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local(),
    };
    assert!(is_here, "{address}");
}
