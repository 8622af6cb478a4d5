//! Challenges of WWW-Authenticate (RFC 9110, 11.6.1).

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::text::{Object, Token, one_line};

/// The claims of a challenge like `Bearer realm="", error="insufficient_claims", claims="<base64>"`: a JSON object, as
/// one line that fits a log. None if they are too long for that, or are not an object before or after.
pub(crate) fn claims(challenge: &str, token: Token<'_>) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let is_object = |text: &String| Object::read(text.as_bytes()).is_ok();
    let encoded = parameter(challenge, "claims")?.replace('-', "+").replace('_', "/");
    let decoded = String::from_utf8(LENIENT.decode(encoded).ok()?).ok().filter(is_object)?;
    one_line(&decoded, token).filter(is_object)
}

/// A parameter of a challenge (RFC 9110, 11.6.1), its quotes and escapes undone.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some((before, after)) = rest.split_once('=') {
        let key = before.trim_end().rsplit([',', ' ', '\t']).next().unwrap_or_default();
        let (value, remaining) = parameter_value(after.trim_start());
        if key.eq_ignore_ascii_case(name) && !value.is_empty() {
            return Some(value);
        }
        rest = remaining;
    }
    None
}

/// The value at the start of a text, and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token<'static> {
        Token::new("secret-0123456789abcdef").unwrap()
    }

    #[test]
    fn claims_are_found_and_decoded() {
        for (challenge, expected) in [
            ("Bearer", None),
            ("Bearer realm=\"\"", None),
            ("Bearer claims=\"\"", None),
            ("Bearer realm=\"\", authorization_uri=\"https://a/b?claims=no\"", None),
            ("Bearer xclaims=\"e30=\"", None),
            ("Bearer claims=e30", Some("{}")),
            ("Bearer realm=\"a \\\"claims=x\\\"\", CLAIMS = \"eyJhIjoxfQ==\" ", Some("{\"a\":1}")),
            ("Bearer a=b,claims=\"eyJhIjoxfQ\"", Some("{\"a\":1}")),
            ("Bearer claims=\"eyIiOiI_Pz4ifQ\"", Some("{\"\":\"??>\"}")),
            ("Bearer claims=\"not base64!\"", None),
            ("Bearer claims=\"{}\"", None),
            ("Bearer claims=\"open", None),
            ("Bearer claims=\"e30", Some("{}")),
            ("Bearer a=\"b\"claims=\"e30\"", Some("{}")),
        ] {
            assert_eq!(claims(challenge, token()).as_deref(), expected, "{challenge}");
        }
    }

    #[test]
    fn claims_are_a_json_object_on_one_line() {
        let long = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
        let (longest, too_long) = (long(4096), long(4097));
        let known = r#"{"access_token":{"nbf":{"essential":true,"value":"1767323045"}}}"#;
        for (json, expected) in [
            (known, Some(known)),
            ("{\n \"a\":\t1\r\n}", Some("{  \"a\": 1  }")),
            ("\r\n{}\n", Some("{}")),
            ("{\"a\":\"\u{202e}\u{7f}\u{85}\u{2028}é\"}", Some("{\"a\":\"    é\"}")),
            (&longest, Some(&longest)),
            (&too_long, None),
            (&deep, Some(&deep)),
            ("{\n<0>kernel: out of memory\n}", None),
            ("{\"a\":\"\n<0>\"}", None),
            ("{\"a\":\"\0\"}", None),
            ("{}\0", None),
            ("\u{feff}{}", None),
            ("{}{}", None),
            ("", None),
            ("7", None),
            ("[]", None),
            ("null", None),
            ("\"{}\"", None),
            ("{\"a\":\"secret-0123456789abcdef\"}", Some("{\"a\":\"[token]\"}")),
            ("{\"a\":\"secret-01234567 89abcde\"}", Some("{\"a\":\"[token]\"}")),
        ] {
            let encoded = base64::engine::general_purpose::STANDARD.encode(json);
            let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{encoded}\"");
            assert_eq!(claims(&challenge, token()).as_deref(), expected, "{json:?}");
        }
        let number = Token::new("12345678901234567890").unwrap();
        let encoded = base64::engine::general_purpose::STANDARD.encode("{\"a\":12345678901234567890}");
        assert_eq!(claims(&format!("Bearer claims={encoded}"), number), None, "it is not JSON any more");
    }
}
