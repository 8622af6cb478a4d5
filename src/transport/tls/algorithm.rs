//! The names of signature and key algorithms, as people write them.

/// Names by the first bytes of an AlgorithmIdentifier's content: its object id, and the curve's if it has one.
const NAMES: &[(&[u8], &str)] = &[
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", "ECDSA with SHA-1"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01", "ECDSA with SHA-224"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", "ECDSA with SHA-256"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", "ECDSA with SHA-384"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", "ECDSA with SHA-512"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", "RSA"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "RSA with MD5"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "RSA with SHA-1"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "RSA with SHA-256"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "RSA with SHA-384"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "RSA with SHA-512"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "RSA with SHA-224"),
    (b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", "DSA"),
    (b"\x06\x07\x2a\x86\x48\xce\x38\x04\x03", "DSA with SHA-1"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x02", "DSA with SHA-256"),
    (b"\x06\x03\x2b\x65\x70", "Ed25519"),
    (b"\x06\x03\x2b\x65\x71", "Ed448"),
    (b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75", "SM2 with SM3"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11", "ML-DSA-44"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12", "ML-DSA-65"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13", "ML-DSA-87"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x21", "EC on P-224"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "EC on P-256"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22", "EC on P-384"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", "EC on P-521"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a", "EC on secp256k1"),
    (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01",
        "EC on a Brainpool curve",
    ),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", "EC on an unusual curve"),
];

const PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";

/// The name of an algorithm, from the content of its AlgorithmIdentifier.
pub(super) fn name(identifier: &[u8]) -> String {
    if let Some(parameters) = identifier.strip_prefix(PSS) {
        return pss(parameters);
    }
    match NAMES.iter().find(|(beginning, _)| identifier.starts_with(beginning)) {
        Some((_, name)) => (*name).to_owned(),
        None => object_id(identifier).map_or("unknown".to_owned(), |id| format!("unknown, {id}")),
    }
}

/// RSASSA-PSS with the hash and salt from its parameters. They default to SHA-1 and 20 bytes. A key has no parameters.
fn pss(parameters: &[u8]) -> String {
    const HASHES: [(&[u8], &str); 3] = [
        (b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", "SHA-256"),
        (b"\x60\x86\x48\x01\x65\x03\x04\x02\x02", "SHA-384"),
        (b"\x60\x86\x48\x01\x65\x03\x04\x02\x03", "SHA-512"),
    ];
    let has = |part: &[u8]| parameters.windows(part.len()).any(|window| window == part);
    let salt =
        parameters.windows(5).find(|window| window[..4] == [0xa2, 3, 2, 1]).map_or(20, |window| window[4]);
    let hash = HASHES.iter().find(|(id, _)| has(id)).map_or("SHA-1", |(_, name)| *name);
    if parameters.len() < 4 {
        "RSASSA-PSS".to_owned()
    } else if has(&[0xa2, 4, 2, 2]) {
        format!("RSASSA-PSS with {hash} and a salt of more than 127 bytes")
    } else {
        format!("RSASSA-PSS with {hash} and a salt of {salt} bytes")
    }
}

/// An object id with dots, for an algorithm without a name here. People can search for it.
fn object_id(identifier: &[u8]) -> Option<String> {
    let [6, length, rest @ ..] = identifier else {
        return None;
    };
    let (mut arcs, mut arc) = (Vec::new(), 0_u64);
    for byte in rest.get(..usize::from(*length))? {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let (first, others) = arcs.split_first()?;
    let root = (*first / 40).min(2);
    let ids = [root, first - root * 40].into_iter().chain(others.iter().copied());
    Some(ids.map(|arc| arc.to_string()).collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_have_their_usual_names() {
        let pss = |parameters: &[u8]| [PSS, parameters].concat();
        let sha256 = b"\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";
        for (identifier, expected) in [
            (&b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"[..], "ECDSA with SHA-512"),
            (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", "RSA with SHA-1"),
            (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", "EC on P-521"),
            (b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x1a", "EC on an unusual curve"),
            (b"\x06\x03\x2b\x65\x71", "Ed448"),
            (&pss(b""), "RSASSA-PSS"),
            (&pss(b"\x05\x00"), "RSASSA-PSS"),
            (&pss(b"\x30\x05\xa2\x03\x02\x01\x07"), "RSASSA-PSS with SHA-1 and a salt of 7 bytes"),
            (&pss(sha256), "RSASSA-PSS with SHA-256 and a salt of 20 bytes"),
            (
                &pss(&[&sha256[..], b"\xa2\x03\x02\x01\x21"].concat()),
                "RSASSA-PSS with SHA-256 and a salt of 33 bytes",
            ),
            (
                &pss(&[&sha256[..], b"\xa2\x04\x02\x02\x00\xde"].concat()),
                "RSASSA-PSS with SHA-256 and a salt of more than 127 bytes",
            ),
            (b"\x06\x03\x55\x1d\x25", "unknown, 2.5.29.37"),
            (b"\x06\x06\x2a\x86\x48\x86\xf7\x0d", "unknown, 1.2.840.113549"),
            (b"\x06\x09\x2a", "unknown"),
            (b"", "unknown"),
        ] {
            assert_eq!(name(identifier), expected);
        }
    }
}
