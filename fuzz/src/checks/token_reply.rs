//! The reply of who gives tokens. An input is a line with the secret of the request, then the body.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use zeroize::Zeroizing;

use super::{assert_shows_nothing_of, text_line};
use crate::credential::refusal::Refusal;
use crate::credential::token_reply;
use crate::text::{Object, Token};

/// No token is kept for longer.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// A text from a reply is no longer, in bytes.
const LONGEST_TEXT: usize = 4096;

pub fn token_reply(mut data: &[u8]) {
    let secrets = [Zeroizing::new(text_line(&mut data).to_owned())];
    let object = serde_json::from_slice::<Value>(data).ok().filter(Value::is_object);
    if let Some((_, lifetime)) = token_reply::read(data, SystemTime::UNIX_EPOCH) {
        assert!(lifetime <= LONGEST, "{lifetime:?}");
        let sound = object.as_ref().is_none_or(|object| object["access_token"].is_string());
        assert!(sound, "a token that is no text");
    }
    let Ok(body) = Object::read(data) else {
        assert_eq!(object, None, "an object is not read");
        return;
    };
    let refusal = Refusal::read(&body, Token::hidden(&secrets));
    assert!(refusal.advice().is_none_or(|advice| advice.is_ascii() && advice.len() < 200));
    let Refusal { code, message, request_id } = refusal;
    for text in [code, message, request_id].into_iter().flatten() {
        assert!((1..=LONGEST_TEXT).contains(&text.len()) && !text.contains(char::is_control), "{text:?}");
        assert_shows_nothing_of(&secrets[0], &text);
    }
}
