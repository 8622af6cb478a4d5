//! The hint after a refusal. An input is a line such as `2 1 0`: the refusal (0 is Graph's 401, 1 is Intune's, the rest
//! are 403), the operation and the cloud; and a line with the payload of a JWT, or `=` and a whole token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{assert_shows_nothing_of, line, text_line};
use crate::config::Cloud;
use crate::outcome::ErrorKind;
use crate::outcome::Operation;
use crate::service::reply::{RawReply, Reply};
use crate::text::{Claims, Payload, Token};

/// No hint is longer, in bytes.
const LONGEST_HINT: usize = 640;

pub fn claims(mut data: &[u8]) {
    let refusal: Vec<usize> =
        text_line(&mut data).split(' ').filter_map(|number| number.parse().ok()).collect();
    let [refusal, operation, cloud] = [0, 1, 2].map(|place| refusal.get(place).copied().unwrap_or_default());
    let given = line(&mut data);
    let text = match given.strip_prefix(b"=") {
        Some(token) => String::from_utf8_lossy(token).into_owned(),
        None => format!("e30.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(given)),
    };
    let Ok(token) = Token::new(&text) else { return };
    assert_read(token, given);
    let operation = if operation == 0 { Operation::ReadSettings } else { Operation::TriggerSync };
    let hint = hint(refusal, operation, Cloud::ALL.get(cloud).copied(), token);
    let Some(hint) = hint else { return };
    assert!(hint.len() <= LONGEST_HINT && !hint.contains(char::is_control), "{hint:?}");
    assert!(hint.is_ascii(), "only names of hosts and permissions are shown: {hint:?}");
    assert_shows_nothing_of(token.as_str(), &hint);
    assert!(!shows_an_id(&hint), "{hint:?}");
}

/// A payload is read back as it was encoded; claims are there exactly if it is a JSON object.
fn assert_read(token: Token<'_>, given: &[u8]) {
    let payload = Payload::of(token);
    let parts = token.as_str().split('.').count();
    assert!(payload.is_none() || parts == 3, "{parts} parts");
    if given.starts_with(b"=") {
        return;
    }
    let payload = payload.expect("it is a JWT");
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(given) {
        let claims = Claims::read(&payload);
        assert_eq!(claims.is_some(), value.is_object());
        let scopes = value["scp"].as_str();
        assert!(claims.is_none_or(|claims| !claims.is_delegated || scopes.is_some()));
    }
}

/// What the error says after the reply's own words.
fn hint(refusal: usize, operation: Operation, cloud: Option<Cloud>, token: Token<'_>) -> Option<String> {
    let message = if refusal % 2 == 0 { "" } else { r#"{\"_version\":3,\"Message\":\"m\"}"# };
    let body = format!(r#"{{"error":{{"code":"C","message":"{message}"}}}}"#);
    let date = Some("Fri, 02 Jan 2026 03:04:05 GMT".to_owned());
    let status = if refusal < 2 { 401 } else { 403 };
    let raw = RawReply { status, date, body: body.into_bytes(), ..RawReply::default() };
    let reply = Reply::new(&raw, token).explained(operation, cloud, token);
    let kind = reply.sync_answer().expect_err("a refusal");
    assert!(matches!(kind, ErrorKind::Unauthorized | ErrorKind::Forbidden));
    let line = reply.error(kind).to_string();
    line.split_once("; hint: ").map(|(_, hint)| hint.to_owned())
}

/// A GUID.
fn shows_an_id(text: &str) -> bool {
    let is_guid = |part: &[u8]| {
        let is_hyphen = |at: usize| [8, 13, 18, 23].contains(&at);
        part.iter()
            .enumerate()
            .all(|(at, byte)| if is_hyphen(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
    };
    text.as_bytes().windows(36).any(is_guid)
}
