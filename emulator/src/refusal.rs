//! The errors of Entra.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::tenant_request::TenantRequest;

/// The error with which Entra refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    error: &'static str,
    code: u32,
    text: String,
}

impl Refusal {
    /// The error with this AADSTS code, about this value. A code up to 999 is a status: of an error that passes.
    pub(crate) fn new(code: u32, value: &str, request: &TenantRequest) -> Self {
        if let Ok(status @ 400..=999) = u16::try_from(code) {
            let code = if status == 429 { 90_055 } else { 90_033 };
            return Self { status, ..Self::new(code, value, request) };
        }
        let (status, error) = kind(code);
        let text = text(code)
            .replace("{value}", value)
            .replace("{client}", request.client())
            .replace("{tenant}", request.tenant)
            .replace("{now}", &request.time.to_rfc3339_opts(SecondsFormat::Micros, true));
        Self { status, error, code, text }
    }

    /// The same, but with this value of `error`.
    pub(crate) fn named(self, error: &'static str) -> Self {
        Self { error, ..self }
    }

    /// The body of the reply.
    pub(crate) fn json(&self, request: &TenantRequest, trace: &str, correlation: &str) -> Value {
        let Self { status: _, error, code, text } = self;
        let time = request.time.format("%Y-%m-%d %H:%M:%SZ").to_string();
        json!({
            "error": error,
            "error_description":
                format!("AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"),
            "error_codes": [code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://{}/error?code={code}", request.host),
        })
    }
}

/// How a request is refused.
impl TenantRequest<'_> {
    /// A field of the form that has to be there.
    pub(crate) fn field(&self, name: &str) -> Result<&str, Refusal> {
        self.form.get(name).ok_or_else(|| self.refusal(900_144, name))
    }

    /// The error with this code, about this value.
    pub(crate) fn refusal(&self, code: u32, value: &str) -> Refusal {
        Refusal::new(code, value, self)
    }
}

/// HTTP's status, and OAuth's `error`.
fn kind(code: u32) -> (u16, &'static str) {
    match code {
        70_003 => (400, "unsupported_grant_type"),
        90_002 | 900_144 | 900_561 => (400, "invalid_request"),
        90_033 => (503, "temporarily_unavailable"),
        90_055 => (429, "temporarily_unavailable"),
        500_011 => (400, "invalid_resource"),
        700_016 => (400, "unauthorized_client"),
        1_002_012 => (400, "invalid_scope"),
        _ => (401, "invalid_client"),
    }
}

fn text(code: u32) -> &'static str {
    match code {
        50_027 => "JWT token is invalid or malformed.",
        70_003 => "The app requested an unsupported grant type '{value}'.",
        70_021 => {
            "No matching federated identity record found for presented assertion. {value} \
             https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        }
        90_002 => {
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud. Check with your subscription administrator, this may happen if there are no active \
             subscriptions for the tenant."
        }
        90_033 => "A transient error has occurred. Please try again.",
        90_055 => "The request was throttled. Please try again later.",
        500_011 => {
            "The resource principal named {value} was not found in the tenant named {tenant}. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You might have sent your authentication request to the wrong tenant."
        }
        700_016 => {
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant."
        }
        700_021 => {
            "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation \
             at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
        }
        700_023 => {
            "Client assertion audience claim does not match Realm issuer. Review the documentation at \
             https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
        }
        700_024 => {
            "Client assertion is not within its valid time range. Current time: {now}, {value}. Review the \
             documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
        }
        700_027 => {
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - The key was not found., Thumbprint of key used by client: '{value}', Please visit the Azure \
             Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client}'.]"
        }
        700_211 => {
            "No matching federated identity record found for presented assertion issuer '{value}'. Check your \
             federated identity credential Subject, Audience and Issuer against the presented assertion. \
             https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        }
        700_212 => {
            "No matching federated identity record found for presented assertion audience '{value}'. Check your \
             federated identity credential Subject, Audience and Issuer against the presented assertion. \
             https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        }
        700_213 | 7_002_138 => {
            "No matching federated identity record found for presented assertion subject '{value}'. Check your \
             federated identity credential Subject, Audience and Issuer against the presented assertion. \
             https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
        }
        900_144 => "The request body must contain the following parameter: '{value}'.",
        900_561 => "The endpoint only accepts POST requests. Received a GET request.",
        1_002_012 => {
            "The provided value for scope {value} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        }
        7_000_215 => {
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
             not the client secret ID, for a secret added to app '{client}'."
        }
        7_000_216 => {
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
        }
        7_000_222 => {
            "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new \
             keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added \
             security: https://aka.ms/certCreds."
        }
        7_000_229 => "The client application {client} is missing service principal in the tenant {tenant}.",
        _ => "The request is refused.",
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::form::Form;

    fn request(form: &str) -> TenantRequest<'static> {
        let time = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).expect("valid");
        TenantRequest { host: "login.microsoftonline.us", tenant: "contoso", form: Form::read(form), time }
    }

    #[test]
    fn an_error_names_what_it_is_about() {
        let request = request("client_id=app");
        let refusal = Refusal::new(700_016, "", &request);
        let body = refusal.json(&request, "t", "c");
        let text = body["error_description"].as_str().expect("text");
        assert_eq!((refusal.status, &body["error"]), (400, &json!("unauthorized_client")));
        assert!(text.starts_with(
            "AADSTS700016: Application with identifier 'app' was not found in the directory 'contoso'."
        ));
        assert!(text.ends_with(" Trace ID: t Correlation ID: c Timestamp: 2027-01-15 08:00:00Z"), "{text}");
        assert_eq!(body["error_codes"], json!([700_016]));
        assert_eq!(body["error_uri"], "https://login.microsoftonline.us/error?code=700016");
    }

    #[test]
    fn a_status_is_an_error_that_passes() {
        for (status, code) in [(429, 90_055), (500, 90_033), (504, 90_033)] {
            let refusal = Refusal::new(status, "", &request(""));
            assert_eq!((u32::from(refusal.status), refusal.code), (status, code));
            assert_eq!(refusal.error, "temporarily_unavailable");
        }
    }
}
