//! The token's check: an input is a token, a NUL, and a text in which it may occur.

use ureq::http::HeaderValue;

use super::assert_tells_nothing_of_the_token;
use crate::text::one_line;
use crate::token::Token;

/// What is shorter may occur in a text by chance, and is not taken out of it.
const SHORTEST: usize = 8;
const SHORTEST_PART: usize = 16;

pub fn token(data: &[u8]) {
    let Ok(data) = std::str::from_utf8(data) else { return };
    let (text, said) = data.split_once('\0').unwrap_or((data, ""));
    match Token::new(text) {
        Ok(token) => {
            assert_fit(text, token);
            assert_taken_out(token, said);
            assert_taken_out(token, &said.replace('\0', text));
        }
        Err(error) => {
            assert_tells_nothing_of_the_token(&error.to_string());
            assert!(!is_plain(text), "refused: {text:?}");
        }
    }
}

/// Letters, digits and what else RFC 6750 has in a token.
fn is_plain(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.len() <= 64 * 1024 && text.bytes().all(fits)
}

/// It goes into a header as it was given, but for one line break at its end.
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
    let line = one_line(text, token).unwrap_or_default();
    for without in [token.redact(text), line] {
        let whole = Some(token.as_str()).filter(|whole| whole.len() >= SHORTEST);
        let parts = token.as_str().split('.').filter(|part| part.len() >= SHORTEST_PART);
        for secret in whole.into_iter().chain(parts) {
            assert!(!without.contains(secret), "{secret:?} is in {without:?}");
        }
    }
    let short = Token::new("short").expect("it can be a token");
    assert_eq!(short.redact(text), text);
}
