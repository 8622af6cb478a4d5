//! The targets, and what they share.

pub mod address;
pub mod c_api;
pub mod certificate_file;
pub mod certificates;
pub mod claims;
pub mod environment;
pub mod key_challenge;
pub mod proxy_reply;
pub mod reply;
pub mod settings;
pub mod time;
pub mod token;
pub mod token_reply;
pub mod wait;

use std::collections::HashSet;

use crate::text::Token;

/// A token like Graph's: three parts, each long enough to be a secret.
const TOKEN: &str = "header0123456789.payload0123456789.signature0123456789";

fn a_token() -> Token<'static> {
    Token::new(TOKEN).expect("it can be a token")
}

/// The longest line that the library keeps of the service's text, in bytes.
const LONGEST_LINE: usize = 4096;

/// A text shows no 16 bytes of a token in a row, even with invisible characters in between, and no shorter token as a
/// whole. A token of less than eight bytes may occur in it by chance.
fn assert_shows_nothing_of(token: &str, text: &str) {
    let visible: Vec<u8> = text.bytes().filter(u8::is_ascii_graphic).collect();
    let runs = token.as_bytes().windows(token.len().clamp(1, 16)).filter(|run| run.len() >= 8);
    let runs: HashSet<&[u8]> = runs.collect();
    let Some(length) = runs.iter().map(|run| run.len()).next() else { return };
    let shown = visible.windows(length).find(|window| runs.contains(window));
    assert_eq!(shown, None, "a token is shown: {text:?}");
}

fn assert_no_token(text: &str) {
    assert_shows_nothing_of(TOKEN, text);
}

/// A text is fit for a log.
fn assert_one_line(text: &str) {
    assert_no_token(text);
    assert!(!text.is_empty() && text.len() <= LONGEST_LINE, "{} bytes", text.len());
    let is_unseen = |c: char| {
        c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || "\u{ad}\u{61c}\u{2028}".contains(c)
    };
    assert!(!text.contains(is_unseen), "not one line: {text:?}");
}

/// An error about an invalid token says where the fault is, but shows nothing of the token. Digits are left out.
fn assert_tells_nothing_of_the_token(said: &str) {
    let words: String = said.chars().filter(|c| !c.is_ascii_digit()).collect();
    let known = [
        "the token is empty",
        "the token has  bytes; at most  are sent",
        "the token begins with \"Bearer \": give the token alone",
        "the token has a quotation mark at offset : give the token without quotes",
        "the token has a blank, a control character or a non-ASCII byte at offset ",
        "the token is not UTF-",
    ];
    assert!(known.contains(&words.as_str()), "{said:?}");
}

/// The next line of an input, without its end.
fn line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|byte| *byte == b'\n');
    let line = &rest[..end.unwrap_or(rest.len())];
    *rest = end.map_or(&[], |end| &rest[end + 1..]);
    line
}

/// The next line, or an empty one if it is not UTF-8.
fn text_line<'a>(rest: &mut &'a [u8]) -> &'a str {
    std::str::from_utf8(line(rest)).unwrap_or_default()
}
