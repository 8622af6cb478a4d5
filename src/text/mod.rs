//! Makes text from outside fit for a log: one printable line, of bounded length, without the token.

mod claims;
mod json;
mod redaction;
pub(crate) mod time;
mod token;

pub(crate) use claims::{Claims, Payload};
pub(crate) use json::Object;
pub(crate) use time::Time;
pub(crate) use token::{Token, TokenError};

/// The longest text that is kept, in bytes.
const LONGEST: usize = 4096;

/// One printable line of at most 4 KiB, without the token. None if nothing printable is left.
pub(crate) fn one_line(text: &str, token: Token<'_>) -> Option<String> {
    let line = token.redact(printable_line(text));
    (!line.is_empty()).then_some(line)
}

/// One printable line, cut to 4 KiB. Cut first, because looking for the token in a longer text takes long.
pub(crate) fn printable_line(text: &str) -> String {
    let mut line = printable(text);
    line.truncate(line.trim_end().len());
    line.drain(..line.len() - line.trim_start().len());
    let end = (0..=LONGEST.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
    line.truncate(end);
    line
}

/// Replaces characters that are not printable by blanks. Removing them could join the text around them.
pub(crate) fn printable(text: &str) -> String {
    // The short way for nearly all texts: each reply has a request id to check. It looks at all bytes, because the
    // processor then takes many at a time.
    if text.bytes().fold(true, |all_fit, byte| all_fit & matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect()
}

/// Control characters, line separators and Unicode's format characters (Cf) do not belong in a log: they are invisible,
/// or change the direction of the text.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
            | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_printable_bounded_and_without_the_token() {
        let token = Token::new("secret-token-0123456789").unwrap();
        let long = "é".repeat(LONGEST);
        let odd = format!("a{long}");
        let filled = |blanks: usize, after: &str| format!("{}{after}", "x".repeat(LONGEST - blanks));
        let (cut, kept) = (filled(20, "secret-token-0123456789"), filled(20, "[token]"));
        let (cut_early, kept_early) = (filled(15, "secret-token-0123456789"), filled(15, "secret-token-01"));
        let late = format!("{}late", " ".repeat(LONGEST));
        for (text, expected) in [
            ("plain", Some("plain")),
            (" two\r\nlines\u{2028}\u{7}", Some("two  lines")),
            ("\u{202e}reversed", Some("reversed")),
            ("secret-token-0123456789", Some("[token]")),
            ("a secret-token\0-01234567", Some("a [token]")),
            ("sec\u{ad}ret-tok\u{200b}en-01\u{e0020}23456789\u{61c}!", Some("[token] !")),
            (&long, Some(&long[..LONGEST])),
            (&odd, Some(&odd[..LONGEST - 1])),
            (&cut, Some(&kept)),
            (&cut_early, Some(&kept_early)),
            (&late, Some("late")),
            ("", None),
            ("\n \0", None),
        ] {
            assert_eq!(one_line(text, token).as_deref(), expected);
        }
    }

    /// Exactly Unicode's categories Cc, Cf, Zl and Zp.
    #[test]
    fn what_cannot_be_seen_is_a_blank() {
        let ranges = [
            (0x0, 0x1f),
            (0x7f, 0x9f),
            (0xad, 0xad),
            (0x600, 0x605),
            (0x61c, 0x61c),
            (0x6dd, 0x6dd),
            (0x70f, 0x70f),
            (0x890, 0x891),
            (0x8e2, 0x8e2),
            (0x180e, 0x180e),
            (0x200b, 0x200f),
            (0x2028, 0x202e),
            (0x2060, 0x2064),
            (0x2066, 0x206f),
            (0xfeff, 0xfeff),
            (0xfff9, 0xfffb),
            (0x110bd, 0x110bd),
            (0x110cd, 0x110cd),
            (0x13430, 0x1343f),
            (0x1bca0, 0x1bca3),
            (0x1d173, 0x1d17a),
            (0xe0001, 0xe0001),
            (0xe0020, 0xe007f),
        ];
        for c in '\0'..=char::MAX {
            let is_visible = !ranges.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)));
            let shown = printable(c.encode_utf8(&mut [0; 4]));
            assert_eq!(shown, if is_visible { c } else { ' ' }.to_string(), "U+{:04X}", u32::from(c));
        }
    }
}
