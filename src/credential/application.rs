//! An application of Microsoft Entra's, and how it asks for a token.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::assertion::assertion;
use super::certificate::Certificate;
use super::form::{encoded, form};
use super::ids::{checked_client_id, checked_tenant};
use super::secret;
use crate::config::{Cloud, Root};
use crate::outcome::Error;
use crate::transport::file::printable_path;
use crate::transport::{Authority, TokenRequest};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Clone)]
pub(super) struct Application {
    pub(super) tenant: String,
    pub(super) client_id: String,
    pub(super) proof: Arc<Proof>,
    /// Sends the certificate's chain too, for an application that trusts issuers and names.
    pub(super) with_chain: bool,
    /// The login service, if it is not the one of the client's cloud.
    pub(super) login: Option<Root>,
}

/// How an application proves that it is the one.
pub(super) enum Proof {
    Secret(Zeroizing<String>),
    Certificate(Box<Certificate>),
    /// A file with a token of another issuer, who renews it.
    FederatedToken(PathBuf),
}

impl Application {
    pub(super) fn new(tenant: &str, client_id: &str, proof: Proof) -> Result<Application, Error> {
        let (tenant, client_id) = (checked_tenant(tenant)?, checked_client_id(client_id)?);
        Ok(Application { tenant, client_id, proof: Arc::new(proof), with_chain: false, login: None })
    }

    /// The same application in another tenant.
    pub(super) fn in_tenant(&self, tenant: &str) -> Result<Application, Error> {
        Ok(Application { tenant: checked_tenant(tenant)?, ..self.clone() })
    }

    /// The request for a token for a Microsoft Graph. `id` is unique, and `claims` are those of a challenge.
    pub(super) fn request(
        &self,
        root: &str,
        cloud: Option<Cloud>,
        claims: Option<&str>,
        id: &str,
    ) -> Result<TokenRequest, Error> {
        let login = self.login.clone().unwrap_or_else(|| Root::of_login(cloud.unwrap_or_default()));
        let path = format!("/{}/oauth2/v2.0/token", self.tenant);
        let secret = self.proof(&format!("{login}{path}"), id)?;
        let scope = format!("{root}/.default");
        let mut fields = vec![
            ("client_id", self.client_id.as_str()),
            ("grant_type", "client_credentials"),
            ("scope", &scope),
        ];
        match &*self.proof {
            Proof::Secret(_) => fields.push(("client_secret", &secret)),
            _ => fields.extend([("client_assertion_type", ASSERTION), ("client_assertion", &secret)]),
        }
        fields.extend(claims.map(|claims| ("claims", claims)));
        let (authority, form) = (Authority::Entra(login), Some(form(&fields)));
        Ok(TokenRequest {
            authority,
            path,
            headers: Vec::new(),
            form,
            secrets: vec![encoded(&secret), secret],
        })
    }

    /// The secret, or an assertion for this audience.
    fn proof(&self, audience: &str, id: &str) -> Result<Zeroizing<String>, Error> {
        match &*self.proof {
            Proof::Secret(secret) => Ok(secret.clone()),
            Proof::FederatedToken(file) => secret::from_file("federated token", file),
            Proof::Certificate(certificate) => {
                assertion(certificate, self.with_chain, &self.client_id, audience, SystemTime::now(), id)
            }
        }
    }

    /// For people.
    pub(super) fn name(&self) -> String {
        let proof = match &*self.proof {
            Proof::Secret(_) => "client secret".to_owned(),
            Proof::Certificate(_) if self.with_chain => "certificate and chain".to_owned(),
            Proof::Certificate(_) => "certificate".to_owned(),
            Proof::FederatedToken(file) => format!("federated token in {}", printable_path(file)),
        };
        let login = self.login.as_ref().map_or(String::new(), |root| format!(", at {}", root.authority()));
        format!("application {} in tenant {}{login}, by its {proof}", self.client_id, self.tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_service_is_the_clouds_or_the_named_one() {
        let application = |login: Option<&str>| {
            let proof = Proof::Secret(Zeroizing::new("hidden".to_owned()));
            let application = Application::new("contoso.com", "client-id", proof).unwrap();
            Application { login: login.map(|url| Root::new(url).unwrap()), ..application }
        };
        for (login, cloud, host, name) in [
            (None, None, "login.microsoftonline.com", "application client-id in tenant contoso.com"),
            (
                None,
                Some(Cloud::UsGovernment),
                "login.microsoftonline.us",
                "application client-id in tenant contoso.com",
            ),
            (
                Some("https://[::1]:8443"),
                Some(Cloud::China),
                "[::1]:8443",
                "application client-id in tenant contoso.com, at [::1]:8443",
            ),
        ] {
            let application = application(login);
            assert_eq!(application.name(), format!("{name}, by its client secret"));
            let request = application.request("https://graph.example", cloud, None, "id").unwrap();
            assert_eq!(request.authority.name(), host);
        }
    }

    #[test]
    fn a_name_is_one_line() {
        let file = Proof::FederatedToken("/a\n/b".into());
        let name = Application::new("contoso.com", "client-id", file).unwrap().name();
        assert_eq!(name, "application client-id in tenant contoso.com, by its federated token in /a /b");
    }
}
