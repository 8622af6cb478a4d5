//! The reply that brings a token.

use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::access_token::AccessToken;
use crate::text::{Object, Token};

/// The longest lifetime that is believed: those of managed identities last a day.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// The token in a reply, and for how long it is good. None if there is none that can be sent.
pub(crate) fn read(body: &[u8], now: SystemTime) -> Option<(AccessToken, Duration)> {
    let object = Object::read(body).ok()?;
    let text = Zeroizing::new(object.text("access_token").ok()??);
    let text = Token::new(&text).ok()?.wiped_copy();
    let lifetime =
        seconds(&object, "expires_in").or_else(|| until(&object, now)).unwrap_or_default().min(LONGEST);
    Some((AccessToken::new(text, lifetime, seconds(&object, "refresh_in")), lifetime))
}

/// The time until `expires_on`, which some platforms give instead, in seconds since 1970.
fn until(object: &Object<'_>, now: SystemTime) -> Option<Duration> {
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(seconds(object, "expires_on")?.saturating_sub(since_1970))
}

/// A number of seconds, which some issuers write as text.
fn seconds(object: &Object<'_>, name: &str) -> Option<Duration> {
    let number: f64 = object.json(name)?.trim_matches('"').parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_or_a_text() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (members, seconds) in [
            (r#""expires_in":3599"#, Some(3599)),
            (r#""expires_in":"3599""#, Some(3599)),
            (r#""expires_in":"3599.0""#, Some(3599)),
            (r#""expires_in":"86400","expires_on":"1000001""#, Some(86_400)),
            (r#""expires_on":1003600"#, Some(3600)),
            (r#""expires_on":"1003600""#, Some(3600)),
            (r#""expires_on":"1""#, Some(0)),
            (r#""expires_in":1e300"#, Some(0)),
            (r#""expires_in":1e9"#, Some(604_800)),
            (r#""expires_in":-1"#, Some(0)),
            (r#""expires_in":"soon""#, Some(0)),
            (r#""token_type":"Bearer""#, Some(0)),
        ] {
            let body = format!(r#"{{"access_token":"a.b.c",{members}}}"#);
            let lifetime = read(body.as_bytes(), now).map(|(_, lifetime)| lifetime.as_secs());
            assert_eq!(lifetime, seconds, "{members}");
        }
    }

    #[test]
    fn only_what_can_be_sent_is_a_token() {
        for body in
            ["", "[]", "{}", r#"{"access_token":1}"#, r#"{"access_token":""}"#, r#"{"access_token":"a b"}"#]
        {
            assert!(read(body.as_bytes(), SystemTime::UNIX_EPOCH).is_none(), "{body}");
        }
    }
}
