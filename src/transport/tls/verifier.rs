//! Verifies a server's certificate as rustls does. If it refuses one, the error names the certificate and its issuer.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::certificate_message;
use super::certificates::x509::Identity;

/// The most certificates that are read for a message. Real chains are shorter.
const LONGEST_CHAIN: usize = 8;

/// Shared by all connections of a client, because rustls resumes a TLS session only under the same verifier.
#[derive(Debug)]
pub(super) struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    /// Names the trusted authorities in an error message.
    trusted: Arc<str>,
}

impl Verifier {
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, trusted: Arc<str>) -> Verifier {
        Verifier { inner, trusted }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(why) => {
                let refusal = Refusal::new(&why, &chain(certificate, intermediates), &self.trusted);
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Names a refused certificate, and says why it is refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub(super) struct Refusal {
    words: String,
    certificate: Option<Identity>,
}

impl Refusal {
    fn new(why: &CertificateError, chain: &[Identity], trusted: &str) -> Refusal {
        Refusal { words: Refusal::words(why, chain, trusted), certificate: chain.first().cloned() }
    }

    /// The server's own certificate, if it can be read.
    pub(super) fn certificate(&self) -> Option<&Identity> {
        self.certificate.as_ref()
    }

    fn words(why: &CertificateError, chain: &[Identity], trusted: &str) -> String {
        const ADVICE: &str = "in a file, and name that in SSL_CERT_FILE or as the CA file";
        let Some(own) = chain.first() else {
            return certificate_message::describe(why);
        };
        let mut issuers: Vec<&str> = chain.iter().map(|identity| &*identity.issuer).collect();
        issuers.dedup(); // a root issues itself
        let subject = &own.subject;
        match (why, &issuers[..]) {
            (CertificateError::UnknownIssuer, [issuer]) if issuer == subject => format!(
                "the certificate of {subject} is self-signed and not trusted; this library trusts {trusted}; if it is \
                 your organisation's, put it {ADVICE}"
            ),
            (CertificateError::UnknownIssuer, issuers) => format!(
                "the certificate of {subject} is issued by {}, which is not trusted; this library trusts {trusted}; if \
                 the issuer is your organisation's, put its certificate {ADVICE}",
                issuers.join(", which is issued by ")
            ),
            (why, _) => {
                let Identity { subject, issuer, .. } =
                    chain.iter().find(|identity| is_out_of_date(why, identity)).unwrap_or(own);
                format!("{} (subject {subject}, issuer {issuer})", certificate_message::describe(why))
            }
        }
    }
}

/// The server's certificate and those above it that the server sent, linked by name. Nothing here is verified.
fn chain(certificate: &[u8], sent: &[CertificateDer<'_>]) -> Vec<Identity> {
    let sent: Vec<Identity> = sent.iter().take(LONGEST_CHAIN).filter_map(|one| Identity::of(one)).collect();
    let mut chain: Vec<Identity> = Identity::of(certificate).into_iter().collect();
    while let Some(last) = chain.last() {
        let mut above = sent.iter().filter(|one| one.subject == last.issuer && !chain.contains(one));
        let Some(next) = above.next() else {
            break;
        };
        chain.push(next.clone());
    }
    chain
}

/// Whether this is the certificate of the chain that has expired or is not valid yet.
fn is_out_of_date(why: &CertificateError, identity: &Identity) -> bool {
    let (time, text) = match why {
        CertificateError::ExpiredContext { not_after, .. } => (not_after, &identity.not_after),
        CertificateError::NotValidYetContext { not_before, .. } => (not_before, &identity.not_before),
        _ => return false,
    };
    let date = text.as_deref().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
    date.and_then(|date| u64::try_from(date.timestamp()).ok()) == Some(time.as_secs())
}

/// The refusal, if this error is one.
pub(super) fn refusal(error: &Error) -> Option<&Refusal> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => other.downcast_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str, issuer: &str, year: u32) -> Identity {
        let (subject, issuer) = (subject.to_owned(), issuer.to_owned());
        let not_after = Some(format!("{year}-01-01T00:00:00Z"));
        Identity { subject, issuer, not_before: None, not_after }
    }

    #[test]
    fn a_refusal_names_the_certificate_its_issuer_and_what_to_do() {
        let own = || identity("CN=graph", "CN=Inspection", 2027);
        let (above, root) =
            (identity("CN=Inspection", "CN=Root", 2020), identity("CN=Root", "CN=Root", 2030));
        let words = |why, chain: &[Identity]| Refusal::new(&why, chain, "the system's (145)").to_string();
        let advice = "if the issuer is your organisation's, put its certificate in a file, and name that in \
                      SSL_CERT_FILE or as the CA file";
        for (chain, issuers) in [
            (vec![own()], "CN=Inspection"),
            (vec![own(), above.clone()], "CN=Inspection, which is issued by CN=Root"),
            (vec![own(), above.clone(), root.clone()], "CN=Inspection, which is issued by CN=Root"),
        ] {
            assert_eq!(
                words(CertificateError::UnknownIssuer, &chain),
                format!(
                    "the certificate of CN=graph is issued by {issuers}, which is not trusted; this library trusts the \
                     system's (145); {advice}"
                )
            );
        }
        assert_eq!(
            words(CertificateError::UnknownIssuer, std::slice::from_ref(&root)),
            "the certificate of CN=Root is self-signed and not trusted; this library trusts the system's (145); if it \
             is your organisation's, put it in a file, and name that in SSL_CERT_FILE or as the CA file"
        );
        assert_eq!(
            words(CertificateError::Expired, &[own()]),
            "the certificate has expired (subject CN=graph, issuer CN=Inspection)"
        );
        let new_year_2020 = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_577_836_800));
        let expired = CertificateError::ExpiredContext { time: new_year_2020, not_after: new_year_2020 };
        let told = words(expired, &[own(), above]);
        assert!(told.ends_with("(subject CN=Inspection, issuer CN=Root)"), "{told}");
        assert_eq!(words(CertificateError::BadEncoding, &[]), "the certificate is malformed");
    }

    #[test]
    fn a_chain_follows_the_names() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = |name: &str, issuer: Option<&rcgen::Issuer<'_, rcgen::KeyPair>>| {
            let mut parameters = rcgen::CertificateParams::default();
            parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
            let certificate = match issuer {
                Some(issuer) => parameters.signed_by(&key, issuer).unwrap(),
                None => parameters.self_signed(&key).unwrap(),
            };
            (certificate.der().clone(), rcgen::Issuer::new(parameters, rcgen::KeyPair::generate().unwrap()))
        };
        let (root, by_root) = made("Root", None);
        let (between, by_between) = made("Between", Some(&by_root));
        let (own, _) = made("own", Some(&by_between));
        let names = |shown: &[CertificateDer<'_>]| {
            chain(&own, shown).into_iter().map(|identity| identity.subject).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["CN=own"]);
        assert_eq!(names(&[root.clone(), between.clone()]), ["CN=own", "CN=Between", "CN=Root"]);
        assert_eq!(names(&[b"broken"[..].into(), root]), ["CN=own"]);
        assert!(chain(b"broken", &[between]).is_empty());
    }
}
