//! The bearer token: checked before anything is opened, and taken out of every text that leaves the library.

use std::fmt;

use zeroize::Zeroizing;

/// The longest token that is sent, in bytes. Graph's own are a few KiB.
const LONGEST: usize = 64 * 1024;

/// A token, and a part of one, that is shorter than this is no secret, and may occur in a text by chance. Graph's tokens
/// have more than a thousand bytes.
const SHORTEST: usize = 8;
const SHORTEST_PART: usize = 16;

/// A token that can be sent as it is in a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    text: &'a str,
    earlier: &'a [&'a str],
}

/// Why a text cannot be a bearer token. Says where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is empty")]
    Empty,
    #[error("the token has {0} bytes; at most {LONGEST} are sent")]
    TooLong(usize),
    #[error("the token begins with \"Bearer \": give the token alone")]
    Scheme,
    #[error("the token has a blank, a control character or a non-ASCII byte at offset {0}")]
    Byte(usize),
}

impl<'a> Token<'a> {
    /// Forgives one trailing line break, as files and shells give it; RFC 6750 allows no blank and no control.
    pub(crate) fn new(text: &'a str) -> Result<Token<'a>, TokenError> {
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if text.len() > LONGEST {
            return Err(TokenError::TooLong(text.len()));
        }
        if text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer ")) {
            return Err(TokenError::Scheme);
        }
        match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            Some(offset) => Err(TokenError::Byte(offset)),
            None => Ok(Token { text, earlier: &[] }),
        }
    }

    /// The same token, which the service was sent after these: a reply to it may repeat them.
    pub(crate) fn after(self, earlier: &'a [&'a str]) -> Token<'a> {
        Token { earlier, ..self }
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.text
    }

    /// A copy that is wiped when it is dropped.
    pub(crate) fn kept(self) -> Zeroizing<String> {
        Zeroizing::new(self.text.to_owned())
    }

    /// The text without this token and those before it, and without the parts between their dots (a JWT's signature
    /// alone is a secret). Until none is left: a token with brackets in it can arise from what was put in its place.
    /// Each step shortens the text; the longest goes first, lest the end of one stay where another is its beginning.
    pub(crate) fn redact(self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some(secret) = self.longest_in(&text) {
            text = text.replace(secret, "[token]");
        }
        text
    }

    fn longest_in(self, text: &str) -> Option<&'a str> {
        let mut longest = "";
        for token in self.earlier.iter().copied().chain([self.text]) {
            let parts = token.split('.').filter(|part| part.len() >= SHORTEST_PART);
            for secret in parts.chain((token.len() >= SHORTEST).then_some(token)) {
                if secret.len() > longest.len() && text.contains(secret) {
                    longest = secret;
                }
            }
        }
        (!longest.is_empty()).then_some(longest)
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([token])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_taken() {
        let longest = "x".repeat(65_536);
        let too_long = "x".repeat(65_537);
        let longest_line = format!("{longest}\r\n");
        let table: &[(&str, Result<&str, TokenError>)] = &[
            ("abc.def-_~+/=", Ok("abc.def-_~+/=")),
            ("t\n", Ok("t")),
            ("t\r\n", Ok("t")),
            (&longest, Ok(&longest)),
            (&longest_line, Ok(&longest)),
            ("", Err(TokenError::Empty)),
            ("\n", Err(TokenError::Empty)),
            ("\r\n", Err(TokenError::Empty)),
            ("t\n\n", Err(TokenError::Byte(1))),
            ("t\r", Err(TokenError::Byte(1))),
            ("t ", Err(TokenError::Byte(1))),
            (" t", Err(TokenError::Byte(0))),
            ("a b", Err(TokenError::Byte(1))),
            ("a\tb", Err(TokenError::Byte(1))),
            ("a\r\nHost: b", Err(TokenError::Byte(1))),
            ("a\u{7f}", Err(TokenError::Byte(1))),
            ("a\0", Err(TokenError::Byte(1))),
            ("abé", Err(TokenError::Byte(2))),
            ("bearer ey", Err(TokenError::Scheme)),
            (&too_long, Err(TokenError::TooLong(65_537))),
        ];
        for (text, expected) in table {
            let shown: String = text.chars().take(20).collect();
            assert_eq!(Token::new(text).map(Token::as_str), *expected, "{shown:?}");
        }
    }

    #[test]
    fn no_output_shows_a_token() {
        let token = Token::new("header0123456789.payload0123456789.signature0123456789").unwrap();
        assert_eq!(format!("{token:?}"), "Token([token])");
        for (text, expected) in [
            ("plain", "plain"),
            ("a header0123456789.payload0123456789.signature0123456789 b", "a [token] b"),
            ("signature0123456789", "[token]"),
            ("header0123456789.payload0123456789", "[token].[token]"),
        ] {
            assert_eq!(token.redact(text), expected);
        }
        let earlier = ["before-0123456789", "header0123456789.payload0123456789.signature0123456789.more"];
        for (text, expected) in [
            ("a before-0123456789 b", "a [token] b"),
            ("header0123456789.payload0123456789.signature0123456789.more", "[token]"),
            ("header0123456789.payload0123456789.signature0123456789", "[token]"),
        ] {
            assert_eq!(token.after(&earlier).redact(text), expected);
        }
        assert_eq!(token.redact(earlier[0]), earlier[0], "it was not sent");
        assert_eq!(Token::new("8.bytes!").unwrap().redact("8 8.bytes!"), "8 [token]");
        assert_eq!(Token::new("7.bytes").unwrap().redact("7.bytes"), "7.bytes");
        assert_eq!(Token::new("][token]").unwrap().redact("][token][token]"), "[token[token]");
    }
}
