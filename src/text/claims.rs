//! The claims of a token that is a JWT. Nothing is verified: they only explain why the service refused the token.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{Object, Time, Token};

/// The middle part of a JWT, decoded. It is as secret as the token: it is wiped when it is dropped.
pub(crate) struct Payload(Zeroizing<Vec<u8>>);

impl Payload {
    /// None if the token does not have the three parts of a JWT. An encrypted one has five.
    pub(crate) fn of(token: Token<'_>) -> Option<Payload> {
        const BASE64: GeneralPurpose = GeneralPurpose::new(
            &base64::alphabet::URL_SAFE,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let mut parts = token.as_str().split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(payload.len())]);
        let length = BASE64.decode_slice(payload, &mut decoded).ok()?;
        decoded.truncate(length);
        Some(Payload(decoded))
    }
}

/// The claims that explain a refusal. They borrow from the payload, so there is no other copy to wipe. A claim in an
/// unusual form counts as missing.
#[derive(Default)]
pub(crate) struct Claims<'a> {
    pub(crate) audience: Option<&'a str>,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) not_before: Option<Time>,
    pub(crate) expires: Option<Time>,
    /// The id of the tenant that issued the token.
    pub(crate) tenant: Option<&'a str>,
    /// The id of the application that got the token.
    pub(crate) application: Option<&'a str>,
    /// The token acts for a user, not for an application.
    pub(crate) is_delegated: bool,
    /// The scopes if it is delegated, the roles if not.
    pub(crate) permissions: Vec<&'a str>,
    pub(crate) is_managed_identity: bool,
}

impl<'a> Claims<'a> {
    /// None if the payload is no JSON object.
    pub(crate) fn read(payload: &'a Payload) -> Option<Claims<'a>> {
        // What is no object never comes to serde_json, whose errors repeat it.
        let claims =
            payload.0.trim_ascii_start().starts_with(b"{").then(|| Object::read(&payload.0).ok())??;
        let text = |name| claims.json(name).and_then(text);
        let scopes = text("scp");
        let permissions = match scopes {
            Some(scopes) => scopes.split_ascii_whitespace().collect(),
            None => claims.json("roles").map(texts).unwrap_or_default(),
        };
        Some(Claims {
            audience: text("aud"),
            issuer: text("iss"),
            not_before: claims.json("nbf").and_then(time),
            expires: claims.json("exp").and_then(time),
            tenant: text("tid"),
            application: text("appid"),
            is_delegated: scopes.is_some(),
            permissions,
            is_managed_identity: text("idtyp") == Some("app") && claims.has("xms_mirid"),
        })
    }
}

/// A JSON string. None if it has escapes, because unescaping would copy it. Those of Entra ID have none.
fn text(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
}

/// The strings of a JSON array.
fn texts(json: &str) -> Vec<&str> {
    // What is no array never comes to serde_json, whose errors repeat it.
    let members = json.starts_with('[').then(|| serde_json::from_str::<Vec<&RawValue>>(json).ok());
    members.flatten().unwrap_or_default().into_iter().filter_map(|member| text(member.get())).collect()
}

/// A JSON number of seconds since 1970.
fn time(json: &str) -> Option<Time> {
    json.parse::<f64>().ok().map(|seconds| Time::from_seconds(seconds as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

    fn payload(token: &str) -> Option<Payload> {
        Payload::of(Token::new(token).unwrap())
    }

    fn jwt(claims: &str) -> String {
        format!("eyJhbGciOiJSUzI1NiJ9.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn only_a_jwt_has_a_payload() {
        let json = "{\"a\":\"??>>é\"}";
        let (plain, padded, other) =
            (URL_SAFE_NO_PAD.encode(json), URL_SAFE.encode(json), STANDARD.encode(json));
        assert!(padded.ends_with('=') && other.contains(['+', '/']), "{padded} {other}");
        for (token, is_jwt) in [
            (format!("e30.{plain}.e30"), true),
            (format!("e30.{padded}.e30"), true),
            (format!(".{plain}."), true),
            (format!("e30.{other}.e30"), false),
            (format!("e30.{plain}"), false),
            (format!("e30.{plain}.e30.e30"), false),
            (format!("e30.{plain}.e30.e30.e30"), false),
            ("EwBwA8l6BAAU7p9QDpi-1234567890".to_owned(), false),
            ("a.b.c".to_owned(), false),
            ("..".to_owned(), true),
            (".".to_owned(), false),
        ] {
            assert_eq!(payload(&token).is_some(), is_jwt, "{token}");
        }
        assert_eq!(&**payload(&jwt(json)).unwrap().0, json.as_bytes());
    }

    #[test]
    fn claims_are_read_from_an_object_of_any_shape() {
        let deep = format!("{{\"x\":{}{},\"exp\":7}}", "[".repeat(20_000), "]".repeat(20_000));
        for (json, expires) in [
            ("{\"exp\":1700000000}", Some(1_700_000_000)),
            ("{\"exp\":1.7e9}", Some(1_700_000_000)),
            ("{\"exp\":-1}", Some(-1)),
            ("{\"exp\":1e999}", Some(i64::MAX)),
            ("{\"exp\":\"1700000000\"}", None),
            ("{\"exp\":null}", None),
            ("{\"exp\":[1]}", None),
            ("{}", None),
            (&deep, Some(7)),
        ] {
            let payload = payload(&jwt(json)).unwrap();
            let claims = Claims::read(&payload).unwrap();
            assert_eq!(claims.expires, expires.map(Time::from_seconds), "{json:.40}");
        }
        for json in ["", "7", "[]", "null", "\"{}\"", "{", "{}{}", "{\"a\":\"\n\"}"] {
            assert!(Claims::read(&payload(&jwt(json)).unwrap()).is_none(), "{json:?}");
        }
        let broken = Payload(Zeroizing::new(b"{\"aud\":\"\xff\"}".to_vec()));
        assert!(Claims::read(&broken).is_none());
    }

    #[test]
    fn permissions_are_the_scopes_of_a_user_or_the_roles_of_an_application() {
        for (json, is_delegated, expected) in [
            ("{\"scp\":\"A.Read  B.All\"}", true, &["A.Read", "B.All"][..]),
            ("{\"scp\":\"A\",\"roles\":[\"B\"]}", true, &["A"]),
            ("{\"scp\":\"\"}", true, &[]),
            ("{\"roles\":[\"A.Read\", \"B.All\"]}", false, &["A.Read", "B.All"]),
            ("{\"roles\":[7,\"A\",[],\"a\\u0062\",null]}", false, &["A"]),
            ("{\"roles\":\"A\"}", false, &[]),
            ("{\"scp\":[\"A\"]}", false, &[]),
            ("{}", false, &[]),
        ] {
            let payload = payload(&jwt(json)).unwrap();
            let claims = Claims::read(&payload).unwrap();
            assert_eq!((claims.is_delegated, &*claims.permissions), (is_delegated, expected), "{json}");
        }
    }

    #[test]
    fn a_managed_identity_is_an_application_with_a_resource() {
        for (json, expected) in [
            ("{\"idtyp\":\"app\",\"xms_mirid\":\"/subscriptions/s\"}", true),
            ("{\"idtyp\":\"app\"}", false),
            ("{\"idtyp\":\"user\",\"xms_mirid\":\"/subscriptions/s\"}", false),
            ("{\"xms_mirid\":\"/subscriptions/s\"}", false),
        ] {
            let payload = payload(&jwt(json)).unwrap();
            assert_eq!(Claims::read(&payload).unwrap().is_managed_identity, expected, "{json}");
        }
    }
}
