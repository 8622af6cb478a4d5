//! Says what went wrong in TLS, for the person who runs the machine.

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use super::certificate_message;
use super::words::spaced;

/// Describes an error after the handshake. The server accepted a cipher suite before, so it now wants something else.
pub(super) fn after_handshake(error: &Error) -> String {
    match error {
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server aborts TLS: it insists on renegotiation, which is not supported, perhaps to ask for a client \
             certificate (alert 40: handshake failure)"
                .to_owned()
        }
        other => in_handshake(other),
    }
}

/// Describes an error in the handshake.
pub(super) fn in_handshake(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate_message::describe(error),
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
            "the server, or a proxy or gateway before it, downgrades TLS, as an attacker would".to_owned()
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

#[cfg(test)]
mod tests {
    use rustls::{CertificateError, ContentType, HandshakeType};

    use super::*;

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
            assert_eq!(in_handshake(&error), expected);
        }
    }

    #[test]
    fn a_connection_that_was_made_ends_in_other_words() {
        let told = after_handshake(&Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert!(
            told.starts_with("the server aborts TLS: it insists on renegotiation, which is not supported"),
            "{told}"
        );
        let told = after_handshake(&Error::AlertReceived(AlertDescription::CertificateRequired));
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
            let words = in_handshake(&error);
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
