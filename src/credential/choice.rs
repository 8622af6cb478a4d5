//! The credential that the environment names, by the variables and in the order of Microsoft's azure-identity: a secret,
//! a certificate, workload identity, managed identity. Pure.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::config::Root;

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// What an application can prove itself with, if the ids of the tenant and the application are set too.
const PROOFS: [&str; 3] = [SECRET, CERTIFICATE, TOKEN_FILE];

/// What the environment names.
pub(crate) struct Choice {
    pub(crate) source: Named,
    /// The login service, if the environment names one.
    pub(crate) authority: Option<Root>,
    /// One line: what was taken, and why nothing else was. Names variables, and shows no value.
    pub(crate) reason: String,
}

pub(crate) enum Named {
    Application { tenant: String, client_id: String, proof: NamedProof },
    ManagedIdentity { endpoint: Endpoint, client_id: Option<String> },
}

pub(crate) enum NamedProof {
    Secret(Zeroizing<String>),
    Certificate { file: PathBuf, with_chain: bool },
    FederatedToken(PathBuf),
}

/// Who gives a managed identity's tokens, and where. IMDS without a host is at Azure's own address.
pub(crate) enum Endpoint {
    AppService { endpoint: String, header: Zeroizing<String> },
    Arc { endpoint: String },
    Imds { host: Option<String> },
}

/// The credential of an environment, or why it cannot be used. Ignores empty variables.
pub(crate) fn choose(get: impl Fn(&str) -> Option<OsString>) -> Result<Choice, String> {
    let environment = Environment(&get);
    let ids = environment.text(TENANT)?.zip(environment.text(CLIENT)?);
    let taken = PROOFS.into_iter().find(|name| ids.is_some() && environment.has(name));
    let is_user = [CLIENT, "AZURE_USERNAME", "AZURE_PASSWORD"].iter().all(|name| environment.has(name));
    if is_user && matches!(taken, None | Some(TOKEN_FILE)) {
        return Err(format!(
            "AZURE_PASSWORD: no user's password is supported; set {SECRET} or {CERTIFICATE}"
        ));
    }
    let (source, name) = match taken.zip(ids) {
        Some((name, (tenant, client_id))) => {
            let proof = environment.proof(name)?;
            (Named::Application { tenant, client_id, proof }, name.to_owned())
        }
        None => {
            let (endpoint, client_id) = (environment.endpoint()?, environment.text(CLIENT)?);
            let which = client_id.as_ref().map_or("system-assigned", |_| CLIENT);
            let name = format!("managed identity of {} ({which})", endpoint.name());
            (Named::ManagedIdentity { endpoint, client_id }, name)
        }
    };
    Ok(Choice { source, authority: environment.authority()?, reason: environment.reason(taken, name) })
}

/// Who gives the managed identity's tokens.
pub(crate) fn endpoint(get: impl Fn(&str) -> Option<OsString>) -> Result<Endpoint, String> {
    Environment(&get).endpoint()
}

impl Endpoint {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Endpoint::AppService { .. } => "App Service",
            Endpoint::Arc { .. } => "Azure Arc",
            Endpoint::Imds { .. } => "the machine's IMDS",
        }
    }
}

struct Environment<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// The value may be a secret, so the copy is wiped.
    fn has(&self, name: &str) -> bool {
        self.get(name).map(OsString::into_encoded_bytes).map(Zeroizing::new).is_some()
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let text = self.get(name).map(OsString::into_string).transpose();
        // It may be a secret.
        let wipe = |text: OsString| drop(Zeroizing::new(text.into_encoded_bytes()));
        text.map_err(wipe).map_err(|()| format!("{name} is not UTF-8"))
    }

    fn proof(&self, name: &str) -> Result<NamedProof, String> {
        const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
        let file = || PathBuf::from(self.get(name).unwrap_or_default());
        match name {
            SECRET => Ok(NamedProof::Secret(Zeroizing::new(self.text(SECRET)?.unwrap_or_default()))),
            CERTIFICATE if self.has(PASSWORD) => {
                Err(format!("{PASSWORD}: no encrypted key is supported; decrypt it with `openssl pkey`"))
            }
            CERTIFICATE => {
                let chain = self.text("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")?.unwrap_or_default();
                let with_chain = chain == "1" || chain.eq_ignore_ascii_case("true");
                Ok(NamedProof::Certificate { file: file(), with_chain })
            }
            _ => Ok(NamedProof::FederatedToken(file())),
        }
    }

    fn endpoint(&self) -> Result<Endpoint, String> {
        let header = self.text("IDENTITY_HEADER")?.map(Zeroizing::new);
        let unsupported = |platform| Err(format!("managed identity of {platform} is not supported"));
        Ok(match (self.text("IDENTITY_ENDPOINT")?, header) {
            (Some(_), _) if self.has("IDENTITY_SERVER_THUMBPRINT") => return unsupported("Service Fabric"),
            (None, _) if self.has("MSI_ENDPOINT") => {
                return unsupported("Cloud Shell and Azure ML (MSI_ENDPOINT)");
            }
            (Some(endpoint), Some(header)) => Endpoint::AppService { endpoint, header },
            (Some(endpoint), None) if self.has("IMDS_ENDPOINT") => Endpoint::Arc { endpoint },
            _ => Endpoint::Imds { host: self.text("AZURE_POD_IDENTITY_AUTHORITY_HOST")? },
        })
    }

    fn authority(&self) -> Result<Option<Root>, String> {
        const NAME: &str = "AZURE_AUTHORITY_HOST";
        let Some(text) = self.text(NAME)? else { return Ok(None) };
        let url = if text.contains("://") { text } else { format!("https://{text}") };
        Root::new(&url).map(Some).map_err(|_| format!("{NAME} must be a host with https, without a path"))
    }

    fn reason(&self, taken: Option<&str>, name: String) -> String {
        let place = PROOFS.iter().position(|name| Some(*name) == taken).unwrap_or(PROOFS.len());
        let missing: Vec<&str> = [TENANT, CLIENT].into_iter().filter(|name| !self.has(name)).collect();
        let note = |(index, name): (usize, &&str)| match (index.cmp(&place), self.has(name)) {
            (Ordering::Less, false) => Some(format!("no {name}")),
            (Ordering::Less, true) => Some(format!("{name} without {}", missing.join(" and "))),
            (Ordering::Greater, true) => Some(format!("{name} comes later")),
            _ => None,
        };
        let notes = PROOFS.iter().enumerate().filter_map(note);
        std::iter::once(name).chain(notes).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
    const CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
    const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
    const ENDPOINT: &str = "IDENTITY_ENDPOINT";
    const HEADER: &str = "IDENTITY_HEADER";
    const IMDS: &str = "IMDS_ENDPOINT";
    const POD_IMDS: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

    const IDS: [(&str, &str); 2] = [(TENANT, "t"), (CLIENT, "c")];
    const KEY: (&str, &str) = (SECRET, "the-secret");
    const PEM: (&str, &str) = (CERTIFICATE, "/a.pem");
    const FILE: (&str, &str) = (TOKEN_FILE, "/token");
    const USER: [(&str, &str); 2] = [("AZURE_USERNAME", "u"), ("AZURE_PASSWORD", "the-password")];

    fn of<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    /// All values of a choice, and the reason apart.
    fn chosen(pairs: &[(&str, &str)]) -> Result<(String, String), String> {
        let choice = choose(of(pairs))?;
        assert_eq!(choice.authority, None);
        let values = match choice.source {
            Named::Application { tenant, client_id, proof } => {
                let proof = match proof {
                    NamedProof::Secret(secret) => secret.to_string(),
                    NamedProof::Certificate { file, with_chain } => {
                        format!("{} {with_chain}", file.display())
                    }
                    NamedProof::FederatedToken(file) => file.display().to_string(),
                };
                format!("{tenant} {client_id} {proof}")
            }
            Named::ManagedIdentity { endpoint, client_id } => {
                format!("{} {}", shown(endpoint), client_id.as_deref().unwrap_or("-"))
            }
        };
        Ok((values, choice.reason))
    }

    fn shown(endpoint: Endpoint) -> String {
        match endpoint {
            Endpoint::AppService { endpoint, header } => format!("app {endpoint} {}", *header),
            Endpoint::Arc { endpoint } => format!("arc {endpoint}"),
            Endpoint::Imds { host } => format!("imds {}", host.as_deref().unwrap_or("-")),
        }
    }

    #[test]
    fn the_first_complete_way_is_taken() {
        const NONE: &str = "no AZURE_CLIENT_SECRET; no AZURE_CLIENT_CERTIFICATE_PATH";
        let [tenant, client] = IDS;
        let imds = "managed identity of the machine's IMDS";
        for (pairs, values, reason) in [
            (
                &[KEY, PEM, FILE][..],
                "t c the-secret",
                format!("{SECRET}; {CERTIFICATE} comes later; {TOKEN_FILE} comes later"),
            ),
            (&[KEY, USER[0], USER[1]], "t c the-secret", SECRET.to_owned()),
            (&[PEM], "t c /a.pem false", format!("{CERTIFICATE}; no {SECRET}")),
            (&[PEM, (SECRET, "")], "t c /a.pem false", format!("{CERTIFICATE}; no {SECRET}")),
            (&[PEM, (CHAIN, "true")], "t c /a.pem true", format!("{CERTIFICATE}; no {SECRET}")),
            (
                &[PEM, (CHAIN, "True"), USER[0], USER[1]],
                "t c /a.pem true",
                format!("{CERTIFICATE}; no {SECRET}"),
            ),
            (
                &[PEM, (CHAIN, "1"), FILE],
                "t c /a.pem true",
                format!("{CERTIFICATE}; no {SECRET}; {TOKEN_FILE} comes later"),
            ),
            (&[PEM, (CHAIN, "false")], "t c /a.pem false", format!("{CERTIFICATE}; no {SECRET}")),
            (&[PEM, (CHAIN, "0")], "t c /a.pem false", format!("{CERTIFICATE}; no {SECRET}")),
            (&[FILE, USER[0], (CERTIFICATE_PASSWORD, "x")], "t c /token", format!("{TOKEN_FILE}; {NONE}")),
            (&[], "imds - c", format!("{imds} ({CLIENT}); {NONE}; no {TOKEN_FILE}")),
        ] {
            let pairs = [&IDS, pairs].concat();
            assert_eq!(chosen(&pairs), Ok((values.to_owned(), reason)), "{pairs:?}");
        }
        for (pairs, values, reason) in [
            (&[][..], "imds - -", format!("{imds} (system-assigned); {NONE}; no {TOKEN_FILE}")),
            (
                &[KEY, tenant],
                "imds - -",
                format!(
                    "{imds} (system-assigned); {SECRET} without {CLIENT}; no {CERTIFICATE}; no {TOKEN_FILE}"
                ),
            ),
            (
                &[PEM, client],
                "imds - c",
                format!("{imds} ({CLIENT}); no {SECRET}; {CERTIFICATE} without {TENANT}; no {TOKEN_FILE}"),
            ),
            (
                &[FILE],
                "imds - -",
                format!("{imds} (system-assigned); {NONE}; {TOKEN_FILE} without {TENANT} and {CLIENT}"),
            ),
        ] {
            assert_eq!(chosen(pairs), Ok((values.to_owned(), reason)), "{pairs:?}");
        }
    }

    #[test]
    fn the_platform_of_a_managed_identity_is_known_by_its_variables() {
        let [endpoint, header, imds] = [(ENDPOINT, "http://e"), (HEADER, "the-header"), (IMDS, "http://i")];
        for (pairs, expected) in [
            (&[][..], "imds -"),
            (&[(POD_IMDS, "http://p")], "imds http://p"),
            (&[endpoint, header], "app http://e the-header"),
            (&[endpoint, header, imds, ("MSI_ENDPOINT", "x")], "app http://e the-header"),
            (&[endpoint, imds], "arc http://e"),
            (&[endpoint], "imds -"),
            (&[header, imds], "imds -"),
        ] {
            assert_eq!(super::endpoint(of(pairs)).map(shown).as_deref(), Ok(expected), "{pairs:?}");
            let (values, reason) = chosen(pairs).unwrap();
            assert_eq!(values, format!("{expected} -"), "{pairs:?}");
            let name = super::endpoint(of(pairs)).unwrap().name();
            assert!(
                reason.starts_with(&format!("managed identity of {name} (system-assigned); ")),
                "{reason}"
            );
        }
        for (pairs, platform) in [
            (&[("MSI_ENDPOINT", "x")][..], "Cloud Shell and Azure ML (MSI_ENDPOINT)"),
            (&[endpoint, header, ("IDENTITY_SERVER_THUMBPRINT", "x")], "Service Fabric"),
        ] {
            assert_eq!(chosen(pairs), Err(format!("managed identity of {platform} is not supported")));
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_and_no_value_is_shown() {
        for (pairs, expected) in [
            (&[USER[0], USER[1]][..], "AZURE_PASSWORD: no user's password is supported"),
            (&[USER[0], USER[1], FILE], "AZURE_PASSWORD: no user's password is supported"),
            (
                &[PEM, (CERTIFICATE_PASSWORD, "the-password")],
                "AZURE_CLIENT_CERTIFICATE_PASSWORD: no encrypted key",
            ),
        ] {
            let error = chosen(&[&IDS, pairs].concat()).unwrap_err();
            assert!(error.starts_with(expected) && !error.contains("the-"), "{error}");
        }
        let (_, reason) = chosen(&[&IDS[..], &[KEY, PEM]].concat()).unwrap();
        assert!(!reason.contains("the-"));
    }

    #[test]
    fn the_login_service_is_a_host_with_https() {
        for (text, expected) in [
            ("login.microsoftonline.us", Some("https://login.microsoftonline.us")),
            ("https://login.microsoftonline.us/", Some("https://login.microsoftonline.us")),
            ("https://login.example:8443", Some("https://login.example:8443")),
            ("http://login.microsoftonline.us", None),
            ("https://login.microsoftonline.us/tenant", None),
            ("user:the-password@login.example", None),
            ("a b", None),
        ] {
            let choice = choose(of(&[(AUTHORITY, text)]));
            match expected {
                Some(root) => assert_eq!(choice.ok().unwrap().authority.unwrap().to_string(), root),
                None => {
                    let error = choice.err().unwrap();
                    assert_eq!(
                        error, "AZURE_AUTHORITY_HOST must be a host with https, without a path",
                        "{text}"
                    );
                }
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_text_that_is_not_utf_8_is_named() {
        use std::os::unix::ffi::OsStringExt as _;
        for name in [TENANT, CLIENT, SECRET, CHAIN, ENDPOINT, AUTHORITY] {
            let get = |asked: &str| match asked {
                asked if asked == name => Some(OsString::from_vec(vec![0xff])),
                TENANT | CLIENT => Some("id".into()),
                CERTIFICATE if name == CHAIN => Some("/a.pem".into()),
                _ => None,
            };
            assert_eq!(choose(get).err(), Some(format!("{name} is not UTF-8")));
        }
    }
}
