//! The errors of Entra's token endpoint.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// Whom and what an error names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) tenant: String,
    pub(crate) client: String,
    /// The scope or resource, or a claim of the assertion.
    pub(crate) value: String,
}

impl Subject {
    /// The same, with this value.
    pub(crate) fn with(&self, value: &str) -> Self {
        Self { value: value.to_owned(), ..self.clone() }
    }
}

/// One error, by its AADSTS code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    code: u32,
    error: &'static str,
    text: String,
}

impl Refusal {
    /// The error with this code. Codes up to 999 are statuses: of an error that passes.
    pub(crate) fn new(code: u32, subject: &Subject, now: DateTime<Utc>) -> Self {
        let Subject { tenant, client, value } = subject;
        let federated = |what: &str| {
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. Check your \
                 federated identity credential Subject, Audience and Issuer against the presented assertion. \
                 https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
            )
        };
        let (status, error, text) = match code {
            7_000_215 => (401, "invalid_client", format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID, for a secret added to app '{client}'."
            )),
            7_000_222 => (401, "invalid_client", format!(
                "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new \
                 keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for \
                 added security: https://aka.ms/certCreds."
            )),
            7_000_216 => (401, "invalid_client", "'client_assertion', 'client_secret' or 'request' is required for the \
                 'client_credentials' grant type.".to_owned()),
            700_016 => (400, "unauthorized_client", format!(
                "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if \
                 the application has not been installed by the administrator of the tenant or consented to by any user \
                 in the tenant. You may have sent your authentication request to the wrong tenant."
            )),
            90_002 => (400, "invalid_request", format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into \
                 the correct cloud. Check with your subscription administrator, this may happen if there are no active \
                 subscriptions for the tenant."
            )),
            700_027 => (401, "invalid_client", format!(
                "The certificate with identifier used to sign the client assertion is not registered on application. \
                 [Reason - The key was not found., Thumbprint of key used by client: '{value}', Please visit the Azure \
                 Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client}'. Review \
                 the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the \
                 corresponding service endpoint.]"
            )),
            700_024 => (401, "invalid_client", format!(
                "Client assertion is not within its valid time range. Current time: {}, {value}. Review the \
                 documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
                now.to_rfc3339_opts(SecondsFormat::Nanos, true)
            )),
            70_021 => (401, "invalid_client", format!(
                "No matching federated identity record found for presented assertion. {value}. \
                 https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
            )),
            700_211 => (401, "invalid_client", federated("issuer")),
            700_212 => (401, "invalid_client", federated("audience")),
            700_213 => (401, "invalid_client", federated("subject")),
            7_002_138 => (401, "invalid_client", format!(
                "{} The subject matches an existing record only without regard to case.", federated("subject")
            )),
            500_011 => (400, "invalid_resource", format!(
                "The resource principal named {value} was not found in the tenant named {tenant}. This can happen if \
                 the application has not been installed by the administrator of the tenant or consented to by any user \
                 in the tenant. You might have sent your authentication request to the wrong tenant."
            )),
            7_000_229 => (401, "invalid_client", format!(
                "The client application {client} is missing service principal in the tenant {tenant}. See instructions \
                 here: https://go.microsoft.com/fwlink/?linkid=2225119"
            )),
            1_002_012 => (400, "invalid_scope", format!(
                "The provided value for scope {value} is not valid. Client credential flows must have a scope value \
                 with /.default suffixed to the resource identifier (application ID URI)."
            )),
            50_027 => (401, "invalid_client", "JWT token is invalid or malformed.".to_owned()),
            700_021 => (401, "invalid_client",
                "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation \
                 at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .".to_owned()),
            700_023 => (401, "invalid_client",
                "Client assertion audience claim does not match Realm issuer. Review the documentation at \
                 https://learn.microsoft.com/entra/identity-platform/certificate-credentials .".to_owned()),
            70_003 => (400, "unsupported_grant_type", format!("The app requested an unsupported grant type '{value}'.")),
            900_144 => (400, "invalid_request", format!(
                "The request body must contain the following parameter: '{value}'."
            )),
            900_561 => (400, "invalid_request",
                "The endpoint only accepts POST requests. Received a GET request.".to_owned()),
            status @ 400..=999 => {
                return Self::passing(u16::try_from(status).unwrap_or(500));
            }
            _ => (400, "invalid_request", "The request is not valid.".to_owned()),
        };
        Self { status, code, error, text }
    }

    /// The same, with this value of `error`.
    pub(crate) fn named(self, error: &'static str) -> Self {
        Self { error, ..self }
    }

    /// What Entra says when it cannot, or does not want to, serve.
    fn passing(status: u16) -> Self {
        let (code, text) = match status {
            429 => (90_055, "The request was throttled. Please retry later."),
            _ => (90_033, "A transient error has occurred. Please try again."),
        };
        Self { status, code, error: "temporarily_unavailable", text: text.to_owned() }
    }

    /// The body of the reply.
    pub(crate) fn json(&self, host: &str, trace: &str, correlation: &str, now: DateTime<Utc>) -> Value {
        let Self { status: _, code, error, text } = self;
        let time = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        json!({
            "error": error,
            "error_description":
                format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"),
            "error_codes": [code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://{host}/error?code={code}"),
        })
    }
}
