//! The credential that the environment names, by the variables and in the order of Microsoft's azure-identity: a secret,
//! a certificate, workload identity, managed identity. Pure.

use std::ffi::OsString;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::config::Root;

const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const USERNAME: &str = "AZURE_USERNAME";
const PASSWORD: &str = "AZURE_PASSWORD";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
const ENDPOINT: &str = "IDENTITY_ENDPOINT";
const HEADER: &str = "IDENTITY_HEADER";
const IMDS: &str = "IMDS_ENDPOINT";
const THUMBPRINT: &str = "IDENTITY_SERVER_THUMBPRINT";
const OLD_ENDPOINT: &str = "MSI_ENDPOINT";
const POD_IMDS: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// What the environment names.
pub(crate) struct Choice {
    pub(crate) source: Named,
    /// The login service, if the environment names one.
    pub(crate) authority: Option<Root>,
    /// One line: what was taken, and why nothing else was. Names variables, and shows no value.
    pub(crate) reason: String,
}

/// A credential, as the environment has it.
pub(crate) enum Named {
    Secret { tenant: String, client_id: String, secret: Zeroizing<String> },
    Certificate { tenant: String, client_id: String, file: PathBuf, with_chain: bool },
    WorkloadIdentity { tenant: String, client_id: String, token_file: PathBuf },
    ManagedIdentity { endpoint: Endpoint, client_id: Option<String> },
}

/// Who gives a managed identity's tokens, and the address.
pub(crate) enum Endpoint {
    AppService {
        endpoint: String,
        header: Zeroizing<String>,
    },
    Arc {
        endpoint: String,
    },
    /// The host of a variable, otherwise Azure's own.
    Imds {
        host: Option<String>,
    },
}

/// The ways of an application's own. Each also needs the ids of the tenant and the application.
const ORDER: [&str; 3] = [SECRET, CERTIFICATE, TOKEN_FILE];

/// The credential of an environment, or why it cannot be used. Ignores empty variables.
pub(crate) fn choose(get: impl Fn(&str) -> Option<OsString>) -> Result<Choice, String> {
    let environment = Environment(&get);
    let ids = environment.text(TENANT)?.zip(environment.text(CLIENT)?);
    let taken = ORDER.into_iter().find(|name| ids.is_some() && environment.has(name));
    environment.check_unsupported(taken)?;
    let (source, name) = match taken.zip(ids) {
        Some((name, (tenant, client_id))) => (environment.source(name, tenant, client_id)?, name.to_owned()),
        None => environment.managed_identity()?,
    };
    Ok(Choice { source, authority: environment.authority()?, reason: environment.reason(taken, name) })
}

/// The platform of a managed identity.
pub(crate) fn endpoint(get: impl Fn(&str) -> Option<OsString>) -> Result<Endpoint, String> {
    Ok(Environment(&get).endpoint()?.0)
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
        text.map_err(|_| format!("{name} is not UTF-8"))
    }

    /// Refuses what azure-identity would take here.
    fn check_unsupported(&self, taken: Option<&str>) -> Result<(), String> {
        let is_password = [CLIENT, USERNAME, PASSWORD].iter().all(|name| self.has(name));
        if is_password && matches!(taken, None | Some(TOKEN_FILE)) {
            return Err(format!(
                "signing in with a user's password ({USERNAME}, {PASSWORD}) is not supported: give the application a \
                 secret or a certificate"
            ));
        }
        if taken == Some(CERTIFICATE) && self.has(CERTIFICATE_PASSWORD) {
            return Err(format!(
                "an encrypted key ({CERTIFICATE_PASSWORD}) is not supported: decrypt it with `openssl pkey`, and \
                 protect the file by its permissions"
            ));
        }
        Ok(())
    }

    fn source(&self, name: &str, tenant: String, client_id: String) -> Result<Named, String> {
        let path = || PathBuf::from(self.get(name).unwrap_or_default());
        Ok(match name {
            SECRET => {
                let secret = Zeroizing::new(self.text(SECRET)?.unwrap_or_default());
                Named::Secret { tenant, client_id, secret }
            }
            CERTIFICATE => {
                let chain = self.text(CHAIN)?;
                let with_chain = chain.is_some_and(|text| text == "1" || text.eq_ignore_ascii_case("true"));
                Named::Certificate { tenant, client_id, file: path(), with_chain }
            }
            _ => Named::WorkloadIdentity { tenant, client_id, token_file: path() },
        })
    }

    fn managed_identity(&self) -> Result<(Named, String), String> {
        let (endpoint, name) = self.endpoint()?;
        let client_id = self.text(CLIENT)?;
        let which = if client_id.is_some() { CLIENT } else { "system-assigned" };
        Ok((Named::ManagedIdentity { endpoint, client_id }, format!("managed identity of {name} ({which})")))
    }

    fn endpoint(&self) -> Result<(Endpoint, &'static str), String> {
        for (name, platform) in [(THUMBPRINT, "Service Fabric"), (OLD_ENDPOINT, "Cloud Shell and Azure ML")] {
            let is_other = name == OLD_ENDPOINT && self.has(ENDPOINT);
            if self.has(name) && !is_other {
                return Err(format!("managed identity of {platform} ({name}) is not supported"));
            }
        }
        Ok(match (self.text(ENDPOINT)?, self.text(HEADER)?.map(Zeroizing::new)) {
            (Some(endpoint), Some(header)) => (Endpoint::AppService { endpoint, header }, "App Service"),
            (Some(endpoint), None) if self.has(IMDS) => (Endpoint::Arc { endpoint }, "Azure Arc"),
            _ => (Endpoint::Imds { host: self.text(POD_IMDS)? }, "the machine's IMDS"),
        })
    }

    fn authority(&self) -> Result<Option<Root>, String> {
        let Some(text) = self.text(AUTHORITY)? else { return Ok(None) };
        let url = if text.contains("://") { text } else { format!("https://{text}") };
        let root = Root::new(&url);
        root.map(Some).map_err(|_| format!("{AUTHORITY} must be a host with https, without a path"))
    }

    /// What was taken, why nothing before it was, and what comes after it.
    fn reason(&self, taken: Option<&str>, name: String) -> String {
        let place = ORDER.iter().position(|name| Some(*name) == taken).unwrap_or(ORDER.len());
        let missing: Vec<&str> = [TENANT, CLIENT].into_iter().filter(|name| !self.has(name)).collect();
        let note = |(index, name): (usize, &&str)| match self.has(name) {
            _ if index == place => None,
            true if index > place => Some(format!("{name} comes later")),
            true => Some(format!("{name} without {}", missing.join(" and "))),
            false if index < place => Some(format!("no {name}")),
            false => None,
        };
        let notes = ORDER.iter().enumerate().filter_map(note);
        std::iter::once(name).chain(notes).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [(&str, &str); 2] = [(TENANT, "t"), (CLIENT, "c")];
    const KEY: (&str, &str) = (SECRET, "the-secret");
    const PEM: (&str, &str) = (CERTIFICATE, "/a.pem");
    const FILE: (&str, &str) = (TOKEN_FILE, "/token");
    const USER: [(&str, &str); 2] = [(USERNAME, "u"), (PASSWORD, "the-password")];

    fn of<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    /// All values of a choice, and the reason apart.
    fn chosen(pairs: &[(&str, &str)]) -> Result<(String, String), String> {
        let choice = choose(of(pairs))?;
        assert_eq!(choice.authority, None);
        let values = match choice.source {
            Named::Secret { tenant, client_id, secret } => format!("{tenant} {client_id} {}", *secret),
            Named::Certificate { tenant, client_id, file, with_chain } => {
                format!("{tenant} {client_id} {} {with_chain}", file.display())
            }
            Named::WorkloadIdentity { tenant, client_id, token_file } => {
                format!("{tenant} {client_id} {}", token_file.display())
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
            (&[][..], Ok("imds -")),
            (&[(POD_IMDS, "http://p")], Ok("imds http://p")),
            (&[endpoint, header], Ok("app http://e the-header")),
            (&[endpoint, header, imds, (OLD_ENDPOINT, "x")], Ok("app http://e the-header")),
            (&[endpoint, imds], Ok("arc http://e")),
            (&[endpoint], Ok("imds -")),
            (&[header, imds], Ok("imds -")),
            (
                &[(OLD_ENDPOINT, "x")],
                Err("managed identity of Cloud Shell and Azure ML (MSI_ENDPOINT) is not supported"),
            ),
            (
                &[endpoint, header, (THUMBPRINT, "x")],
                Err("managed identity of Service Fabric (IDENTITY_SERVER_THUMBPRINT) is not supported"),
            ),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(super::endpoint(of(pairs)).map(shown), expected, "{pairs:?}");
            let chosen = chosen(pairs).map(|(values, _)| values);
            assert_eq!(chosen, expected.map(|values| values + " -"), "{pairs:?}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_and_no_value_is_shown() {
        for (pairs, expected) in [
            (
                &[USER[0], USER[1]][..],
                "signing in with a user's password (AZURE_USERNAME, AZURE_PASSWORD) is not",
            ),
            (&[USER[0], USER[1], FILE], "signing in with a user's password"),
            (
                &[PEM, (CERTIFICATE_PASSWORD, "the-password")],
                "an encrypted key (AZURE_CLIENT_CERTIFICATE_PASSWORD) is not",
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
