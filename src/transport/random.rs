//! Random bits from the system: identifiers, and the spread of pauses.

/// Any number; the same each time if the system has no random bits to give.
pub(crate) fn number() -> u32 {
    let mut bytes = [0; 4];
    let _ = getrandom::getrandom(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// A GUID (RFC 9562, version 4), lower case with hyphens. None if the system has no random bits to give.
pub(crate) fn guid() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes).ok()?;
    let (version, variant) = (4 << 76, 2 << 62);
    let random = u128::from_be_bytes(bytes) & !(0xf << 76 | 3 << 62);
    let digits = format!("{:032x}", random | version | variant);
    Some([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
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
        assert_eq!(one, one.to_lowercase());
        assert_eq!(&one[14..15], "4");
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"));
    }
}
