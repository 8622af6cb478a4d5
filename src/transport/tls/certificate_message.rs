//! Says why a certificate is refused: names, dates and algorithms as people write them.

use chrono::{DateTime, Datelike, Timelike};
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, ExtendedKeyPurpose};

use super::algorithm;
use super::words::spaced;

/// The most names of a certificate that a message lists. Some certificates have hundreds.
const MOST_NAMES: usize = 5;

/// Describes an error of a verifier.
pub(super) fn describe(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::BadEncoding => "the certificate is malformed".to_owned(),
        E::Expired => "the certificate has expired".to_owned(),
        E::ExpiredContext { time, not_after } => {
            format!(
                "the certificate expired on {}; this machine's clock says {}",
                date(*not_after),
                date(*time)
            )
        }
        E::NotValidYet => "the certificate is not valid yet".to_owned(),
        E::NotValidYetContext { time, not_before } => format!(
            "the certificate is not valid before {}; this machine's clock says {}",
            date(*not_before),
            date(*time)
        ),
        E::Revoked => "the certificate has been revoked".to_owned(),
        E::UnhandledCriticalExtension => UNKNOWN_EXTENSION.to_owned(),
        E::UnknownIssuer => "the issuer of the certificate is not trusted".to_owned(),
        E::UnknownRevocationStatus => "it is not known whether the certificate has been revoked".to_owned(),
        E::BadSignature => {
            "a signature is wrong: the certificate was changed, or the authority that it names did not issue it"
                .to_owned()
        }
        E::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => format!(
            "the certificate is signed with an unsupported algorithm ({})",
            algorithm::name(signature_algorithm_id)
        ),
        E::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id,
            public_key_algorithm_id,
        } => {
            format!(
                "the certificate is signed ({}) with an unsupported kind of key ({})",
                algorithm::name(signature_algorithm_id),
                algorithm::name(public_key_algorithm_id)
            )
        }
        E::NotValidForName => "the certificate is not valid for this host".to_owned(),
        E::NotValidForNameContext { expected, presented } => wrong_name(presented, &expected.to_str()),
        E::InvalidPurpose => "the certificate is not for a server".to_owned(),
        E::InvalidPurposeContext { presented, .. } => wrong_purpose(presented),
        E::Other(error) => describe_other(&error.to_string()),
        other => format!("the certificate is refused: {}", spaced(other)),
    }
}

const UNKNOWN_EXTENSION: &str = "the certificate, or one above it, has an unsupported critical extension (policy \
                                 constraints, for example)";

/// Describes an error of webpki, by its name, because this library does not depend on webpki itself.
fn describe_other(error: &str) -> String {
    match error {
        "UnsupportedCriticalExtension" => UNKNOWN_EXTENSION,
        "NameConstraintViolation" => {
            "the certificate's names are outside the name constraints of its authority, or these constrain directory \
             names, which is not supported"
        }
        "CaUsedAsEndEntity" => {
            "the certificate is an authority's (CA:TRUE), so a server cannot use it: issue one for the server"
        }
        "EndEntityUsedAsCa" => "the issuer of the certificate is not an authority (CA:FALSE)",
        "PathLenConstraintViolated" => "there are more authorities above the certificate than one of them allows",
        "EmptyEkuExtension" => "the certificate has no valid purpose, so it is not for a server",
        "UnsupportedCertVersion" => "the certificate has an unsupported version: only X.509 version 3 is supported",
        "SignatureAlgorithmMismatch" => "the certificate names two different signature algorithms",
        "InvalidSerialNumber" => "the certificate's serial number is wrong: it has more than 20 bytes, or none",
        "MalformedExtensions" | "ExtensionValueInvalid" => {
            "the certificate is malformed: an extension cannot be parsed"
        }
        "MalformedDnsIdentifier" => "the certificate is malformed: it contains an invalid host name",
        "MalformedNameConstraint" | "InvalidNetworkMaskConstraint" => {
            "the name constraints of an authority above the certificate are malformed"
        }
        "MaximumPathBuildCallsExceeded" | "MaximumSignatureChecksExceeded" | "MaximumPathDepthExceeded"
        | "MaximumNameConstraintComparisonsExceeded" => "the server sends more certificates than this library checks",
        // The verifiers of Windows and macOS write sentences.
        words if words.contains(' ') => return format!("the certificate is refused: {words}"),
        other => return format!("the certificate is refused: {}", spaced(&other)),
    }
    .to_owned()
}

fn wrong_name(presented: &[String], expected: &str) -> String {
    let names: Vec<_> = presented.iter().filter_map(|name| host(name)).collect();
    let (shown, more) = names.split_at(names.len().min(MOST_NAMES));
    let shown = shown.join(", ");
    match (&names[..], more.len()) {
        ([], _) => format!("the certificate names no host, so it is not valid for {expected}"),
        (_, 0) => format!("the certificate is valid for {shown}, not for {expected}"),
        (_, more) => format!("the certificate is valid for {shown} and {more} more, not for {expected}"),
    }
}

/// The host in a name as webpki writes it: `DnsName("a.example")` or `IpAddress(192.0.2.1)`. Other kinds name no host.
fn host(presented: &str) -> Option<&str> {
    let (kind, name) = presented.strip_suffix(')')?.split_once('(')?;
    matches!(kind, "DnsName" | "IpAddress").then(|| name.trim_matches('"'))
}

fn wrong_purpose(presented: &[ExtendedKeyPurpose]) -> String {
    if presented.is_empty() {
        return "the certificate has no valid purpose, so it is not for a server".to_owned();
    }
    let purposes: Vec<_> = presented.iter().map(purpose).collect();
    format!("the certificate is for {}, not for a server", purposes.join(", "))
}

fn purpose(purpose: &ExtendedKeyPurpose) -> &'static str {
    match purpose {
        ExtendedKeyPurpose::ClientAuth => "clients",
        ExtendedKeyPurpose::ServerAuth => "servers",
        ExtendedKeyPurpose::Other(id) => match &id[..] {
            [1, 3, 6, 1, 5, 5, 7, 3, 3] => "code signing",
            [1, 3, 6, 1, 5, 5, 7, 3, 4] => "e-mail",
            [1, 3, 6, 1, 5, 5, 7, 3, 8] => "time stamps",
            [1, 3, 6, 1, 5, 5, 7, 3, 9] => "OCSP",
            [2, 5, 29, 37, 0] => "any purpose", // RFC 5280 forbids relying on it
            _ => "another purpose",
        },
    }
}

/// The time in UTC, to the minute.
fn date(time: UnixTime) -> String {
    let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map_or("a date out of range".to_owned(), |time| {
        let (year, month, day) = (time.year(), time.month(), time.day());
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", time.hour(), time.minute())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::OtherError;
    use rustls::pki_types::ServerName;

    use super::*;

    /// Half past ten on 27 November 2026.
    const NOW: u64 = 1_795_775_400;
    const YEAR: u64 = 365 * 24 * 3600;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn name(presented: &[&str]) -> CertificateError {
        CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("graph.microsoft.com").unwrap(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Named(&'static str);

    fn other(name: &'static str) -> CertificateError {
        CertificateError::Other(OtherError(Arc::new(Named(name))))
    }

    #[test]
    fn a_refused_certificate_is_told_in_words() {
        let many: Vec<String> = (0..12).map(|number| format!("DnsName(\"{number}.example\")")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let purposes = |presented: &[&[usize]]| CertificateError::InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            presented: presented.iter().map(|id| ExtendedKeyPurpose::Other(id.to_vec())).collect(),
        };
        for (error, expected) in [
            (
                CertificateError::ExpiredContext { time: at(NOW), not_after: at(NOW - YEAR) },
                "the certificate expired on 2025-11-27 10:30 UTC; this machine's clock says 2026-11-27 10:30 UTC",
            ),
            (
                CertificateError::NotValidYetContext { time: at(0), not_before: at(NOW) },
                "the certificate is not valid before 2026-11-27 10:30 UTC; this machine's clock says 1970-01-01 00:00 \
                 UTC",
            ),
            (
                CertificateError::ExpiredContext { time: at(NOW), not_after: at(u64::MAX) },
                "the certificate expired on a date out of range; this machine's clock says 2026-11-27 10:30 \
                 UTC",
            ),
            (
                name(&["DnsName(\"a.example\")"]),
                "the certificate is valid for a.example, not for graph.microsoft.com",
            ),
            (
                name(&["DnsName(\"*.a.example\")", "IpAddress(192.0.2.1)", "DirectoryName"]),
                "the certificate is valid for *.a.example, 192.0.2.1, not for graph.microsoft.com",
            ),
            (
                name(&many),
                "the certificate is valid for 0.example, 1.example, 2.example, 3.example, 4.example and 7 more, not \
                 for graph.microsoft.com",
            ),
            (name(&[]), "the certificate names no host, so it is not valid for graph.microsoft.com"),
            (
                CertificateError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04".to_vec(),
                    supported_algorithms: vec![],
                },
                "the certificate is signed with an unsupported algorithm (ECDSA with SHA-512)",
            ),
            (
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02".to_vec(),
                    public_key_algorithm_id:
                        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23".to_vec(),
                },
                "the certificate is signed (ECDSA with SHA-256) with an unsupported kind of key (EC on P-521)",
            ),
            (
                purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 3], &[1, 2, 3]]),
                "the certificate is for code signing, another purpose, not for a server",
            ),
            (purposes(&[]), "the certificate has no valid purpose, so it is not for a server"),
            (CertificateError::UnknownIssuer, "the issuer of the certificate is not trusted"),
            (
                CertificateError::BadSignature,
                "a signature is wrong: the certificate was changed, or the authority that it names did not issue it",
            ),
            (CertificateError::BadEncoding, "the certificate is malformed"),
            (other("UnsupportedCriticalExtension"), UNKNOWN_EXTENSION),
            (
                other("CaUsedAsEndEntity"),
                "the certificate is an authority's (CA:TRUE), so a server cannot use it: issue one for the server",
            ),
            (other("SomethingNew(7)"), "the certificate is refused: something new"),
            (
                other("The revocation function was unable to check (os error -2146885614)"),
                "the certificate is refused: The revocation function was unable to check (os error -2146885614)",
            ),
            (
                CertificateError::ApplicationVerificationFailure,
                "the certificate is refused: application verification failure",
            ),
        ] {
            assert_eq!(describe(&error), expected);
        }
    }
}
