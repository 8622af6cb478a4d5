//! Faults of TLS in words.

use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error};

pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.to_string(),
        error => error.to_string(),
    }
}

/// Why a certificate is refused, and whose it is.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn new(why: CertificateError, _certificate: &CertificateDer<'_>, trusted: &str) -> Refused {
        Refused(format!("{why}; trusted were: {trusted}"))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
