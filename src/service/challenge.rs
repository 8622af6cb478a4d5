//! Authentication challenges: `WWW-Authenticate` and `Proxy-Authenticate` (RFC 9110, section 11.6.1).

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::text::{Object, Token, one_line};

/// One challenge, such as `Bearer realm="", claims="e30="`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge<'a> {
    pub(crate) scheme: &'a str,
    /// Names and values, without quotes and escapes.
    parameters: Vec<(&'a str, String)>,
}

impl<'a> Challenge<'a> {
    /// Reads the challenges of a header. Never fails: it skips text that does not fit, and needs no comma between
    /// parameters. The first challenge has no scheme and holds the parameters before the first scheme.
    pub(crate) fn read_all(header: &'a str) -> Vec<Challenge<'a>> {
        let mut challenges = vec![Challenge::default()];
        let mut rest = header;
        let mut follows_comma = true;
        loop {
            let next = rest.trim_start_matches([',', ' ', '\t']);
            follows_comma |= rest[..rest.len() - next.len()].contains(',');
            if next.is_empty() {
                return challenges;
            }
            let (word, after) = next.split_at(next.find([',', ' ', '\t', '=', '"']).unwrap_or(next.len()));
            let after = after.trim_start_matches(BLANKS);
            let parameter = after.strip_prefix('=').map(|after| value(after.trim_start_matches(BLANKS)));
            if parameter.is_none() && follows_comma && !word.is_empty() {
                challenges.push(Challenge { scheme: word, parameters: Vec::new() });
            }
            rest = match parameter {
                Some((value, after)) => {
                    challenges.last_mut().expect("never empty").parameters.push((word, value));
                    after
                }
                None if after.starts_with('"') => value(after).1,
                None => after,
            };
            follows_comma = false;
        }
    }

    /// The first parameter with this name that is not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let named = self.parameters.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).find(|value| !value.is_empty())
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

/// The value at the start of a text, and the text after it.
fn value(text: &str) -> (String, &str) {
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

/// The claims that a header like `Bearer error="insufficient_claims", claims="<base64>"` asks for: a JSON object on one
/// line that fits a log. None if the header asks for none or for anything else, or if the line must be cut.
pub(crate) fn claims(header: &str, token: Token<'_>) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let is_object = |text: &String| Object::read(text.as_bytes()).is_ok();
    let challenges = Challenge::read_all(header);
    let encoded = challenges.iter().find_map(|challenge| challenge.parameter("claims"))?;
    let encoded = encoded.replace('-', "+").replace('_', "/");
    let decoded = String::from_utf8(LENIENT.decode(encoded).ok()?).ok().filter(is_object)?;
    one_line(&decoded, token).filter(is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token<'static> {
        Token::new("secret-0123456789abcdef").unwrap()
    }

    #[test]
    fn schemes_and_parameters_are_told_apart() {
        for (header, expected) in [
            ("", &[][..]),
            ("Negotiate, NTLM", &["Negotiate", "NTLM"]),
            ("Basic realm=\"x\"", &["Basic realm=x"]),
            ("a=b, Basic", &[" a=b", "Basic"]),
            ("Digest realm=\"a, Basic b\", nonce=x, NTLM", &["Digest realm=a, Basic b nonce=x", "NTLM"]),
            ("Digest a = \"\\\"\" b=c,NTLM", &["Digest a=\" b=c", "NTLM"]),
            ("Negotiate YIIJ6wYG==, Basic", &["Negotiate YIIJ6wYG==", "Basic"]),
            ("NTLM TlRMTVNT", &["NTLM"]),
            (",\t, Basic ,, Bearer", &["Basic", "Bearer"]),
            ("Acme basic=1, \"Basic", &["Acme basic=1"]),
            ("Acme\"Basic, NTLM\"x, Bearer", &["Acme", "Bearer"]),
            ("==\"\"=", &[" ==\"\"="]),
        ] {
            let challenges = Challenge::read_all(header);
            let shown = challenges.iter().map(|challenge| {
                let parameters = challenge.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
                challenge.scheme.to_owned() + &parameters.collect::<String>()
            });
            let shown: Vec<String> = shown.filter(|shown| !shown.is_empty()).collect();
            assert_eq!(shown, expected, "{header}");
        }
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
