//! The bearer token: checked before anything is sent, and taken out of every text that leaves the library.

use std::fmt;

use zeroize::Zeroizing;

use super::redaction;

/// The longest token that is sent, in bytes. Graph's own have a few KiB.
const LONGEST: usize = 64 * 1024;

/// A token that fits into an HTTP header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    text: &'a str,
    /// Tokens that the same call has sent before.
    earlier: &'a [Zeroizing<String>],
}

/// Why a text cannot be a bearer token. Tells the place of a wrong byte, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is empty")]
    Empty,
    #[error("the token has {0} bytes; at most {LONGEST} are sent")]
    TooLong(usize),
    #[error("the token begins with \"Bearer \": give the token alone")]
    Scheme,
    #[error("the token has a quotation mark at offset {0}: give the token without quotes")]
    Quote(usize),
    #[error("the token has a blank, a control character or a non-ASCII byte at offset {0}")]
    Byte(usize),
}

impl<'a> Token<'a> {
    /// Allows one line break at the end, because files and shells add it. RFC 6750 allows no blank, no control
    /// character and no quotation mark.
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
        let fits = |byte: u8| byte.is_ascii_graphic() & (byte != b'"') & (byte != b'\'');
        // All bytes first, without a way out, because the processor then takes many at a time.
        if text.bytes().fold(true, |all_fit, byte| all_fit & fits(byte)) {
            return Ok(Token { text, earlier: &[] });
        }
        let wrong = text.bytes().enumerate().find(|(_, byte)| !fits(*byte));
        let (offset, byte) = wrong.unwrap_or_default();
        Err(if byte.is_ascii_graphic() { TokenError::Quote(offset) } else { TokenError::Byte(offset) })
    }

    /// A text that was checked before.
    pub(crate) fn checked(text: &'a str) -> Token<'a> {
        Token { text, earlier: &[] }
    }

    /// Secrets of another kind, to be taken out of texts as tokens are. They are never sent as one.
    pub(crate) fn hidden(secrets: &'a [Zeroizing<String>]) -> Token<'a> {
        Token { text: "", earlier: secrets }
    }

    /// This token, after others in the same call. The service has seen those too, so its reply may repeat them.
    pub(crate) fn after(self, earlier: &'a [Zeroizing<String>]) -> Token<'a> {
        Token { earlier, ..self }
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.text
    }

    /// A copy that is wiped when it is dropped.
    pub(crate) fn wiped_copy(self) -> Zeroizing<String> {
        Zeroizing::new(self.text.to_owned())
    }

    /// Replaces this token and the earlier ones in a text by `[token]`: each run of 16 bytes or more, even if bytes
    /// that are not visible ASCII interrupt it. A token of 8 to 15 bytes is replaced as a whole. A shorter one may
    /// occur by chance, so it stays.
    pub(crate) fn redact(self, text: impl Into<String>) -> String {
        let mut text = text.into();
        // Repeat, because the replacement may complete a token that has brackets. Each step shortens the text.
        while let Some(shorter) =
            redaction::redacted(self.earlier.iter().map(|token| token.as_str()).chain([self.text]), &text)
        {
            text = shorter;
        }
        text
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
            ("\"t\"", Err(TokenError::Quote(0))),
            ("'t'", Err(TokenError::Quote(0))),
            ("t\"\n", Err(TokenError::Quote(1))),
            ("\"Bearer t\"", Err(TokenError::Quote(0))),
            ("a b\"", Err(TokenError::Byte(1))),
            (&too_long, Err(TokenError::TooLong(65_537))),
        ];
        for (text, expected) in table {
            let shown: String = text.chars().take(20).collect();
            assert_eq!(Token::new(text).map(Token::as_str), *expected, "{shown:?}");
        }
    }

    /// Like a token of Graph's: three parts of base64, 1,502 bytes.
    fn like_graphs() -> String {
        let mut random = Random(1);
        let mut part =
            |length| random.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length);
        [part(160), part(998), part(342)].join(".")
    }

    /// The same numbers in each run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as usize % end
        }

        fn text(&mut self, letters: &[u8], length: usize) -> String {
            (0..length).map(|_| char::from(letters[self.below(letters.len())])).collect()
        }
    }

    #[test]
    fn an_echo_is_found_in_every_form() {
        let text = like_graphs();
        let token = Token::new(&text).unwrap();
        let lines = |width| {
            text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>()
        };
        let parts: Vec<&str> = text.split('.').collect();
        for echo in [
            text.as_str(),
            &text[..text.len() - 1],
            &text[1..],
            &text[..1024],
            &text[700..716],
            &text[text.len() - 16..],
            parts[1],
            parts[2],
            &lines(76).join("\r\n"),
            &lines(76).join("\n\t "),
            &lines(64).join("\n"),
            &lines(7).join(" "),
            &lines(1).join("\0"),
            &lines(15).join("é\u{2028}\u{200b}"),
            &lines(2).join("\u{ad}"),
        ] {
            assert_eq!(token.redact(format!("a <{echo}> b")), "a <[token]> b");
        }
        let quoted = format!("> {}", lines(76).join("\n> "));
        assert_eq!(token.redact(&quoted), format!("> [token]{}", "\n> [token]".repeat(lines(76).len() - 1)));
        for fewer in [&text[..15], &text[700..715], &lines(15).join("|")] {
            assert_eq!(token.redact(fewer), *fewer);
        }
        for run in text.as_bytes().windows(16) {
            assert_eq!(token.redact(std::str::from_utf8(run).unwrap()), "[token]");
        }
        let guid = "2f2a63f3-8e5e-4d3a-b3c5-111122223333";
        assert_eq!(token.redact(guid), guid);
    }

    #[test]
    fn no_run_of_a_token_is_left_and_nothing_else_is_taken() {
        let visible = |text: &str| text.chars().filter(char::is_ascii_graphic).collect::<String>();
        let mut random = Random(2);
        let mut redacted = 0;
        for _ in 0..5_000 {
            let lengths = [8 + random.below(40), 8 + random.below(12)];
            let letters: &[u8] = [&b"a."[..], b"ab", b"[token]", b"]n"][random.below(4)];
            let tokens = lengths.map(|length| random.text(letters, length));
            let letters = [letters, b"  \n"].concat();
            let mut text = random.text(&letters, 60);
            text.insert_str(random.below(60), &tokens[random.below(2)]);
            let earlier = [tokens[0].clone().into()];
            let left = Token::new(&tokens[1]).unwrap().after(&earlier).redact(&text);
            let runs: Vec<&[u8]> =
                tokens.iter().flat_map(|token| token.as_bytes().windows(token.len().min(16))).collect();
            let shows =
                |text: &str| runs.iter().any(|run| visible(text).contains(std::str::from_utf8(run).unwrap()));
            assert!(!shows(&left), "{tokens:?} {text:?}: {left:?}");
            assert_eq!(shows(&text), left != text, "{tokens:?} {text:?}: {left:?}");
            redacted += usize::from(left != text);
        }
        assert!(redacted > 2_500, "{redacted}");
    }

    /// Finding a part must not start the search again.
    #[test]
    fn the_longest_token_of_the_most_parts_is_found_too() {
        let text: String = (0..LONGEST / 17).map(|part| format!("{part:016}.")).collect();
        let token = Token::new(&text).unwrap();
        let parts: Vec<&str> = text.trim_end_matches('.').rsplit('.').take(1900).collect();
        assert_eq!(token.redact(parts.join("|")), vec!["[token]"; 1900].join("|"));
    }

    #[test]
    fn no_output_shows_a_token() {
        let token = Token::new("header0123456789.payload0123456789.signature0123456789").unwrap();
        assert_eq!(format!("{token:?}"), "Token([token])");
        for (text, expected) in [
            ("plain", "plain"),
            ("a header0123456789.payload0123456789.signature0123456789 b", "a [token] b"),
            ("signature0123456789", "[token]"),
            ("header0123456789.payload0123456789", "[token]"),
            ("payload0123456789 \n signature0123456789", "[token]"),
            ("payload0123456789. signature0123456789", "[token]"),
        ] {
            assert_eq!(token.redact(text), expected);
        }
        let earlier = ["before-0123456789", "header0123456789.payload0123456789.signature0123456789.more"]
            .map(|token| Zeroizing::new(token.to_owned()));
        for (text, expected) in [
            ("a before-0123456789 b", "a [token] b"),
            ("header0123456789.payload0123456789.signature0123456789.more", "[token]"),
            ("header0123456789.payload0123456789.signature0123456789", "[token]"),
        ] {
            assert_eq!(token.after(&earlier).redact(text), expected);
        }
        assert_eq!(token.redact(&*earlier[0]), *earlier[0], "it was not sent");
        assert_eq!(
            Token::new("8.bytes!").unwrap().redact("8 8.bytes! 8.bytes 8.by\ntes!"),
            "8 [token] 8.bytes [token]"
        );
        assert_eq!(
            Token::new("exactly15bytes!").unwrap().redact("xactly15bytes! exactly15bytes!"),
            "xactly15bytes! [token]"
        );
        assert_eq!(Token::new("7.bytes").unwrap().redact("7.bytes"), "7.bytes");
        assert_eq!(Token::new("x[token]").unwrap().redact("xxxx[token] x"), "[token] x");
    }
}
