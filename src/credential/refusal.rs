//! What a token endpoint says when it gives no token. Entra and IMDS write `error` and `error_description`, App Service
//! `message`, and other platforms an `error` object with `code` and `message`.

use crate::text::{Object, Token, one_line};

/// Entra appends ids and the time to its sentence. The ids have members of their own.
const TAIL: &str = "Trace ID:";

/// The endpoint's own words. They fit a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Entra's number, such as `AADSTS7000215`, otherwise the `error`.
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    /// Entra's trace id, or a platform's correlation id. Entra's own correlation id is the request's client-request-id.
    pub(crate) request_id: Option<String>,
}

impl Refusal {
    /// Never fails: a member of an unknown form counts as missing. `secrets` are what the request proved itself with.
    pub(crate) fn read(body: &Object<'_>, secrets: Token<'_>) -> Refusal {
        let inner = body.object("error");
        let text = |names: [&str; 2]| {
            let objects = inner.iter().chain([body]);
            let mut texts = objects.flat_map(|object| names.map(|name| object.text(name).ok().flatten()));
            texts.find_map(|text| text.filter(|text| !text.is_empty()))
        };
        let clean = |text: String| one_line(&text, secrets);
        let message = text(["error_description", "message"]);
        let message = message.map(|text| text.split(TAIL).next().unwrap_or_default().to_owned());
        Refusal {
            code: number(body).or_else(|| text(["code", "error"]).and_then(clean)),
            message: message.and_then(clean),
            request_id: text(["trace_id", "correlationId"]).and_then(clean),
        }
    }

    /// One line that says what to do. Nothing is decided by it.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let by_code = self.code.as_deref().and_then(|code| {
            Some(match code.trim_start_matches("AADSTS") {
                "7000215" => "give the secret's value, not its id, or create a new secret",
                "7000222" => "the secret expired: create a new one",
                "700016" => "check the client id and the tenant, and that the tenant consented to the application",
                "90002" | "invalid_tenant" => "check the tenant and the cloud",
                "700027" => "upload the certificate to the application, or send its chain if Entra trusts its issuer",
                "700024" => "set this machine's clock, and see that the federated token is renewed",
                "70021" | "700211" | "700213" | "7002138" => {
                    "issuer, subject (in the same case) and audience (api://AzureADTokenExchange) of the token must \
                     match the application's federated credential"
                }
                "500011" | "7000229" | "invalid_resource" => {
                    "check the cloud, and that the tenant consented to the application"
                }
                "1002012" | "invalid_scope" => "the base URL must be the root of a Microsoft Graph",
                _ => return None,
            })
        });
        by_code.or_else(|| of_managed_identity(self.message.as_deref()?))
    }
}

/// The first of Entra's numbers.
fn number(body: &Object<'_>) -> Option<String> {
    let numbers: Vec<u64> = serde_json::from_str(body.json("error_codes")?).ok()?;
    numbers.first().map(|number| format!("AADSTS{number}"))
}

/// The platforms use one code for many errors, so only their words tell them apart.
fn of_managed_identity(message: &str) -> Option<&'static str> {
    const ASSIGN: &str =
        "assign the managed identity to this machine or app; that takes some seconds to work";
    [
        ("Identity not found", ASSIGN),
        ("No User Assigned or Delegated Managed Identity found", ASSIGN),
        ("Multiple user assigned identities exist", "say which managed identity by its client id"),
    ]
    .into_iter()
    .find_map(|(words, advice)| message.contains(words).then_some(advice))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &[u8]) -> Refusal {
        let secret = Token::new("a-client-secret").unwrap();
        Object::read(body).map(|body| Refusal::read(&body, secret)).unwrap_or_default()
    }

    fn shown(body: &Value) -> [Option<String>; 3] {
        let Refusal { code, message, request_id } = read(body.to_string().as_bytes());
        [code, message, request_id]
    }

    #[test]
    fn the_words_of_each_platform_are_found() {
        let id = "11112222-bbbb-3333-cccc-4444dddd5555";
        for (body, expected) in [
            (
                json!({"error": "invalid_client", "error_codes": [7000215, 1], "trace_id": id, "correlation_id": "c",
                       "error_description": "AADSTS7000215: Invalid client secret.\r\nTrace ID: t\r\nTimestamp: x"}),
                [Some("AADSTS7000215"), Some("AADSTS7000215: Invalid client secret."), Some(id)],
            ),
            (
                json!({"error": "invalid_request", "error_description": "A a-client-secret. Trace ID: t Correlation"}),
                [Some("invalid_request"), Some("A [token]."), None],
            ),
            (
                json!({"error": "invalid_request", "error_description": "Identity not found"}),
                [Some("invalid_request"), Some("Identity not found"), None],
            ),
            (
                json!({"statusCode": 400, "message": "No identity\n found.", "correlationId": id}),
                [None, Some("No identity  found."), Some(id)],
            ),
            (
                json!({"error": {"code": "Code", "message": "Words.", "correlationId": id}, "message": "outer"}),
                [Some("Code"), Some("Words."), Some(id)],
            ),
            (
                json!({"error": "a-client-secret\u{7}", "trace_id": "a-client-secret"}),
                [Some("[token]"), None, Some("[token]")],
            ),
            (json!({"error": "e", "error_codes": []}), [Some("e"), None, None]),
            (json!({"error": "e", "error_codes": ["7"], "trace_id": 7}), [Some("e"), None, None]),
            (json!({"error": "e", "error_codes": [-7]}), [Some("e"), None, None]),
            (json!({"error": 7, "error_description": [], "message": "m"}), [None, Some("m"), None]),
            (json!({"error": "", "error_description": " \n"}), [None, None, None]),
            (json!({"error_description": "", "message": "m"}), [None, Some("m"), None]),
            (json!({"error_description": "Trace ID: t"}), [None, None, None]),
        ] {
            assert_eq!(shown(&body), expected.map(|text| text.map(str::to_owned)), "{body}");
        }
    }

    #[test]
    fn any_body_gives_something_that_fits_a_log() {
        let deep = format!("{{\"error\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for body in [&b""[..], b"<html>", b"\xff", b"null", b"[]", b"{}", deep.as_bytes()] {
            assert_eq!(read(body), Refusal::default());
        }
        let long = json!({"error_description": "x".repeat(1 << 20)}).to_string();
        assert_eq!(read(long.as_bytes()).message.unwrap().len(), 4096);
        let body = json!({"error_description": "two\nlines"}).to_string();
        let refusal = Refusal::read(&Object::read(body.as_bytes()).unwrap(), Token::hidden(&[]));
        assert_eq!(refusal.message.as_deref(), Some("two lines"));
    }

    #[test]
    fn common_errors_say_what_to_do() {
        let entra = |number: u64| json!({"error": "invalid_client", "error_codes": [number]});
        let words = |words: &str| json!({"error": "invalid_request", "error_description": words});
        for (body, expected) in [
            (entra(7000215), "value, not its id"),
            (entra(7000222), "expired"),
            (entra(700016), "client id and the tenant"),
            (entra(90002), "the tenant and the cloud"),
            (json!({"error": "invalid_tenant"}), "the tenant and the cloud"),
            (entra(700027), "upload the certificate"),
            (entra(700024), "clock"),
            (entra(70021), "api://AzureADTokenExchange"),
            (entra(700211), "api://AzureADTokenExchange"),
            (entra(700213), "api://AzureADTokenExchange"),
            (entra(7002138), "api://AzureADTokenExchange"),
            (entra(500011), "consented"),
            (entra(7000229), "consented"),
            (json!({"error": "invalid_resource"}), "consented"),
            (entra(1002012), "base URL"),
            (json!({"error": "invalid_scope"}), "base URL"),
            (words("Identity not found"), "assign the managed identity"),
            (
                words(
                    "Multiple user assigned identities exist, please specify the clientId / resourceId of the \
                       identity in the token request",
                ),
                "by its client id",
            ),
            (
                json!({"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found for \
                       specified ClientId/ResourceId/PrincipalId."}),
                "assign the managed identity",
            ),
        ] {
            let advice = read(body.to_string().as_bytes()).advice().unwrap();
            assert!(advice.contains(expected), "{body}: {advice}");
        }
        for body in [entra(50001), entra(70002150), words("words"), json!({})] {
            assert_eq!(read(body.to_string().as_bytes()).advice(), None, "{body}");
        }
    }
}
