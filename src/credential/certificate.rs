//! The certificate of an application, and its private key: a PEM file with both.

use std::io;
use std::path::Path;

use ring::digest;
use ring::signature::{KeyPair as _, RsaKeyPair};
use zeroize::Zeroizing;

use crate::outcome::Error;
use crate::text::{Time, printable};
use crate::transport::certificates::pem::{self, Block};
use crate::transport::certificates::x509::{Fields, Identity, split_certificate};
use crate::transport::file::{self, printable_path, unusable};

/// The largest file that is read, in bytes. A key with a long chain has about 20 KiB.
const LARGEST_FILE: u64 = 1 << 20;

/// An RSA key, and the chain of certificates that shows whose it is.
pub(crate) struct Certificate {
    pub(super) key: RsaKeyPair,
    /// DER. The first one belongs to the key; each other one is of the issuer before it.
    pub(super) chain: Vec<Vec<u8>>,
    /// Names the file in an error message.
    file: String,
}

impl Certificate {
    /// Reads the key and the certificates in any order.
    pub(crate) fn read(path: &Path) -> Result<Certificate, Error> {
        let file = format!("the certificate file {}", printable_path(path));
        let read = file::read(path, LARGEST_FILE).map(Zeroizing::new).and_then(|text| {
            let (key, chain) = parse(&text).map_err(io::Error::other)?;
            Ok(Certificate { key, chain, file: file.clone() })
        });
        read.map_err(|error| unusable(file, error))
    }

    /// The SHA-256 digest of the certificate.
    pub(super) fn thumbprint(&self) -> digest::Digest {
        digest::digest(&digest::SHA256, &self.chain[0])
    }

    /// Whether the certificate is valid at this time.
    pub(crate) fn check(&self, now: Time) -> Result<(), Error> {
        let dates = Identity::of(&self.chain[0]).and_then(|of| of.not_before.zip(of.not_after));
        let dates = dates.and_then(|(from, until)| Time::parse(&from).zip(Time::parse(&until)));
        let fault = match dates {
            Some((from, _)) if now.compare(from).is_lt() => {
                format!("it is valid from {from}, but this machine's clock shows {now}: which is wrong?")
            }
            Some((_, until)) if now.compare(until).is_gt() => {
                format!("it expired on {until}, and this machine's clock shows {now}: renew it")
            }
            Some(_) => return Ok(()),
            None => "its dates are malformed".to_owned(),
        };
        Err(self.unusable(fault))
    }

    pub(super) fn unusable(&self, why: String) -> Error {
        unusable(self.file.clone(), io::Error::other(why))
    }
}

/// The key of a file and its chain, or why there is none and what to do.
pub(crate) fn parse(text: &[u8]) -> Result<(RsaKeyPair, Vec<Vec<u8>>), String> {
    let (mut key, mut certificates) = (None, Vec::new());
    for block in pem::blocks(text) {
        let block = block.map_err(|fault| fault.to_string())?;
        if let b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" = block.label() {
            certificates.push(certificate(&block)?);
        } else if block.label().ends_with(b"PRIVATE KEY") && key.replace(private_key(&block)?).is_some() {
            return Err("it holds several private keys: leave the one of the certificate".to_owned());
        }
    }
    let Some(key) = key else { return Err(why_no_key(text, !certificates.is_empty())) };
    if certificates.is_empty() {
        return Err("it holds a private key but no certificate: append the certificate".to_owned());
    }
    let chain = chain(certificates, key.public_key().as_ref())
        .ok_or("its private key belongs to none of its certificates: put a pair into the file")?;
    Ok((key, chain))
}

fn certificate(block: &Block<'_>) -> Result<Vec<u8>, String> {
    let der = block.der().map_err(|fault| fault.to_string())?;
    let certificate = split_certificate(&der).filter(|(certificate, _)| Fields::of(certificate).is_some());
    let (certificate, _) = certificate.ok_or_else(|| block.fault("it holds no certificate").to_string())?;
    Ok(certificate.to_owned())
}

fn private_key(block: &Block<'_>) -> Result<RsaKeyPair, String> {
    const ENCRYPTED: &str = "the key is encrypted: decrypt it with `openssl pkey`";
    const NOT_RSA: &str = "the key is not RSA, in PKCS#8 or PKCS#1: Entra takes no other";
    let fault = |why: &str| block.fault(why).to_string();
    let is_pkcs1 = match block.label() {
        b"PRIVATE KEY" => false,
        b"RSA PRIVATE KEY" => true,
        b"ENCRYPTED PRIVATE KEY" => return Err(fault(ENCRYPTED)),
        _ => return Err(fault(NOT_RSA)),
    };
    if block.has_headers() {
        return Err(fault(ENCRYPTED));
    }
    let der = block.wiped_der().map_err(|fault| fault.to_string())?;
    let key = if is_pkcs1 { RsaKeyPair::from_der(&der) } else { RsaKeyPair::from_pkcs8(&der) };
    key.map_err(|rejected| match rejected.to_string().as_str() {
        "WrongAlgorithm" => fault(NOT_RSA),
        "TooSmall" => fault("the RSA key is too short: it needs 2,048 bits or more"),
        "TooLarge" => fault("the RSA key is too long: it may have 4,096 bits"),
        why => fault(&format!("the RSA key is malformed ({})", printable(why))),
    })
}

fn why_no_key(text: &[u8], has_certificate: bool) -> String {
    const PKCS12: &str =
        "it is PKCS#12; PEM is needed: convert it with `openssl pkcs12 -nodes -in FILE -out FILE.pem`";
    match text {
        // A sequence whose first member is version 3.
        [0x30, 0x80, 2, 1, 3, ..] | [0x30, 0x82, _, _, 2, 1, 3, ..] => PKCS12.to_owned(),
        _ if has_certificate => "it holds a certificate but no private key: append the key".to_owned(),
        _ => pem::why_none(text).unwrap_or("it holds no private key in PEM").to_owned(),
    }
}

/// The certificate of this public key, followed by its issuers as far as the file has them.
fn chain(mut certificates: Vec<Vec<u8>>, public_key: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut take = |is_wanted: &dyn Fn(&Fields<'_>) -> bool| {
        let place = certificates.iter().position(|der| Fields::of(der).is_some_and(|of| is_wanted(&of)))?;
        Some(certificates.remove(place))
    };
    let mut chain = vec![take(&|of| of.public_key == Some(public_key))?];
    while let Some(Fields { issuer, subject, .. }) = chain.last().and_then(|last| Fields::of(last)) {
        if issuer == subject {
            break;
        }
        let Some(next) = take(&|of| of.subject == issuer) else { break };
        chain.push(next);
    }
    Some(chain)
}

#[cfg(all(test, unix))] // with the program openssl
pub(super) mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command;
    use std::sync::LazyLock;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

    use super::*;
    use crate::outcome::ErrorKind;

    /// What the program `openssl` writes, given these arguments and this file.
    fn openssl(arguments: &str, input: &str) -> Vec<u8> {
        let file = File::new("openssl", input);
        let done = Command::new("openssl")
            .args(arguments.replace("FILE", file.0.to_str().unwrap()).split(' '))
            .output()
            .expect("openssl is missing. Install it (Debian: apt-get install openssl)");
        assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
        done.stdout
    }

    fn pem(arguments: &str, input: &str) -> String {
        String::from_utf8(openssl(arguments, input)).unwrap()
    }

    /// Two RSA keys, in PKCS#8.
    static KEYS: LazyLock<[String; 2]> = LazyLock::new(|| [(); 2].map(|()| pem("genrsa 2048", "")));

    /// A file that is deleted when the test ends.
    pub(in crate::credential) struct File(pub(in crate::credential) PathBuf);

    impl File {
        fn new(name: &str, bytes: impl AsRef<[u8]>) -> File {
            let thread = std::thread::current().id();
            let name = format!("autopilot-{name}-{}-{thread:?}.pem", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::write(&path, bytes).unwrap();
            File(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 2), date_time_ymd(2027, 3, 4));
        params
    }

    /// A root, an authority under it, and the certificate of this key under that: PEM, leaf last.
    fn certificates(key: &str) -> [String; 3] {
        let authority = |name: &str| {
            let mut params = named(name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            (params, KeyPair::generate().unwrap())
        };
        let [(root, root_key), (middle, middle_key)] = ["Root", "Middle"].map(authority);
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        let middle_pem = middle.signed_by(&middle_key, &Issuer::new(root, root_key)).unwrap().pem();
        let key = KeyPair::from_pem(key).unwrap();
        let leaf_pem = named("Leaf").signed_by(&key, &Issuer::new(middle, middle_key)).unwrap().pem();
        [root_pem, middle_pem, leaf_pem]
    }

    fn read(bytes: impl AsRef<[u8]>) -> Result<Certificate, Error> {
        Certificate::read(&File::new("certificate", bytes).0)
    }

    /// A certificate with its chain, valid in 2026.
    pub(in crate::credential) fn application() -> Certificate {
        let [root, middle, leaf] = certificates(&KEYS[0]);
        read([&*root, &middle, &leaf, &KEYS[0]].concat()).unwrap()
    }

    #[test]
    fn the_leaf_is_the_certificate_of_the_key_in_any_order() {
        let [root, middle, leaf] = certificates(&KEYS[0]);
        let [_, _, other] = certificates(&KEYS[1]);
        let key = &KEYS[0];
        let pkcs1 = pem("rsa -traditional -in FILE", key);
        let attributes =
            format!("Bag Attributes\n    friendlyName: a\nKey Attributes: <No Attributes>\n{key}");
        for (parts, expected) in [
            (&[&*leaf, key][..], &["Leaf"][..]),
            (&[key, &leaf], &["Leaf"]),
            (&[&pkcs1, &leaf], &["Leaf"]),
            (&[&attributes, &leaf], &["Leaf"]),
            (&[&root, key, &middle, &leaf], &["Leaf", "Middle", "Root"]),
            (&[&other, &leaf, &middle, key], &["Leaf", "Middle"]),
            (&[&root, &leaf, key], &["Leaf"]),
        ] {
            let text = parts.concat();
            for text in [&text, &text.replace('\n', "\r\n")] {
                let chain = read(text).unwrap().chain;
                let subjects: Vec<_> = chain.iter().map(|der| Identity::of(der).unwrap().subject).collect();
                assert_eq!(subjects, expected.iter().map(|name| format!("CN={name}")).collect::<Vec<_>>());
            }
        }
        let digest = pem("x509 -in FILE -noout -fingerprint -sha256", &leaf);
        let digest = digest.split('=').nth(1).unwrap().trim().replace(':', "").to_lowercase();
        let thumbprint = read([&*leaf, key].concat()).unwrap().thumbprint();
        let hex: String = thumbprint.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, digest);
    }

    #[test]
    fn an_unusable_file_is_named_with_what_to_do() {
        let [_, _, leaf] = certificates(&KEYS[0]);
        let [key, other] = &*KEYS;
        let with = |key: &str| format!("{key}{leaf}").into_bytes();
        let ec = KeyPair::generate().unwrap().serialize_pem();
        let pair = File::new("pair", with(key));
        let pair = pair.0.to_str().unwrap();
        let pkcs12 = openssl(&format!("pkcs12 -export -passout pass: -in {pair}"), "");
        let traditional = pem("rsa -traditional -aes256 -passout pass:x -in FILE", key);
        let utf_16: Vec<u8> = "\u{feff}-----BEGIN".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, expected) in [
            (vec![], "it is empty"),
            (b"no block".to_vec(), "it holds no private key in PEM"),
            (leaf.clone().into_bytes(), "it holds a certificate but no private key: append the key"),
            (key.clone().into_bytes(), "it holds a private key but no certificate: append the certificate"),
            (with(other), "its private key belongs to none of its certificates: put a pair into the file"),
            (with(&format!("{key}{other}")), "it holds several private keys: leave the one of the"),
            (with(&pem("pkcs8 -topk8 -passout pass:x -in FILE", key)), "the key is encrypted: decrypt it"),
            (with(&traditional), "block 1 (RSA PRIVATE KEY, line 1): the key is encrypted: decrypt it"),
            (with(&ec), "block 1 (PRIVATE KEY, line 1): the key is not RSA, in PKCS#8 or PKCS#1: Entra"),
            (with(&pem("ec -in FILE", &ec)), "block 1 (EC PRIVATE KEY, line 1): the key is not RSA"),
            (
                with(&key.replace("PRIVATE", "OPENSSH PRIVATE")),
                "block 1 (OPENSSH PRIVATE KEY, line 1): the key is not RSA, in PKCS#8",
            ),
            (with(&pem("genrsa 1024", "")), "the RSA key is too short: it needs 2,048 bits or more"),
            (with(&pem("genrsa -primes 3 2048", "")), "the RSA key is malformed ("),
            (with(&key.replace("MII", "M*I")), "block 1 (PRIVATE KEY, line 1): its base64 is broken"),
            (with("-----BEGIN PRIVATE KEY-----\n"), "block 1 (PRIVATE KEY, line 1): it has no END line"),
            (
                with(&key.replace("PRIVATE KEY", "CERTIFICATE")),
                "block 1 (CERTIFICATE, line 1): it holds no certificate",
            ),
            (pkcs12, "it is PKCS#12; PEM is needed: convert it with `openssl pkcs12 -nodes"),
            (openssl("x509 -outform DER -in FILE", &leaf), "it is DER; PEM is needed"),
            (openssl("pkey -outform DER -in FILE", key), "it is DER; PEM is needed"),
            (utf_16, "it is UTF-16; ASCII or UTF-8 is needed"),
            (vec![b'x'; 1 + LARGEST_FILE as usize], "larger than 1 MiB"),
        ] {
            let file = File::new("unusable", &bytes);
            let error = Certificate::read(&file.0).err().expect(expected);
            let line = format!("{error:#}");
            assert_eq!(error.kind(), ErrorKind::Configuration);
            let start = format!("unusable configuration: the certificate file {}: ", file.0.display());
            assert!(line.starts_with(&start) && line.contains(expected), "{line} instead of {expected}");
            let digits = key.lines().nth(5).unwrap();
            assert!(!format!("{error:#?}").contains(digits));
        }
        let error = Certificate::read(Path::new("/nowhere/a\nb.pem")).err().unwrap();
        let start = "unusable configuration: the certificate file /nowhere/a b.pem: ";
        assert!(format!("{error:#}").starts_with(start), "{error:#}");
    }

    #[test]
    fn a_certificate_is_valid_between_its_dates() {
        let certificate = application();
        for (now, expected) in [
            (
                "2026-01-01T23:59:59Z",
                Some(
                    "it is valid from 2026-01-02 00:00:00 UTC, but this machine's clock shows \
                     2026-01-01 23:59:59 UTC: which is wrong?",
                ),
            ),
            ("2026-01-02T00:00:00Z", None),
            ("2027-03-04T00:00:00Z", None),
            (
                "2027-03-04T00:00:01Z",
                Some(
                    "it expired on 2027-03-04 00:00:00 UTC, and this machine's clock shows \
                     2027-03-04 00:00:01 UTC: renew it",
                ),
            ),
        ] {
            let checked = certificate.check(Time::parse(now).unwrap());
            let line = checked.map_err(|error| {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                format!("{error:#}")
            });
            match expected {
                None => line.unwrap(),
                Some(why) => assert!(line.unwrap_err().ends_with(why), "{now}"),
            }
        }
    }
}
