//! Random bits from the system: identifiers, and the spread of pauses.

use std::sync::Arc;

/// Any number; the same each time if the system has no random bits to give.
pub(crate) fn number() -> u32 {
    let mut bytes = [0; 4];
    let _ = getrandom::getrandom(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// A GUID (RFC 9562, version 4), lower case with hyphens. None if the system has no random bits to give.
pub(crate) fn guid() -> Option<Arc<str>> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes).ok()?;
    let (version, variant) = (0x40 | bytes[6] & 0x0f, 0x80 | bytes[8] & 0x3f);
    (bytes[6], bytes[8]) = (version, variant);
    let (mut text, mut place) = ([b'-'; 36], 0);
    for (index, byte) in bytes.into_iter().enumerate() {
        place += usize::from(matches!(index, 4 | 6 | 8 | 10));
        for digit in [byte >> 4, byte & 0x0f] {
            text[place] = b"0123456789abcdef"[usize::from(digit)];
            place += 1;
        }
    }
    std::str::from_utf8(&text).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_random_guid() {
        let (one, other) = (guid().unwrap(), guid().unwrap());
        assert_ne!(one, other);
        let form: String = one.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(*one, one.to_lowercase());
        assert_eq!(&one[14..15], "4");
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"));
    }
}
