//! The assertion by which an application proves that it has the private key of its certificate (RFC 7523), in the form
//! that Entra documents: a JWT signed with PS256.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::RSA_PSS_SHA256;
use zeroize::Zeroizing;

use super::certificate::Certificate;
use crate::outcome::Error;
use crate::text::Time;

/// How long an assertion is valid, in seconds.
const LIFETIME: u64 = 600;

/// An assertion for a token endpoint, the audience. An error if the certificate is not valid now. `jti` makes it unique.
pub(crate) fn assertion(
    certificate: &Certificate,
    with_chain: bool,
    client_id: &str,
    audience: &str,
    now: SystemTime,
    jti: &str,
) -> Result<Zeroizing<String>, Error> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    certificate.check(Time::from_seconds(now as i64))?;
    let signed = [header(certificate, with_chain), claims(client_id, audience, now, jti)]
        .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part))
        .join(".");
    let mut signature = Zeroizing::new(vec![0; certificate.key.public().modulus_len()]);
    (certificate.key)
        .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| certificate.unusable("its key cannot sign".to_owned()))?;
    // Each text takes memory once and is wiped. Without the signature it is no secret.
    let signature = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(&*signature));
    let mut assertion = Zeroizing::new(String::with_capacity(signed.len() + 1 + signature.len()));
    for part in [&*signed, ".", &signature] {
        assertion.push_str(part);
    }
    Ok(assertion)
}

fn header(certificate: &Certificate, with_chain: bool) -> String {
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(certificate.thumbprint());
    let chain = certificate.chain.iter().filter(|_| with_chain);
    let chain: Vec<String> = chain.map(|der| format!("\"{}\"", BASE64_STANDARD.encode(der))).collect();
    let x5c = if chain.is_empty() { String::new() } else { format!(",\"x5c\":[{}]", chain.join(",")) };
    format!("{{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"{thumbprint}\"{x5c}}}")
}

fn claims(client_id: &str, audience: &str, now: u64, jti: &str) -> String {
    let [id, audience, jti] =
        [client_id, audience, jti].map(|text| serde_json::to_string(text).unwrap_or_default());
    let end = now + LIFETIME;
    format!(
        "{{\"aud\":{audience},\"iss\":{id},\"sub\":{id},\"jti\":{jti},\"nbf\":{now},\"iat\":{now},\"exp\":{end}}}"
    )
}

#[cfg(all(test, unix))] // with the program openssl, which makes the key
mod tests {
    use std::time::Duration;

    use ring::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::{Value, json};

    use super::super::certificate::tests::application;
    use super::*;
    use crate::outcome::ErrorKind;

    const NOW: u64 = 1_780_000_000; // 2026-05-28

    fn assert(certificate: &Certificate, with_chain: bool, now: u64) -> Result<Zeroizing<String>, Error> {
        let audience = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token";
        let now = UNIX_EPOCH + Duration::from_millis(now * 1000 + 999);
        assertion(certificate, with_chain, "client \"1\"", audience, now, "a-jti")
    }

    fn json_of(part: &str) -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_is_a_token_that_the_certificate_signed() {
        let certificate = application();
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(certificate.thumbprint());
        let chain: Vec<String> = certificate.chain.iter().map(|der| BASE64_STANDARD.encode(der)).collect();
        assert_eq!(chain.len(), 3);
        let plain = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
        let chained = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint, "x5c": chain});
        for (with_chain, header) in [(false, plain), (true, chained)] {
            let assertion = assert(&certificate, with_chain, NOW).unwrap();
            assert_eq!(assertion.capacity(), assertion.len(), "one allocation");
            let (signed, signature) = assertion.rsplit_once('.').unwrap();
            let (first, second) = signed.split_once('.').unwrap();
            assert_eq!(json_of(first), header);
            assert_eq!(
                json_of(second),
                json!({"aud": "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
                       "iss": "client \"1\"", "sub": "client \"1\"", "jti": "a-jti",
                       "nbf": NOW, "iat": NOW, "exp": NOW + 600})
            );
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key.public_key());
            key.verify(signed.as_bytes(), &signature).unwrap();
            key.verify(first.as_bytes(), &signature).unwrap_err();
        }
    }

    #[test]
    fn a_certificate_that_is_not_valid_now_signs_nothing() {
        let certificate = application();
        for now in [0, 2_000_000_000] {
            let error = assert(&certificate, false, now).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
        }
    }
}
