//! Says what went wrong in TLS, for the person who runs the machine: names, dates and algorithms as people write them.

use chrono::{DateTime, Datelike, Timelike};
use rustls::pki_types::UnixTime;
use rustls::{
    AlertDescription, CertificateError, Error, ExtendedKeyPurpose, InvalidMessage, PeerIncompatible,
    PeerMisbehaved,
};

use super::algorithm;

/// The most names of a certificate that a message lists. Some certificates have hundreds.
const MOST_NAMES: usize = 5;

/// Describes an error after the handshake. The server accepted a cipher suite before, so it now wants something else.
pub(super) fn later_words(error: &Error) -> String {
    match error {
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server aborts TLS: it insists on renegotiation, which is not supported, perhaps to ask for a client \
             certificate (alert 40: handshake failure)"
                .to_owned()
        }
        other => words(other),
    }
}

/// Describes an error in the handshake.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => alerted(*alert),
        Error::PeerIncompatible(why) => incompatible(why),
        Error::PeerMisbehaved(why) => misbehaved(why),
        Error::InvalidMessage(why) => invalid_message(why),
        Error::InappropriateMessage { got_type, .. } => {
            format!("the server sends an unexpected TLS message: {}", spaced(got_type))
        }
        Error::InappropriateHandshakeMessage { got_type, .. } => {
            format!("the server sends an unexpected message in the TLS handshake: {}", spaced(got_type))
        }
        Error::NoCertificatesPresented => "the server sends no certificate".to_owned(),
        Error::DecryptError => {
            "a TLS record cannot be decrypted: it was damaged or changed on the way".to_owned()
        }
        Error::PeerSentOversizedRecord => "the server sends a TLS record that is too long".to_owned(),
        Error::NoApplicationProtocol => "the server does not speak HTTP/1.1 over TLS".to_owned(),
        Error::FailedToGetCurrentTime => "this machine's clock cannot be read".to_owned(),
        Error::FailedToGetRandomBytes => "the system provides no random bits".to_owned(),
        Error::General(text) => text.clone(),
        other => format!("TLS cannot continue: {other}"),
    }
}

/// The protocol of a server that does not speak TLS, if its first bytes show it.
pub(super) fn other_protocol(first: &[u8]) -> Option<&'static str> {
    const PROTOCOLS: [(&[u8], &str); 6] = [
        (b"HTTP", "the server speaks plain HTTP, not TLS"),
        (b"<", "the server speaks plain HTTP, not TLS"),
        (b"SSH-", "the server speaks SSH, not TLS"),
        (b"220", "the server speaks FTP or SMTP, not TLS"),
        (b"+OK", "the server speaks POP3, not TLS"),
        (b"* OK", "the server speaks IMAP, not TLS"),
    ];
    PROTOCOLS.iter().find(|(bytes, _)| first.starts_with(bytes)).map(|(_, words)| *words)
}

pub(super) fn certificate(error: &CertificateError) -> String {
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
        E::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().filter_map(|name| host(name)).collect();
            wrong_name(&names, &expected.to_str())
        }
        E::InvalidPurpose => "the certificate is not for a server".to_owned(),
        E::InvalidPurposeContext { presented, .. } if presented.is_empty() => {
            "the certificate has no valid purpose, so it is not for a server".to_owned()
        }
        E::InvalidPurposeContext { presented, .. } => {
            let purposes: Vec<_> = presented.iter().map(purpose).collect();
            format!("the certificate is for {}, not for a server", purposes.join(", "))
        }
        E::Other(error) => unusable(&error.to_string()),
        other => format!("the certificate is refused: {}", spaced(other)),
    }
}

const UNKNOWN_EXTENSION: &str = "the certificate, or one above it, has an unsupported critical extension (policy \
                                 constraints, for example)";

/// Errors of webpki, by name, because this library does not depend on webpki itself.
fn unusable(error: &str) -> String {
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
        // The system's own verifier has words.
        words if words.contains(' ') => return format!("the certificate is refused: {words}"),
        other => return format!("the certificate is refused: {}", spaced(&other)),
    }
    .to_owned()
}

fn wrong_name(names: &[&str], expected: &str) -> String {
    let (told, more) = names.split_at(names.len().min(MOST_NAMES));
    let told = told.join(", ");
    match (names, more.len()) {
        ([], _) => format!("the certificate names no host, so it is not valid for {expected}"),
        (_, 0) => format!("the certificate is valid for {told}, not for {expected}"),
        (_, more) => format!("the certificate is valid for {told} and {more} more, not for {expected}"),
    }
}

/// The host in a name as webpki writes it: `DnsName("a.example")` or `IpAddress(192.0.2.1)`. Other kinds name no host.
fn host(presented: &str) -> Option<&str> {
    let (kind, name) = presented.strip_suffix(')')?.split_once('(')?;
    matches!(kind, "DnsName" | "IpAddress").then(|| name.trim_matches('"'))
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

/// Describes an alert that the server sent.
fn alerted(alert: AlertDescription) -> String {
    use AlertDescription as A;
    let why = match alert {
        A::HandshakeFailure | A::InsufficientSecurity => {
            "it has no cipher suite, key or signature algorithm that this library supports; TLS 1.2 with CBC or RSA \
             key exchange is not supported"
        }
        A::ProtocolVersion => "it accepts neither TLS 1.2 nor TLS 1.3",
        A::UnrecognisedName => "it does not know this host name",
        A::CertificateRequired | A::BadCertificate | A::UnsupportedCertificate | A::NoCertificate => {
            "it wants a client certificate, which is not supported"
        }
        A::AccessDenied => "it denies access",
        A::InternalError => "it has an internal error",
        A::NoRenegotiation => "it wants to renegotiate, which is not supported",
        A::NoApplicationProtocol => "it does not speak HTTP/1.1 over TLS",
        A::DecryptError | A::BadRecordMac | A::DecryptionFailed => "it cannot decrypt what it received",
        _ => "it gives no reason",
    };
    match alert {
        A::Unknown(number) => format!("the server aborts TLS: {why} (alert {number})"),
        _ => format!("the server aborts TLS: {why} (alert {}: {})", u8::from(alert), spaced(&alert)),
    }
}

fn incompatible(why: &PeerIncompatible) -> String {
    use PeerIncompatible as P;
    match why {
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig => {
            "the server speaks neither TLS 1.2 nor TLS 1.3".to_owned()
        }
        P::ExtendedMasterSecretExtensionRequired => {
            "the server's TLS 1.2 lacks the extended master secret, so it is too weak".to_owned()
        }
        P::NoKxGroupsInCommon | P::NoCipherSuitesInCommon | P::NoSignatureSchemesInCommon => {
            "the server has no cipher suite, key or signature algorithm that this library supports".to_owned()
        }
        other => format!("the server's TLS is not supported: {}", spaced(other)),
    }
}

fn misbehaved(why: &PeerMisbehaved) -> String {
    use PeerMisbehaved as P;
    match why {
        P::AttemptedDowngradeToTls12WhenTls13IsSupported => {
            "the server or a box in between downgrades TLS, as in an attack".to_owned()
        }
        P::SelectedUnofferedCipherSuite
        | P::SelectedUnusableCipherSuiteForVersion
        | P::SelectedDifferentCipherSuiteAfterRetry => {
            "the server chooses a cipher suite that was not offered".to_owned()
        }
        P::SelectedUnofferedKxGroup | P::WrongGroupForKeyShare => {
            "the server chooses a key exchange that was not offered".to_owned()
        }
        P::SignedHandshakeWithUnadvertisedSigScheme | P::SignedKxWithWrongAlgorithm => {
            "the server signs with an algorithm that was not offered".to_owned()
        }
        P::TooManyRenegotiationRequests => {
            "the server insists on renegotiation, which is not supported".to_owned()
        }
        other => format!("the server breaks the rules of TLS: {}", spaced(other)),
    }
}

fn invalid_message(why: &InvalidMessage) -> String {
    match why {
        InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion => {
            "the server does not speak TLS".to_owned()
        }
        InvalidMessage::UnsupportedKeyExchangeAlgorithm(_) | InvalidMessage::UnsupportedCurveType => {
            "the server chooses a key exchange that is not supported".to_owned()
        }
        InvalidMessage::CertificatePayloadTooLarge => {
            "the server sends more than 64 KiB of certificates".to_owned()
        }
        other => format!("the server sends an invalid TLS message: {}", spaced(other)),
    }
}

/// Splits the name of a rare error into words: `MissingKeyShare` becomes "missing key share".
fn spaced(case: &impl std::fmt::Debug) -> String {
    let name = format!("{case:?}");
    let name = name.trim_matches('"');
    let name = name.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let (mut words, mut before) = (String::new(), 'A');
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        before = letter;
    }
    words
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

    use rustls::pki_types::ServerName;
    use rustls::{ContentType, HandshakeType, OtherError};

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
            assert_eq!(words(&Error::InvalidCertificate(error)), expected);
        }
    }

    #[test]
    fn a_handshake_that_fails_is_told_in_words() {
        for (error, expected) in [
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "the server aborts TLS: it has no cipher suite, key or signature algorithm that this library supports; \
                 TLS 1.2 with CBC or RSA key exchange is not supported (alert 40: handshake failure)",
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "the server aborts TLS: it accepts neither TLS 1.2 nor TLS 1.3 (alert 70: protocol version)",
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                "the server aborts TLS: it wants a client certificate, which is not supported (alert 116: certificate \
                 required)",
            ),
            (
                Error::AlertReceived(AlertDescription::Unknown(255)),
                "the server aborts TLS: it gives no reason (alert 255)",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                "the server speaks neither TLS 1.2 nor TLS 1.3",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::NullCompressionRequired),
                "the server's TLS is not supported: null compression required",
            ),
            (
                Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite),
                "the server chooses a cipher suite that was not offered",
            ),
            (
                Error::PeerMisbehaved(PeerMisbehaved::TooManyKeyUpdateRequests),
                "the server breaks the rules of TLS: too many key update requests",
            ),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), "the server does not speak TLS"),
            (
                Error::InvalidMessage(InvalidMessage::MissingData("ServerHello")),
                "the server sends an invalid TLS message: missing data",
            ),
            (
                Error::InappropriateMessage {
                    expect_types: vec![ContentType::Handshake],
                    got_type: ContentType::ApplicationData,
                },
                "the server sends an unexpected TLS message: application data",
            ),
            (
                Error::InappropriateHandshakeMessage {
                    expect_types: vec![HandshakeType::ServerHello],
                    got_type: HandshakeType::ClientHello,
                },
                "the server sends an unexpected message in the TLS handshake: client hello",
            ),
            (Error::NoCertificatesPresented, "the server sends no certificate"),
        ] {
            assert_eq!(words(&error), expected);
        }
    }

    #[test]
    fn a_connection_that_was_made_ends_in_other_words() {
        let told = later_words(&Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert!(
            told.starts_with("the server aborts TLS: it insists on renegotiation, which is not supported"),
            "{told}"
        );
        let told = later_words(&Error::AlertReceived(AlertDescription::CertificateRequired));
        assert!(told.contains("it wants a client certificate"), "{told}");
    }

    /// No message may contain code: brackets, or names in CamelCase.
    #[test]
    fn no_words_are_code() {
        for error in [
            Error::EncryptError,
            Error::HandshakeNotComplete,
            Error::BadMaxFragmentSize,
            Error::UnsupportedNameType,
            Error::InvalidCertificate(CertificateError::Revoked),
            Error::InvalidCertificate(CertificateError::InvalidOcspResponse),
            Error::PeerMisbehaved(PeerMisbehaved::MissingKeyShare),
            Error::InvalidMessage(InvalidMessage::DuplicateExtension(7)),
            Error::InvalidMessage(InvalidMessage::IllegalEmptyList("X")),
        ] {
            let words = words(&error);
            assert!(!words.contains(['{', '[', '"']) && !words.contains("::"), "{words}");
            let letters: Vec<char> = words.chars().collect();
            let is_joined = letters.windows(2).any(|two| two[0].is_lowercase() && two[1].is_uppercase());
            assert!(!is_joined, "{words}");
        }
    }

    #[test]
    fn who_does_not_speak_tls_is_recognised() {
        for (first, expected) in [
            (&b"HTTP/1.1 400 Bad Request"[..], Some("the server speaks plain HTTP, not TLS")),
            (b"HTTP/", Some("the server speaks plain HTTP, not TLS")),
            (b"<!DOCTYPE html>", Some("the server speaks plain HTTP, not TLS")),
            (b"SSH-2", Some("the server speaks SSH, not TLS")),
            (b"220 ready", Some("the server speaks FTP or SMTP, not TLS")),
            (b"\x16\x03\x03\0\x05", None),
            (b"", None),
        ] {
            assert_eq!(other_protocol(first), expected);
        }
    }
}
