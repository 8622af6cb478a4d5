//! Collects the trusted authorities of CA files, and counts the blocks that cannot be used.

use std::collections::BTreeSet;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::pem::{self, Block, Fault};
use super::x509::{Identity, is_trusted_for_servers, split_certificate};

/// The certificates of one or more files.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) trusted: RootCertStore,
    /// Certificates whose trust settings exclude TLS servers.
    pub(crate) distrusted: RootCertStore,
    /// The number of blocks that cannot be used, and why the first one cannot.
    pub(crate) faults: usize,
    pub(crate) first_fault: Option<String>,
    /// The label of the first block that is not a certificate.
    pub(crate) other_label: Option<String>,
    /// Folders often hold the same certificate twice.
    seen: BTreeSet<Vec<u8>>,
}

impl Bundle {
    pub(crate) fn empty() -> Bundle {
        Bundle {
            trusted: RootCertStore::empty(),
            distrusted: RootCertStore::empty(),
            faults: 0,
            first_fault: None,
            other_label: None,
            seen: BTreeSet::new(),
        }
    }

    pub(crate) fn of(text: &[u8]) -> Bundle {
        let mut bundle = Bundle::empty();
        bundle.read(text, "");
        bundle
    }

    /// Adds a file's certificates. `prefix` goes in front of its first fault.
    pub(crate) fn read(&mut self, text: &[u8], prefix: &str) {
        for block in pem::blocks(text) {
            if let Err(fault) = block.and_then(|block| self.add(&block)) {
                self.add_fault(|| format!("{prefix}{fault}"));
            }
        }
        // A certificate that one file distrusts is distrusted in all files.
        self.trusted.roots.retain(|root| !self.distrusted.roots.contains(root));
    }

    pub(crate) fn add_fault(&mut self, fault: impl FnOnce() -> String) {
        self.faults += 1;
        self.first_fault.get_or_insert_with(fault);
    }

    fn add<'a>(&mut self, block: &Block<'a>) -> Result<(), Fault<'a>> {
        let has_settings = match block.label() {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => false,
            b"TRUSTED CERTIFICATE" => true,
            label => {
                self.other_label
                    .get_or_insert_with(|| pem::name(label).unwrap_or("of an unknown kind").to_owned());
                return Ok(());
            }
        };
        let der = block.der()?;
        if self.seen.contains(&der) {
            return Ok(());
        }
        let no_certificate = || block.fault("it holds no certificate");
        let (certificate, rest) = split_certificate(&der).ok_or_else(no_certificate)?;
        // Like OpenSSL, ignore the bytes after a certificate that has no trust settings.
        let settings = if has_settings { rest } else { &[] };
        let store = match is_trusted_for_servers(settings) {
            Some(true) => &mut self.trusted,
            Some(false) => &mut self.distrusted,
            None => return Err(block.fault("its trust settings are malformed")),
        };
        store.add(CertificateDer::from(certificate)).map_err(|_| match Identity::of(certificate) {
            Some(of) => {
                block.fault(format!("its certificate ({}) is malformed or of an unknown kind", of.subject))
            }
            None => no_certificate(),
        })?;
        self.seen.insert(der);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;
    use std::process::{Command, Stdio};

    struct Authority {
        der: Vec<u8>,
        issuer: Issuer<'static, KeyPair>,
    }

    fn authority(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Authority { der, issuer: Issuer::new(params, key) }
    }

    fn block(label: &str, der: &[u8]) -> String {
        let digits = BASE64_STANDARD.encode(der);
        let lines: Vec<_> =
            digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    /// A sequence of at most 127 bytes.
    fn sequence(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, content.len() as u8], content].concat()
    }

    const SERVERS: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
    const MAIL: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4];
    const ANY: &[u8] = &[6, 4, 0x55, 0x1d, 0x25, 0];
    const TRUST: u8 = 0x30;
    const REJECT: u8 = 0xa0;

    /// A certificate with trust settings: lists of uses.
    fn settings(der: &[u8], lists: &[(u8, &[u8])]) -> String {
        let lists: Vec<u8> = lists.iter().flat_map(|(tag, uses)| sequence(*tag, uses)).collect();
        block("TRUSTED CERTIFICATE", &[der, &sequence(0x30, &lists)].concat())
    }

    /// Whether the program `openssl` trusts this authority, given a file with this text.
    fn openssl_trusts(text: &str, authority: &Authority) -> bool {
        let params = CertificateParams::new(["server.example".to_owned()]).unwrap();
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &authority.issuer).unwrap();
        let file = |name: &str, text: &str| {
            let path = std::env::temp_dir().join(format!("autopilot-bundle-{}-{name}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            path
        };
        let (bundle, leaf) = (file("bundle.pem", text), file("leaf.pem", &leaf.pem()));
        let status = Command::new("openssl")
            .args(["verify", "-no-CApath", "-no-CAstore", "-purpose", "sslserver", "-CAfile"])
            .args([&bundle, &leaf])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("openssl is missing. Install it (Debian: apt-get install openssl)");
        for file in [bundle, leaf] {
            std::fs::remove_file(file).unwrap();
        }
        status.success()
    }

    fn trusts(bundle: &Bundle, authority: &Authority) -> bool {
        let mut store = RootCertStore::empty();
        store.add(CertificateDer::from(&authority.der[..])).unwrap();
        bundle.trusted.roots.contains(&store.roots[0])
    }

    #[test]
    fn authorities_are_those_that_openssl_trusts_or_more() {
        let (first, second) = (authority("First"), authority("Second"));
        let [a, b] = [&first, &second].map(|authority| block("CERTIFICATE", &authority.der));
        let both = [true, true];
        let only_second = [false, true];
        let of_first = |lists: &[(u8, &[u8])]| format!("{}{b}", settings(&first.der, lists));
        let label = |label| format!("{}{b}", block(label, &first.der));
        for (text, expected, is_openssls) in [
            (format!("{a}{b}"), both, true),
            (format!("\u{feff}{a}{b}"), both, true),
            (format!("{a}\u{feff}{b}"), both, true),
            (format!("{a}{b}").replace('\n', "\r\n"), both, true),
            (format!("{a}{b}").replace('\n', " \t\n"), both, true),
            (format!("# Issuer: First\n{a}# {}\n{b}", a.trim_end().replace('\n', "\n# ")), both, true),
            (format!("#{}\n{b}", a.trim_end().replace('\n', "\n#")), only_second, true),
            (format!("{}{a}{b}", KeyPair::generate().unwrap().serialize_pem()), both, true),
            (label("X509 CERTIFICATE"), both, true),
            (label("TRUSTED CERTIFICATE"), both, true),
            (label("OTHER"), only_second, true),
            (format!("{}{b}", block("CERTIFICATE", &[&first.der[..], b"more"].concat())), both, true),
            (of_first(&[]), both, true),
            (of_first(&[(TRUST, SERVERS)]), both, true),
            (of_first(&[(TRUST, ANY)]), both, true),
            (of_first(&[(TRUST, MAIL)]), only_second, true),
            (of_first(&[(TRUST, &[])]), only_second, true),
            (of_first(&[(TRUST, &[MAIL, SERVERS].concat())]), both, true),
            (of_first(&[(REJECT, SERVERS)]), only_second, true),
            (of_first(&[(REJECT, ANY)]), only_second, true),
            (of_first(&[(REJECT, MAIL)]), both, true),
            (of_first(&[(TRUST, SERVERS), (REJECT, ANY)]), only_second, true),
            (format!("{}\n{b}", a.replace('\n', "")), both, false),
            (format!("text{a}{b}"), both, false),
            (format!("  {}\n{b}", a.trim_end().replace('\n', "\n  ")), both, false),
            (format!("{}{b}", a.trim_end()), both, false),
            (format!("{a}{b}").replace('\n', "\r"), both, false),
        ] {
            let bundle = Bundle::of(text.as_bytes());
            assert_eq!(bundle.first_fault, None, "{text}");
            assert_eq!([&first, &second].map(|authority| trusts(&bundle, authority)), expected, "{text}");
            for (authority, expected) in [&first, &second].into_iter().zip(expected) {
                let theirs =
                    if cfg!(target_os = "linux") { openssl_trusts(&text, authority) } else { expected };
                assert!(theirs == expected || (!theirs && !is_openssls), "{text}");
            }
        }
    }

    #[test]
    fn unusable_blocks_are_counted_and_the_first_is_named() {
        let first = authority("First");
        let a = block("CERTIFICATE", &first.der);
        let cut = &first.der[..first.der.len() - 1];
        let mut version_9 = first.der.clone();
        let version = version_9.windows(5).position(|part| part == [0xa0, 3, 2, 1, 2]).unwrap();
        version_9[version + 4] = 9;
        for (broken, why) in [
            (block("CERTIFICATE", b""), "it holds no certificate"),
            (block("CERTIFICATE", b"0\0"), "it holds no certificate"),
            (block("CERTIFICATE", cut), "it holds no certificate"),
            (
                block("CERTIFICATE", &version_9),
                "its certificate (CN=First) is malformed or of an unknown kind",
            ),
            (a.replace("MII", "M*I"), "its base64 is broken"),
            (a.replace("-----END", "-----EN"), "it has no END line"),
            (
                block("TRUSTED CERTIFICATE", &[&first.der[..], b"more"].concat()),
                "its trust settings are malformed",
            ),
        ] {
            let bundle = Bundle::of(format!("{a}{broken}{a}{broken}").as_bytes());
            assert_eq!((bundle.trusted.len(), bundle.distrusted.len(), bundle.faults), (1, 0, 2), "{broken}");
            let said = bundle.first_fault.unwrap();
            assert!(said.starts_with("block 2 (") && said.ends_with(&format!("): {why}")), "{said}");
        }
        let other = Bundle::of(format!("{}{a}", block("PRIVATE KEY", b"")).as_bytes());
        assert_eq!((other.other_label.as_deref(), other.faults), (Some("PRIVATE KEY"), 0));
    }

    #[test]
    fn files_add_up_and_distrust_in_one_file_counts_for_all() {
        let [first, second, third] = ["First", "Second", "Third"].map(authority);
        let plain = |authority: &Authority| block("CERTIFICATE", &authority.der);
        let mut bundle = Bundle::of((plain(&first) + &plain(&second) + &plain(&first)).as_bytes());
        let distrusted = settings(&second.der, &[(REJECT, SERVERS)]);
        bundle.read((plain(&third) + &distrusted + &plain(&first) + &distrusted).as_bytes(), "other.pem: ");
        bundle.read(b"-----BEGIN CERTIFICATE-----", "broken.pem: ");
        bundle.read(b"-----BEGIN CERTIFICATE-----", "more.pem: ");
        assert_eq!([&first, &second, &third].map(|of| trusts(&bundle, of)), [true, false, true]);
        assert_eq!((bundle.trusted.len(), bundle.distrusted.len(), bundle.faults), (2, 1, 2));
        let said = "broken.pem: block 1 (CERTIFICATE, line 1): it has no END line";
        assert_eq!(bundle.first_fault.as_deref(), Some(said));
    }
}
