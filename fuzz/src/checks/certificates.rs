//! CA files, and the names in certificates. An input is a file, or any other bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::certificates::bundle::Bundle;
use crate::certificates::pem::{self, Fault};
use crate::certificates::x509::{Identity, is_trusted_for_servers, name, split_certificate};

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

pub fn certificates(data: &[u8]) {
    assert_identity(data);
    assert_name(&name(data));
    assert_ne!((data, is_trusted_for_servers(data)), (&[][..], Some(false)));
    assert_blocks(data);
    assert_same_as_another_reader(data);
    assert_same_when_written_anew(data);
}

/// Each block has the next number and a place, and decodes to fewer bytes than its text.
fn assert_blocks(data: &[u8]) {
    for (index, block) in pem::blocks(data).enumerate() {
        let number = format!("block {} (", index + 1);
        let assert_fault = |fault: Fault<'_>| {
            let said = fault.to_string();
            assert!(said.starts_with(&number) && said.contains("line ") && said.len() < 400, "{said:?}");
        };
        match block {
            Ok(block) => match block.der() {
                Ok(der) => {
                    assert!(der.len() < data.len());
                    assert_identity(&der);
                    assert_fault(block.fault("of no kind"));
                }
                Err(fault) => assert_fault(fault),
            },
            Err(fault) => assert_fault(fault),
        }
    }
}

/// Without an error, it finds every certificate that rustls' own reader finds.
fn assert_same_as_another_reader(data: &[u8]) {
    let bundle = Bundle::of(data);
    assert_eq!(bundle.faults > 0, bundle.first_fault.is_some());
    assert!(bundle.trusted.roots.iter().all(|root| !bundle.distrusted.roots.contains(root)));
    let theirs: Vec<_> = CertificateDer::pem_slice_iter(data).flatten().collect();
    for certificate in theirs.iter().filter(|_| bundle.faults == 0) {
        let (certificate, _) = split_certificate(certificate).expect("what is not a certificate is a fault");
        let mut store = RootCertStore::empty();
        store.add(CertificateDer::from(certificate)).expect("what rustls does not take is a fault");
        let known = |store: &RootCertStore, root| store.roots.contains(root);
        assert!(known(&bundle.trusted, &store.roots[0]) || known(&bundle.distrusted, &store.roots[0]));
    }
}

/// A file with only the usable blocks gives the same result.
fn assert_same_when_written_anew(data: &[u8]) {
    let mut anew = String::new();
    for block in pem::blocks(data).flatten() {
        if let (Ok(der), Ok(label)) = (block.der(), std::str::from_utf8(block.label())) {
            let digits = BASE64_STANDARD.encode(der);
            anew += &format!("-----BEGIN {label}-----\n{digits}\n-----END {label}-----\n");
        }
    }
    let (before, after) = (Bundle::of(data), Bundle::of(anew.as_bytes()));
    assert_eq!(before.trusted.roots, after.trusted.roots);
    assert_eq!(before.distrusted.roots, after.distrusted.roots);
    assert!(before.faults >= after.faults);
}

/// The subject is the one that webpki reads, if it can read the certificate.
fn assert_identity(der: &[u8]) {
    let identity = Identity::of(der);
    let mut store = RootCertStore::empty();
    if store.add(CertificateDer::from(der)).is_ok() {
        let identity = identity.as_ref().expect("webpki knows its subject");
        assert_eq!(identity.subject, name(&store.roots[0].subject));
        assert_eq!(split_certificate(der), Some((der, &[][..])));
    }
    let Some(Identity { subject, issuer, not_before, not_after }) = identity else { return };
    assert_name(&subject);
    assert_name(&issuer);
    for time in [not_before, not_after].into_iter().flatten() {
        assert!(time.len() == "2026-05-19T00:00:00Z".len() && time.is_ascii(), "{time:?}");
    }
}

fn assert_name(name: &str) {
    assert!((1..=LONGEST_NAME).contains(&name.chars().count()), "{name:?}");
}
