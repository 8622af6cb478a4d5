//! The claims of bearer tokens that are JWTs. Nobody signs for the emulator, so it verifies nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::cloud::CLOUD_HOSTS;

/// Graph's own id, in every cloud.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The claims of one token.
#[derive(Debug)]
pub(crate) struct Claims(Value);

impl Claims {
    /// None if the token is no JWT.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let [_header, payload, _signature] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok().filter(Value::is_object).map(Self)
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    /// A claim that is a time, in whole seconds since 1970.
    pub(crate) fn time(&self, name: &str) -> Option<i64> {
        // msal writes fractions of seconds, too.
        self.0[name].as_f64().map(|seconds| seconds as i64)
    }

    /// Whether this is its audience, or one of them.
    pub(crate) fn is_for(&self, audience: &str) -> bool {
        match &self.0["aud"] {
            Value::Array(all) => all.iter().any(|one| one == audience),
            one => one == audience,
        }
    }

    /// Why it is no token for this host at this time. A claim that is missing is right, and so is any audience if the
    /// host is no cloud's.
    pub(crate) fn fault(&self, host: &str, now: DateTime<Utc>) -> Option<&'static str> {
        let audience = self.text("aud").map(|audience| audience.trim_end_matches('/'));
        let is_other = |audience| audience != GRAPH && audience != format!("https://{host}");
        if CLOUD_HOSTS.contains(&host) && audience.is_some_and(is_other) {
            Some("The access token has an invalid audience.")
        } else if self.time("exp").is_some_and(|expires| expires <= now.timestamp()) {
            Some("The access token has expired.")
        } else if self.time("nbf").is_some_and(|begin| begin > now.timestamp()) {
            Some("The access token is not valid yet.")
        } else {
            None
        }
    }

    /// Whether it has one of these scopes, or as the token of an application one of these roles.
    pub(crate) fn permits(&self, permissions: &[&str]) -> bool {
        let is_one = |name: &str| permissions.contains(&name);
        match self.text("scp") {
            Some(scopes) => scopes.split(' ').any(is_one),
            None => self.0["roles"]
                .as_array()
                .is_some_and(|roles| roles.iter().filter_map(Value::as_str).any(is_one)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(claims: &Value) -> Claims {
        Claims::read(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))).expect("a JWT")
    }

    #[test]
    fn only_a_jwt_has_claims() {
        for token in ["any-token", "a.b.c", "e30.e30", "e30.e30.e30.e30", "e30.W10.e30", "e30.e3.e30"] {
            assert!(Claims::read(token).is_none(), "{token}");
        }
        assert!(Claims::read("..").is_none() && Claims::read("e30.e30.").is_some());
    }

    #[test]
    fn audience_and_times_must_be_right() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("valid");
        for (value, word) in [
            (json!({}), None),
            (json!({"aud": GRAPH, "nbf": 1_800_000_000, "exp": 1_800_000_001}), None),
            (json!({"aud": "https://graph.microsoft.com/"}), None),
            (json!({"aud": "https://graph.microsoft.us"}), Some("audience")),
            (json!({"aud": "https://management.azure.com", "exp": 0}), Some("audience")),
            (json!({"exp": 1_800_000_000}), Some("expired")),
            (json!({"nbf": 1_800_000_001}), Some("not valid yet")),
        ] {
            let fault = claims(&value).fault("graph.microsoft.com", now);
            assert_eq!(fault.is_some(), word.is_some(), "{value}");
            assert!(fault.is_none_or(|fault| fault.contains(word.unwrap_or_default())), "{value}: {fault:?}");
        }
    }

    #[test]
    fn a_users_token_has_scopes_and_an_applications_has_roles() {
        for (value, expected) in [
            (json!({"scp": "openid A"}), true),
            (json!({"scp": "openid", "roles": ["A"]}), false),
            (json!({"roles": ["B"]}), true),
            (json!({"roles": [7, "C"]}), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(&value).permits(&["A", "B"]), expected, "{value}");
        }
    }
}
