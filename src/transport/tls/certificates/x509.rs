//! Reads the names and dates of an X.509 certificate, and writes them as people do. Peers choose these bytes, so no
//! input may panic.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTEXT_0: u8 = 0xa0;

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

/// The most parts of a name that are read. The rest is ignored.
const MOST_PARTS: usize = 32;

/// Who a certificate belongs to. Nothing is verified, and the names may contain characters that do not belong in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// In RFC 3339 format; None if the certificate's own format is wrong.
    pub(crate) not_before: Option<String>,
    pub(crate) not_after: Option<String>,
}

impl Identity {
    /// None if the bytes are not a certificate.
    pub(crate) fn of(certificate: &[u8]) -> Option<Identity> {
        let Fields { issuer, validity, subject, .. } = Fields::of(certificate)?;
        let mut validity = Der(validity);
        let mut date = || validity.next().and_then(|(tag, text)| time(tag, text));
        let (not_before, not_after) = (date(), date());
        Some(Identity { subject: name(subject), issuer: name(issuer), not_before, not_after })
    }
}

/// Parts of a certificate, as their bytes without tag and length.
pub(crate) struct Fields<'a> {
    pub(crate) issuer: &'a [u8],
    validity: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// The bits of the public key: for RSA, the DER of modulus and exponent. None if they are malformed.
    pub(crate) public_key: Option<&'a [u8]>,
}

impl Fields<'_> {
    /// None if the bytes are not a certificate.
    pub(crate) fn of(certificate: &[u8]) -> Option<Fields<'_>> {
        let mut signed = Der(Der(certificate).take(SEQUENCE)?);
        let mut fields = Der(signed.take(SEQUENCE)?);
        fields.take_if(CONTEXT_0)?; // version
        fields.take(INTEGER)?; // serial number
        fields.take(SEQUENCE)?; // algorithm
        let [issuer, validity, subject] =
            [fields.take(SEQUENCE)?, fields.take(SEQUENCE)?, fields.take(SEQUENCE)?];
        let public_key = fields.take(SEQUENCE).and_then(|key| {
            let mut key = Der(key);
            key.take(SEQUENCE)?; // algorithm
            key.take(BIT_STRING)?.strip_prefix(&[0]) // no unused bits
        });
        Some(Fields { issuer, validity, subject, public_key })
    }
}

/// Splits the bytes into the certificate at their start and the rest.
pub(crate) fn split_certificate(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = Der(bytes);
    rest.take(SEQUENCE)?;
    Some(bytes.split_at(bytes.len() - rest.0.len()))
}

/// Whether OpenSSL's trust settings, which follow the certificate in a TRUSTED CERTIFICATE, allow it as an authority
/// for TLS servers: not if they reject that use, or list trusted uses without it. None if they are malformed.
pub(crate) fn is_trusted_for_servers(settings: &[u8]) -> Option<bool> {
    if settings.is_empty() {
        return Some(true);
    }
    let mut fields = Der(Der(settings).take(SEQUENCE)?);
    let trusted = fields.take_if(SEQUENCE)?;
    let rejected = fields.take_if(CONTEXT_0)?;
    while !fields.0.is_empty() {
        fields.next()?; // alias, key id, other
    }
    let is_trusted = trusted.map_or(Some(true), names_servers)?;
    let is_rejected = rejected.map_or(Some(false), names_servers)?;
    Some(is_trusted && !is_rejected)
}

/// Whether a list of uses includes TLS servers.
fn names_servers(uses: &[u8]) -> Option<bool> {
    const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0];
    let mut uses = Der(uses);
    let mut found = false;
    while !uses.0.is_empty() {
        found |= [SERVER_AUTH, ANY].contains(&uses.take(OBJECT_ID)?);
    }
    Some(found)
}

/// A name as people write it, most specific part first: "CN=Contoso TLS Inspection CA, O=Contoso". Takes the content of
/// the name's outer SEQUENCE. Leaves out attributes of unknown types.
pub(crate) fn name(parts: &[u8]) -> String {
    let mut parts = Der(parts);
    let mut shown: Vec<String> = Vec::new();
    while let (Some(attributes), true) = (parts.take(SET), shown.len() < MOST_PARTS) {
        let mut attributes = Der(attributes);
        let all = std::iter::from_fn(|| attributes.take(SEQUENCE)).take(MOST_PARTS).filter_map(attribute);
        let part = all.collect::<Vec<_>>().join("+");
        if !part.is_empty() {
            shown.push(part);
        }
    }
    shown.reverse();
    match shown.join(", ") {
        none if none.is_empty() => "no name".to_owned(),
        name => shortened(name),
    }
}

fn attribute(der: &[u8]) -> Option<String> {
    let mut der = Der(der);
    let kind = match der.take(OBJECT_ID)? {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "street",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        // 0.9.2342.19200300.100.1.25, .1; 1.2.840.113549.1.9.1
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        _ => return None,
    };
    let (tag, text) = der.next()?;
    let value = value(tag, text)?;
    // Quotes keep a value from posing as several parts.
    Some(if value.contains([',', '+', '"']) {
        format!("{kind}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("{kind}={value}")
    })
}

/// A string of any ASN.1 type, shortened. None if it is empty or of an unknown type.
fn value(tag: u8, text: &[u8]) -> Option<String> {
    let longest = &text[..text.len().min(4 * (LONGEST_NAME + 1))];
    let value: String = match tag {
        0x0c => String::from_utf8_lossy(longest).into_owned(),
        // Numeric, Printable, T61 (in practice Latin-1), IA5 and Visible.
        0x12 | 0x13 | 0x14 | 0x16 | 0x1a => longest.iter().copied().map(char::from).collect(),
        // BMP and Universal: UTF-16 and UTF-32.
        0x1e => {
            char::decode_utf16(longest.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])))
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        0x1c => (longest.chunks_exact(4))
            .map(|unit| u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]))
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => return None,
    };
    (!value.is_empty()).then(|| shortened(value))
}

/// At most [`LONGEST_NAME`] characters; an ellipsis marks a cut.
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_NAME) {
        text.truncate(end);
        text.pop();
        text.push('…');
    }
    text
}

/// UTCTime or GeneralizedTime in the only formats that certificates may use: whole seconds, UTC.
fn time(tag: u8, text: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (century, rest) = match (tag, digits.len()) {
        (0x17, 12) if *digits < *"50" => ("20", digits),
        (0x17, 12) => ("19", digits),
        (0x18, 14) => digits.split_at(2),
        _ => return None,
    };
    let [year, month, day, hour, minute, second] = [0, 2, 4, 6, 8, 10].map(|at| &rest[at..at + 2]);
    Some(format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// A sequence of DER elements.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The tag and content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, if it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.0.first() == Some(&tag)).then(|| self.next())?.map(|(_, content)| content)
    }

    /// The content of an optional element. The outer None means malformed.
    fn take_if(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.0.first() == Some(&tag) { self.take(tag).map(Some) } else { Some(None) }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, Issuer, KeyPair, date_time_ymd};

    use super::*;

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];
    const DC: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];
    const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        der(SEQUENCE, &[der(OBJECT_ID, kind), der(tag, value)].concat())
    }

    /// A part of a name with one attribute.
    fn part(kind: &[u8], tag: u8, value: impl AsRef<[u8]>) -> Vec<u8> {
        der(SET, &attribute(kind, tag, value.as_ref()))
    }

    #[test]
    fn names_are_as_people_write_them() {
        let two = [attribute(CN, UTF8, b"a"), attribute(O, UTF8, b"b")].concat();
        let long = "é".repeat(LONGEST_NAME);
        let cut = format!("CN={}…", "é".repeat(LONGEST_NAME - 4));
        for (parts, expected) in [
            (vec![], "no name"),
            (vec![part(&[0x55, 4, 99], UTF8, "unknown")], "no name"),
            (vec![part(CN, UTF8, "")], "no name"),
            (vec![part(CN, UTF8, "Contoso CA")], "CN=Contoso CA"),
            (
                vec![
                    part(&[0x55, 4, 6], PRINTABLE, "DE"),
                    part(O, UTF8, "Contoso"),
                    part(CN, UTF8, "Contoso CA"),
                ],
                "CN=Contoso CA, O=Contoso, C=DE",
            ),
            (vec![part(DC, 0x16, "com"), part(DC, 0x16, "contoso")], "DC=contoso, DC=com"),
            (vec![part(EMAIL, 0x16, "a@contoso.com")], "emailAddress=a@contoso.com"),
            (vec![part(&[0x55, 4, 5], 0x12, "0815")], "serialNumber=0815"),
            (vec![part(CN, UTF8, "Zoë")], "CN=Zoë"),
            (vec![part(CN, UTF8, b"Zo\xeb")], "CN=Zo\u{fffd}"),
            (vec![part(CN, 0x14, b"Zo\xeb")], "CN=Zoë"),
            (vec![part(CN, 0x1e, b"\0Z\0o\0\xeb")], "CN=Zoë"),
            (vec![part(CN, 0x1e, b"\xd8\x3d\xde\x00\xd8\x3d\0")], "CN=\u{1f600}\u{fffd}"),
            (vec![part(CN, 0x1c, b"\0\0\0Z\0\x11\0\0")], "CN=Z\u{fffd}"),
            (vec![part(CN, 0x04, "an octet string")], "no name"),
            (vec![der(SET, &two)], "CN=a+O=b"),
            (vec![part(O, UTF8, "Contoso, Inc.")], "O=\"Contoso, Inc.\""),
            (vec![part(CN, UTF8, "a\", O=\\b")], "CN=\"a\\\", O=\\\\b\""),
            (vec![part(CN, UTF8, &long)], &cut),
            (vec![part(CN, UTF8, "a"), b"broken".to_vec(), part(CN, UTF8, "b")], "CN=a"),
            (vec![part(CN, UTF8, "a"); 1000], &vec!["CN=a"; MOST_PARTS].join(", ")),
        ] {
            let (name, expected) =
                (name(&parts.concat()), expected.chars().take(LONGEST_NAME).collect::<String>());
            assert_eq!(name, expected);
        }
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        for (tag, text, expected) in [
            (0x17, "260519123456Z", Some("2026-05-19T12:34:56Z")),
            (0x17, "491231235959Z", Some("2049-12-31T23:59:59Z")),
            (0x17, "500101000000Z", Some("1950-01-01T00:00:00Z")),
            (0x18, "20500101000000Z", Some("2050-01-01T00:00:00Z")),
            (0x18, "99991231235959Z", Some("9999-12-31T23:59:59Z")),
            (0x18, "260519123456Z", None),
            (0x17, "20500101000000Z", None),
            (0x17, "2605191234Z", None),
            (0x17, "260519123456", None),
            (0x17, "26051912345éZ", None),
            (0x18, "20500101000000.5Z", None),
            (0x16, "260519123456Z", None),
            (0x17, "", None),
        ] {
            assert_eq!(time(tag, text.as_bytes()).as_deref(), expected, "{text}");
        }
        assert_eq!(time(0x17, b"26051912345\xffZ"), None);
    }

    fn distinguished(pairs: &[(DnType, DnValue)]) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        for (kind, value) in pairs {
            name.push(kind.clone(), value.clone());
        }
        name
    }

    #[test]
    fn a_certificate_says_whose_it_is() {
        let text = |text: &str| DnValue::Utf8String(text.to_owned());
        let printable = |text: &str| DnValue::PrintableString(text.try_into().unwrap());
        let mut authority = CertificateParams::default();
        authority.distinguished_name = distinguished(&[
            (DnType::CountryName, printable("DE")),
            (DnType::OrganizationName, text("Contoso")),
            (DnType::CommonName, DnValue::BmpString("Contoso TLS Inspection CA".try_into().unwrap())),
        ]);
        let issuer = Issuer::new(authority, KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(["graph.microsoft.com".to_owned()]).unwrap();
        params.distinguished_name = distinguished(&[(DnType::CommonName, text("graph.microsoft.com"))]);
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 2), date_time_ymd(2051, 3, 4));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let expected = Identity {
            subject: "CN=graph.microsoft.com".to_owned(),
            issuer: "CN=Contoso TLS Inspection CA, O=Contoso, C=DE".to_owned(),
            not_before: Some("2026-01-02T00:00:00Z".to_owned()),
            not_after: Some("2051-03-04T00:00:00Z".to_owned()),
        };
        assert_eq!(Identity::of(certificate.der()), Some(expected));
        assert_eq!(Fields::of(certificate.der()).unwrap().public_key, Some(key.public_key_raw()));
        assert_eq!(split_certificate(certificate.der()), Some((&certificate.der()[..], &[][..])));
        let followed = [certificate.der(), &b"more"[..]].concat();
        assert_eq!(split_certificate(&followed), Some((&certificate.der()[..], &b"more"[..])));
        for end in 0..certificate.der().len() {
            assert_eq!(split_certificate(&certificate.der()[..end]), None);
            assert_eq!(Identity::of(&certificate.der()[..end]), None);
        }
        let mut undated = certificate.der().to_vec();
        let date = undated.windows(13).position(|part| part == b"260102000000Z").unwrap();
        undated[date - 1] = 0xff;
        let identity = Identity::of(&undated).unwrap();
        assert_eq!((&*identity.subject, identity.not_before), ("CN=graph.microsoft.com", None));
        for place in 0..certificate.der().len() {
            let mut changed = certificate.der().to_vec();
            changed[place] ^= 0xff;
            Identity::of(&changed); // must not panic
        }
    }

    #[test]
    fn trust_settings_are_read_as_openssl_reads_them() {
        let server: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
        let mail: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
        let any: &[u8] = &[0x55, 0x1d, 0x25, 0];
        let uses = |tag, uses: &[&[u8]]| {
            der(tag, &uses.iter().map(|of| der(OBJECT_ID, of)).collect::<Vec<_>>().concat())
        };
        let (trusted, rejected) = (|list| uses(SEQUENCE, list), |list| uses(CONTEXT_0, list));
        let (alias, key_id) = (der(UTF8, b"label"), der(0x04, b"id"));
        for (fields, expected) in [
            (vec![], Some(true)),
            (vec![alias.clone(), key_id.clone()], Some(true)),
            (vec![trusted(&[server])], Some(true)),
            (vec![trusted(&[any])], Some(true)),
            (vec![trusted(&[mail, server]), alias.clone()], Some(true)),
            (vec![trusted(&[mail])], Some(false)),
            (vec![trusted(&[])], Some(false)),
            (vec![rejected(&[server])], Some(false)),
            (vec![rejected(&[mail, any])], Some(false)),
            (vec![rejected(&[mail])], Some(true)),
            (vec![rejected(&[])], Some(true)),
            (vec![trusted(&[server]), rejected(&[any])], Some(false)),
            (vec![trusted(&[server]), rejected(&[mail]), alias, key_id], Some(true)),
            (vec![der(SEQUENCE, b"no use")], None),
            (vec![b"broken".to_vec()], None),
        ] {
            assert_eq!(is_trusted_for_servers(&der(SEQUENCE, &fields.concat())), expected, "{fields:x?}");
        }
        assert_eq!(is_trusted_for_servers(&[]), Some(true), "none follow the certificate");
        assert_eq!(is_trusted_for_servers(b"broken"), None);
    }
}
