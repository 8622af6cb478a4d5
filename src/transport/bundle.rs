//! What a file of certificates says: which authorities to believe, and what of it cannot be used.

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::pem::{self, Block, Fault};
use super::x509::{Identity, split_certificate, vouches_for_servers};

/// What one or more files say.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) believed: RootCertStore,
    /// Certificates whose trust settings exclude TLS servers.
    pub(crate) refused: RootCertStore,
    /// How many blocks cannot be used, and why the first cannot.
    pub(crate) faults: usize,
    pub(crate) first_fault: Option<String>,
    /// The label of the first block that is no certificate.
    pub(crate) other: Option<String>,
    /// For ureq's TLS.
    pub(crate) certificates: Vec<Vec<u8>>,
}

impl Bundle {
    pub(crate) fn empty() -> Bundle {
        Bundle {
            believed: RootCertStore::empty(),
            refused: RootCertStore::empty(),
            faults: 0,
            first_fault: None,
            other: None,
            certificates: Vec::new(),
        }
    }

    pub(crate) fn read(text: &[u8]) -> Bundle {
        let mut bundle = Bundle::empty();
        for block in pem::blocks(text) {
            if let Err(fault) = block.and_then(|block| bundle.add(&block)) {
                bundle.add_fault(|| fault.to_string());
            }
        }
        bundle
    }

    /// What rustls cannot read is a fault: left to itself, it would drop it.
    fn add<'a>(&mut self, block: &Block<'a>) -> Result<(), Fault<'a>> {
        let has_settings = match block.label() {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => false,
            b"TRUSTED CERTIFICATE" => true,
            label => {
                self.other.get_or_insert_with(|| String::from_utf8_lossy(label).into_owned());
                return Ok(());
            }
        };
        let der = block.der()?;
        // Without settings, OpenSSL lets anything follow.
        let no_certificate = || block.fault("it holds no certificate");
        let (certificate, rest) = split_certificate(&der).ok_or_else(no_certificate)?;
        let settings = if has_settings { rest } else { &[] };
        let is_believed = vouches_for_servers(settings)
            .ok_or_else(|| block.fault("the trust settings of its certificate are broken"))?;
        let store = if is_believed { &mut self.believed } else { &mut self.refused };
        match store.add(CertificateDer::from(certificate)) {
            Ok(()) => {
                if is_believed {
                    self.certificates.push(certificate.to_vec());
                }
                Ok(())
            }
            Err(_) => Err(match Identity::of(certificate) {
                Some(of) => block
                    .fault(format!("its certificate ({}) is malformed or of an unknown kind", of.subject)),
                None => no_certificate(),
            }),
        }
    }

    pub(crate) fn add_fault(&mut self, fault: impl FnOnce() -> String) {
        self.faults += 1;
        self.first_fault.get_or_insert_with(fault);
    }

    /// What another file says beside this one; `name` is its name, for its faults.
    pub(crate) fn extend(&mut self, other: Bundle, name: &str) {
        self.believed.extend(other.believed.roots);
        self.refused.extend(other.refused.roots);
        self.faults += other.faults;
        if let (None, Some(fault)) = (&self.first_fault, other.first_fault) {
            self.first_fault = Some(format!("{name}: {fault}"));
        }
        self.other = self.other.take().or(other.other);
        self.certificates.extend(other.certificates);
    }

    /// Each authority once, and none that is refused elsewhere.
    pub(crate) fn settle(&mut self) {
        for store in [&mut self.believed, &mut self.refused] {
            store.roots.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
            store.roots.dedup();
        }
        self.believed.roots.retain(|root| !self.refused.roots.contains(root));
    }
}

fn order<'a>(anchor: &'a TrustAnchor<'_>) -> [&'a [u8]; 3] {
    let TrustAnchor { subject, subject_public_key_info, name_constraints } = anchor;
    let constraints = name_constraints.as_ref().map(AsRef::as_ref).unwrap_or_default();
    [subject.as_ref(), subject_public_key_info.as_ref(), constraints]
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

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
        let lines: Vec<_> = digits.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
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

    /// Certificates with trust settings, each of which a list of uses is.
    fn settings(der: &[u8], lists: &[(u8, &[u8])]) -> String {
        let lists: Vec<u8> = lists.iter().flat_map(|(tag, uses)| sequence(*tag, uses)).collect();
        block("TRUSTED CERTIFICATE", &[der, &sequence(0x30, &lists)].concat())
    }

    /// Whether the program `openssl` takes a file with this text, and then believes each authority.
    #[cfg(unix)]
    fn openssl(text: &str, authorities: &[&Authority]) -> Vec<bool> {
        let run = |arguments: &[&str], leaf: &str| {
            let mut command = Command::new("openssl");
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("openssl is missing (Debian: apt-get install openssl)");
            child.stdin.take().unwrap().write_all(leaf.as_bytes()).unwrap();
            child.wait().unwrap().success()
        };
        let file = std::env::temp_dir().join(format!("autopilot-bundle-{}.pem", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let known = ["-CAfile", file.to_str().unwrap(), "-no-CApath", "-no-CAstore", "-purpose", "sslserver"];
        let verified = authorities.iter().map(|authority| {
            let params = CertificateParams::new(["server.example".to_owned()]).unwrap();
            let leaf = params.signed_by(&KeyPair::generate().unwrap(), &authority.issuer).unwrap();
            run(&[&["verify"], &known[..]].concat(), &leaf.pem())
        });
        let verified = verified.collect();
        std::fs::remove_file(&file).unwrap();
        verified
    }

    fn believes(bundle: &Bundle, authority: &Authority) -> bool {
        let mut store = RootCertStore::empty();
        store.add(CertificateDer::from(&authority.der[..])).unwrap();
        bundle.believed.roots.contains(&store.roots[0])
    }

    /// What OpenSSL says of a file. It may say more than no: it may also refuse it.
    enum Openssl {
        Same,
        LosesOne,
        Refuses,
    }

    #[cfg(unix)]
    #[test]
    fn authorities_are_those_that_openssl_believes_or_more() {
        use Openssl::*;
        let (first, second) = (authority("First"), authority("Second"));
        let [a, b] = [&first, &second].map(|authority| block("CERTIFICATE", &authority.der));
        let both = [true, true];
        let only_second = [false, true];
        let of_first = |lists: &[(u8, &[u8])]| format!("{}{b}", settings(&first.der, lists));
        let label = |label| format!("{}{b}", block(label, &first.der));
        for (text, expected, as_openssl) in [
            (format!("{a}{b}"), both, Same),
            (format!("\u{feff}{a}{b}"), both, Same),
            (format!("{a}\u{feff}{b}"), both, Same),
            (format!("{a}{b}").replace('\n', "\r\n"), both, Same),
            (format!("{a}{b}").replace('\n', " \t\n"), both, Same),
            (format!("# Issuer: First\n{a}# {}\n{b}", a.trim_end().replace('\n', "\n# ")), both, Same),
            (format!("#{}\n{b}", a.trim_end().replace('\n', "\n#")), only_second, Same),
            (format!("{}{a}{b}", KeyPair::generate().unwrap().serialize_pem()), both, Same),
            (label("X509 CERTIFICATE"), both, Same),
            (label("TRUSTED CERTIFICATE"), both, Same),
            (label("OTHER"), only_second, Same),
            (format!("{}{b}", block("CERTIFICATE", &[&first.der[..], b"more"].concat())), both, Same),
            (of_first(&[]), both, Same),
            (of_first(&[(TRUST, SERVERS)]), both, Same),
            (of_first(&[(TRUST, ANY)]), both, Same),
            (of_first(&[(TRUST, MAIL)]), only_second, Same),
            (of_first(&[(TRUST, &[])]), only_second, Same),
            (of_first(&[(TRUST, &[MAIL, SERVERS].concat())]), both, Same),
            (of_first(&[(REJECT, SERVERS)]), only_second, Same),
            (of_first(&[(REJECT, ANY)]), only_second, Same),
            (of_first(&[(REJECT, MAIL)]), both, Same),
            (of_first(&[(TRUST, SERVERS), (REJECT, ANY)]), only_second, Same),
            (format!("{}\n{b}", a.replace('\n', "")), both, LosesOne),
            (format!("text{a}{b}"), both, LosesOne),
            (format!("  {}\n{b}", a.trim_end().replace('\n', "\n  ")), both, LosesOne),
            (format!("{}{b}", a.trim_end()), both, Refuses),
            (format!("{a}{b}").replace('\n', "\r"), both, Refuses),
        ] {
            let mut bundle = Bundle::read(text.as_bytes());
            bundle.settle();
            assert_eq!(bundle.first_fault, None, "{text}");
            assert_eq!([&first, &second].map(|authority| believes(&bundle, authority)), expected, "{text}");
            let theirs = match as_openssl {
                Same => expected,
                LosesOne => only_second,
                Refuses => [false, false],
            };
            assert_eq!(openssl(&text, &[&first, &second]), theirs, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_counted_and_the_first_is_named() {
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
                "the trust settings of its certificate are broken",
            ),
        ] {
            let bundle = Bundle::read(format!("{a}{broken}{a}{broken}").as_bytes());
            assert_eq!((bundle.believed.len(), bundle.refused.len(), bundle.faults), (2, 0, 2), "{broken}");
            let said = bundle.first_fault.unwrap();
            assert!(said.starts_with("block 2 (") && said.ends_with(&format!("): {why}")), "{said}");
        }
        let other = Bundle::read(format!("{}{a}", block("PRIVATE KEY", b"")).as_bytes());
        assert_eq!((other.other.as_deref(), other.faults), (Some("PRIVATE KEY"), 0));
    }

    #[test]
    fn files_add_up_and_a_refusal_anywhere_counts() {
        let [first, second, third] = ["First", "Second", "Third"].map(authority);
        let plain = |authority: &Authority| block("CERTIFICATE", &authority.der);
        let mut bundle = Bundle::read((plain(&first) + &plain(&second) + &plain(&first)).as_bytes());
        let refused = settings(&second.der, &[(REJECT, SERVERS)]);
        bundle.extend(Bundle::read((plain(&third) + &refused + &plain(&first)).as_bytes()), "other.pem");
        bundle.extend(Bundle::read(b"-----BEGIN CERTIFICATE-----"), "broken.pem");
        bundle.extend(Bundle::read(b"-----BEGIN CERTIFICATE-----"), "more.pem");
        bundle.settle();
        assert_eq!([&first, &second, &third].map(|of| believes(&bundle, of)), [true, false, true]);
        assert_eq!((bundle.believed.len(), bundle.refused.len(), bundle.faults), (2, 1, 2));
        let said = "broken.pem: block 1 (CERTIFICATE, line 1): it has no END line";
        assert_eq!(bundle.first_fault.as_deref(), Some(said));
    }
}
