//! The check of a token. An input is a token, a NUL, and a text that may contain the token.

use ureq::http::HeaderValue;

use super::{assert_shows_nothing_of, assert_tells_nothing_of_the_token};
use crate::text::Token;
use crate::text::one_line;

pub fn token(data: &[u8]) {
    let Ok(data) = std::str::from_utf8(data) else { return };
    let (text, said) = data.split_once('\0').unwrap_or((data, ""));
    match Token::new(text) {
        Ok(token) => {
            assert_fit(text, token);
            assert_taken_out(token, said);
            let echo = said.replace('\0', token.as_str());
            assert_taken_out(token, &echo);
            assert_taken_out(token, &echo.chars().flat_map(|c| [c, '\n']).collect::<String>());
            assert_parts_taken_out(token);
        }
        Err(error) => {
            assert_tells_nothing_of_the_token(&error.to_string());
            assert!(!is_plain(text), "refused: {text:?}");
        }
    }
}

/// Letters, digits and the other characters that RFC 6750 allows in a token.
fn is_plain(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.len() <= 64 * 1024 && text.bytes().all(fits)
}

/// It goes into a header as it is, except for one line break at its end.
fn assert_fit(text: &str, token: Token<'_>) {
    let sent = token.as_str();
    assert!(["", "\n", "\r\n"].contains(&&text[sent.len()..]) && text.starts_with(sent));
    assert!(!sent.is_empty() && sent.bytes().all(|byte| byte.is_ascii_graphic()));
    let header = HeaderValue::from_str(&format!("Bearer {sent}")).expect("it fits a header");
    assert_eq!(header.as_bytes().strip_prefix(b"Bearer "), Some(sent.as_bytes()));
    assert_eq!(Token::new(sent), Ok(token));
    assert_eq!(format!("{token:?}"), "Token([token])");
}

fn assert_taken_out(token: Token<'_>, text: &str) {
    assert_shows_nothing_of(token.as_str(), &token.redact(text));
    assert_shows_nothing_of(token.as_str(), &one_line(text, token).unwrap_or_default());
    let short = Token::new("short").expect("it can be a token");
    assert_eq!(short.redact(text), text);
}

/// If a text does not contain the whole token, it shows no longer part of it than is allowed.
fn assert_parts_taken_out(token: Token<'_>) {
    let text = token.as_str();
    if text.len() >= 17 {
        assert_eq!(token.redact(&text[1..]), "[token]");
        assert_eq!(token.redact(&text[..text.len() - 1]), "[token]");
        assert_eq!(token.redact(&text[..15]), text[..15]);
    }
}
