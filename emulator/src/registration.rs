//! The application that Entra knows, and its tokens.

use std::time::Duration;

use crate::assertion::{Assertion, ClientCertificate};
use crate::refusal::Refusal;
use crate::tenant_request::TenantRequest;
use crate::time;

/// The application that Entra issues tokens to. Unless told otherwise, every tenant, client id and credential is right.
///
/// Each field is also an option of the program, with the same name and default.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "Tokens from Entra")]
pub struct Registration {
    /// A tenant that exists, as requests name it [default: any]; repeatable
    #[arg(long = "entra-tenant", value_name = "TENANT")]
    pub entra_tenants: Vec<String>,
    /// The application's id [default: any]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The application's secret [default: any]
    #[arg(long, value_name = "TEXT")]
    pub client_secret: Option<String>,
    /// A file with the application's certificate, PEM; with it, signatures are verified [default: any]
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
    #[arg(long = "token-role", value_name = "ROLE", default_value = ROLE)]
    pub token_roles: Vec<String>,
    /// How long a token is valid
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time::parse)]
    pub token_lifetime: Duration,
}

const ROLE: &str = "DeviceManagementServiceConfig.ReadWrite.All";

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
            token_roles: vec![ROLE.to_owned()],
            token_lifetime: Duration::from_secs(3600),
        }
    }
}

impl Registration {
    /// Whether there is such a tenant.
    pub(crate) fn check_tenant(&self, request: &TenantRequest) -> Result<(), Refusal> {
        let is_it = |tenant: &String| tenant.eq_ignore_ascii_case(request.tenant);
        let exists = self.entra_tenants.is_empty() || self.entra_tenants.iter().any(is_it);
        if exists { Ok(()) } else { Err(request.refusal(90_002, "")) }
    }

    /// Whether a request for a token comes from the application.
    pub(crate) fn check(&self, request: &TenantRequest) -> Result<(), Refusal> {
        self.check_tenant(request)?;
        let client = request.field("client_id")?;
        if self.client_id.as_ref().is_some_and(|own| !own.eq_ignore_ascii_case(client)) {
            return Err(request.refusal(700_016, ""));
        }
        match (request.form.get("client_secret"), request.form.get("client_assertion")) {
            (Some(secret), _) if self.client_secret.as_ref().is_none_or(|own| own == secret) => Ok(()),
            (Some(_), _) => Err(request.refusal(7_000_215, "")),
            (None, Some(assertion)) => self.check_assertion(assertion, request),
            (None, None) => Err(request.refusal(7_000_216, "")),
        }
    }

    fn check_assertion(&self, text: &str, request: &TenantRequest) -> Result<(), Refusal> {
        let assertion = Assertion::read(text).ok_or_else(|| request.refusal(50_027, ""))?;
        let verdict = if assertion.is_own(request.client()) {
            assertion.check_own(request, self.client_certificate.as_ref())
        } else {
            let Self { federated_issuer, federated_subject, .. } = self;
            assertion.check_federated(request, federated_issuer.as_deref(), federated_subject.as_deref())
        };
        verdict.map_err(|(code, value)| request.refusal(code, &value))
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
