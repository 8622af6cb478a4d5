//! Verifies a server's certificate as rustls does, and says whose it is when it is refused.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::tls_words;
use super::x509::Identity;

/// One for all connections of a client: TLS sessions are resumed under the same verifier only.
#[derive(Debug)]
pub(super) struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    /// Who is believed, in words.
    trusted: String,
}

impl Verifier {
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, trusted: String) -> Verifier {
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
                let refused = Refused::new(&why, certificate, &self.trusted);
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
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

/// A certificate that is refused, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

impl Refused {
    fn new(why: &CertificateError, certificate: &[u8], trusted: &str) -> Refused {
        let identity = Identity::of(certificate);
        Refused(match (why, identity) {
            (CertificateError::UnknownIssuer, Some(Identity { subject, issuer, .. })) => format!(
                "the certificate of {subject} is issued by {issuer}, which is not trusted; trusted are {trusted}; if \
                 the issuer is your organisation's, name a file with its certificate in SSL_CERT_FILE or as the CA file"
            ),
            (why, Some(Identity { subject, issuer, .. })) => {
                format!("{} (it is of {subject}, issued by {issuer})", tls_words::certificate(why))
            }
            (why, None) => tls_words::certificate(why),
        })
    }
}

/// The refusal, if this error is one.
pub(super) fn refused(error: &Error) -> Option<&Refused> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => other.downcast_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_certificate_its_issuer_and_what_to_do() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["graph.microsoft.com".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Contoso TLS Inspection");
        let certificate = parameters.self_signed(&key).unwrap();
        let words =
            |why| Refused::new(&why, certificate.der(), "the system's certificates (145)").to_string();
        assert_eq!(
            words(CertificateError::UnknownIssuer),
            "the certificate of CN=Contoso TLS Inspection is issued by CN=Contoso TLS Inspection, which is not \
             trusted; trusted are the system's certificates (145); if the issuer is your organisation's, name a file \
             with its certificate in SSL_CERT_FILE or as the CA file"
        );
        assert_eq!(
            words(CertificateError::Expired),
            "the certificate has expired (it is of CN=Contoso TLS Inspection, issued by CN=Contoso TLS Inspection)"
        );
        let broken = Refused::new(&CertificateError::BadEncoding, b"broken", "nobody");
        assert_eq!(broken.to_string(), "the certificate is broken: it cannot be read");
    }
}
