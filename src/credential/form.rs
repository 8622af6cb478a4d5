//! Text as forms and queries carry it.

use zeroize::Zeroizing;

/// Percent-encodes all but RFC 3986's unreserved characters. Wiped when it is dropped.
pub(super) fn encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(3 * text.len()));
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 0xf] {
                    encoded.push(b"0123456789ABCDEF"[usize::from(digit)].into());
                }
            }
        }
    }
    encoded
}

/// A form of these fields.
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, encoded(value))).collect();
    let length = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut form = Zeroizing::new(String::with_capacity(length));
    for (name, value) in fields {
        let separator = if form.is_empty() { "" } else { "&" };
        [separator, name, "=", &value].into_iter().for_each(|part| form.push_str(part));
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_its_fields_in_order() {
        assert_eq!(*form(&[("a", "x~y-z._9"), ("b", "p+q/=é&")]), "a=x~y-z._9&b=p%2Bq%2F%3D%C3%A9%26");
    }
}
