//! Text from outside, made fit for a log: one printable line, bounded, without the token.

use crate::token::Token;

/// The longest text that is kept, in bytes.
const LONGEST: usize = 4096;

/// None where nothing printable is left. The token goes before the text is cut, lest half of it stay.
pub(crate) fn one_line(text: &str, token: Token<'_>) -> Option<String> {
    let mut line = token.redact(printable(text).trim());
    let end = (0..=LONGEST.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    line.truncate(end);
    (!line.is_empty()).then_some(line)
}

/// Control characters become blanks: dropping them could join what they kept apart, a token for one.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect()
}

/// Control characters, line separators and marks that turn the direction of text have no place in a log.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printable_bounded_and_without_the_token() {
        let token = Token::new("secret-token-0123456789").unwrap();
        let long = "é".repeat(LONGEST);
        let odd = format!("a{long}");
        let cut = format!("{}secret-token-0123456789", "x".repeat(LONGEST - 10));
        let kept = format!("{}[token]", "x".repeat(LONGEST - 10));
        for (text, expected) in [
            ("plain", Some("plain")),
            (" two\r\nlines\u{2028}\u{7}", Some("two  lines")),
            ("\u{202e}reversed", Some("reversed")),
            ("secret-token-0123456789", Some("[token]")),
            ("secret-token\0-0123456789", Some("secret-token -0123456789")),
            (&long, Some(&long[..LONGEST])),
            (&odd, Some(&odd[..LONGEST - 1])),
            (&cut, Some(&kept)),
            ("", None),
            ("\n \0", None),
        ] {
            assert_eq!(one_line(text, token).as_deref(), expected);
        }
    }
}
