//! The application that Entra knows, and what its tokens are.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::assertion::{Assertion, ClientCertificate};
use crate::entra::Cloud;
use crate::form::Form;
use crate::refusal::{Refusal, Subject};
use crate::time;

/// The application that Entra issues tokens to. Unless told otherwise, each tenant, client id and credential is valid.
///
/// Each field is also an option of the program, with the same name and default.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "Tokens from Entra")]
pub struct Registration {
    /// A tenant that exists, by id or name [default: any]; repeatable
    #[arg(long = "entra-tenant", value_name = "TENANT")]
    pub entra_tenants: Vec<String>,
    /// The application's id [default: any]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The application's secret [default: any]
    #[arg(long, value_name = "TEXT")]
    pub client_secret: Option<String>,
    /// A file with the application's certificate, PEM: then signatures of assertions are verified [default: any]
    #[arg(long, value_name = "FILE", value_parser = ClientCertificate::read)]
    pub client_certificate: Option<ClientCertificate>,
    /// The issuer of the tokens that the application may exchange [default: any]
    #[arg(long, value_name = "URL")]
    pub federated_issuer: Option<String>,
    /// Their subject [default: any]
    #[arg(long, value_name = "TEXT")]
    pub federated_subject: Option<String>,
    /// The AADSTS code of the error that all requests for a token get, such as 7000215 [default: none]
    #[arg(long, value_name = "CODE")]
    pub token_error: Option<u32>,
    /// A role of the application in its tokens, or an empty text for none; repeatable
    #[arg(
        long = "token-role",
        value_name = "ROLE",
        default_value = "DeviceManagementServiceConfig.ReadWrite.All"
    )]
    pub token_roles: Vec<String>,
    /// How long a token is valid
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time::parse)]
    pub token_lifetime: Duration,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            entra_tenants: Vec::new(),
            client_id: None,
            client_secret: None,
            client_certificate: None,
            federated_issuer: None,
            federated_subject: None,
            token_error: None,
            token_roles: vec!["DeviceManagementServiceConfig.ReadWrite.All".to_owned()],
            token_lifetime: Duration::from_secs(3600),
        }
    }
}

impl Registration {
    /// Whether there is such a tenant.
    pub(crate) fn check_tenant(&self, subject: &Subject, now: DateTime<Utc>) -> Result<(), Refusal> {
        let is_known = |tenant: &String| tenant.eq_ignore_ascii_case(&subject.tenant);
        if self.entra_tenants.is_empty() || self.entra_tenants.iter().any(is_known) {
            return Ok(());
        }
        Err(Refusal::new(90_002, subject, now))
    }

    /// Whether a request for a token comes from the application.
    pub(crate) fn check(
        &self,
        form: &Form,
        subject: &Subject,
        host: &str,
        cloud: &Cloud,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let refuse = |code, value: &str| Err(Refusal::new(code, &subject.with(value), now));
        if let Some(code) = self.token_error {
            return refuse(code, "");
        }
        self.check_tenant(subject, now)?;
        if self.client_id.as_ref().is_some_and(|id| !id.eq_ignore_ascii_case(&subject.client)) {
            return refuse(700_016, "");
        }
        if let Some(secret) = form.get("client_secret") {
            return match self.client_secret.as_deref() {
                Some(own) if own != secret => refuse(7_000_215, ""),
                _ => Ok(()),
            };
        }
        let Some(text) = form.get("client_assertion") else { return refuse(7_000_216, "") };
        let Some(assertion) = Assertion::read(text) else { return refuse(50_027, "") };
        let verdict = if assertion.is_own(&subject.client) {
            let endpoints = ["oauth2/v2.0/token", "v2.0", "oauth2/token"];
            let audiences = endpoints.map(|end| format!("https://{host}/{}/{end}", subject.tenant));
            assertion.check_own(&subject.client, &audiences, self.client_certificate.as_ref(), now)
        } else {
            let issuer = self.federated_issuer.as_deref();
            assertion.check_federated(cloud.exchange, issuer, self.federated_subject.as_deref(), now)
        };
        verdict.or_else(|(code, value)| refuse(code, &value))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        registration: Registration,
    }

    #[test]
    fn the_program_has_the_same_defaults() {
        assert_eq!(Options::parse_from(["emulator"]).registration, Registration::default());
    }
}
