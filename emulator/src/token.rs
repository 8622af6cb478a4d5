//! Bearer tokens and what they may do.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::time;

/// The tenant that a token belongs to by default.
pub const DEFAULT_TENANT: &str = "default";

/// What a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Access {
    /// May read and trigger.
    #[default]
    Full,
    /// May read; a trigger gets 403.
    ReadOnly,
    /// May trigger; a reading gets 403.
    TriggerOnly,
    /// 403 with Intune's envelope.
    Forbidden,
    /// 401 with Intune's envelope: no licence, or no rights in Intune.
    Unlicensed,
    /// 401, plain: not a token of this service.
    Invalid,
    /// 401, plain: expired.
    Expired,
    /// 401 with a claims challenge.
    Challenged,
}

/// One token that the service knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it may do until it expires.
    pub access: Access,
    /// The name of its tenant. A tenant that is not declared behaves like the default one.
    pub tenant: String,
    /// After how many requests it expires.
    pub requests: Option<u32>,
    /// How long after its declaration it expires, in the service's time.
    pub lifetime: Option<Duration>,
}

impl Token {
    /// A token of the default tenant that does not expire.
    pub fn new(access: Access) -> Self {
        Self { access, tenant: DEFAULT_TENANT.to_owned(), requests: None, lifetime: None }
    }

    /// The same, in this tenant.
    pub fn of(self, tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), ..self }
    }

    /// The same, but it expires after this many requests.
    pub fn for_requests(self, requests: u32) -> Self {
        Self { requests: Some(requests), ..self }
    }

    /// The same, but it expires after this much of the service's time.
    pub fn for_time(self, lifetime: Duration) -> Self {
        Self { lifetime: Some(lifetime), ..self }
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new(Access::Full)
    }
}

/// A token with these claims. Its signature is none: nobody who gets it could verify it.
pub(crate) fn jwt(claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "emulator"});
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode("not a signature"))
}

/// Reads a token from the command line: `TOKEN[:ACCESS][:tenant=NAME][:requests=N][:lifetime=TIME]`.
pub(crate) fn parse(text: &str) -> Result<(String, Token), String> {
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).ok_or("the token is empty")?;
    let mut token = Token::default();
    for part in parts {
        match part.split_once('=') {
            Some(("tenant", tenant)) => tenant.clone_into(&mut token.tenant),
            Some(("requests", count)) => {
                token.requests = Some(count.parse().map_err(|_| format!("{count:?} is not a number"))?);
            }
            Some(("lifetime", text)) => {
                token.lifetime = Some(time::parse(text)?);
            }
            Some((key, _)) => return Err(format!("{key:?} is none of tenant, requests, lifetime")),
            None => token.access = Access::from_str(part, false)?,
        }
    }
    Ok((name.to_owned(), token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_from_the_command_line() {
        let (name, token) = parse("abc.d:read-only:tenant=contoso:requests=3:lifetime=10m").expect("valid");
        let expected =
            Token::new(Access::ReadOnly).of("contoso").for_requests(3).for_time(Duration::from_secs(600));
        assert_eq!((name.as_str(), token), ("abc.d", expected));
        assert_eq!(parse("abc").expect("valid").1, Token::default());
        for wrong in ["", ":full", "a:rights", "a:requests=x", "a:lifetime=x", "a:colour=red"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
