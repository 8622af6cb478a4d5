//! Assertions: the JWTs by which an application proves that it holds a key, or another provider's token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ring::digest;
use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::EndEntityCert;
use webpki::ring as algorithms;

use crate::claims::Claims;
use crate::cloud::Cloud;
use crate::tenant_request::TenantRequest;

/// How far a client's clock may be off.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// An AADSTS code, and the value that its text names.
pub(crate) type Fault = (u32, String);

/// The certificate that an application registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(CertificateDer<'static>);

impl ClientCertificate {
    /// The first certificate of a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let der = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|error| format!("{error:?}"))?;
        EndEntityCert::try_from(&der).map_err(|error| error.to_string())?;
        Ok(Self(der))
    }

    pub(crate) fn read(path: &str) -> Result<Self, String> {
        Self::from_pem(&std::fs::read_to_string(path).map_err(|error| error.to_string())?)
    }

    /// Whether a header names it.
    fn is_named_by(&self, header: &Value) -> bool {
        let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &self.0));
        let is =
            |name: &str, algorithm| header[name].as_str().map(|text| unpadded(text) == thumbprint(algorithm));
        is("x5t#S256", &digest::SHA256)
            .or_else(|| is("x5t", &digest::SHA1_FOR_LEGACY_USE_ONLY))
            .unwrap_or_default()
    }

    fn has_signed(
        &self,
        algorithm: &dyn SignatureVerificationAlgorithm,
        text: &[u8],
        signature: &[u8],
    ) -> bool {
        EndEntityCert::try_from(&self.0)
            .is_ok_and(|certificate| certificate.verify_signature(algorithm, text, signature).is_ok())
    }
}

/// Some clients pad thumbprints.
fn unpadded(text: &str) -> &str {
    text.trim_end_matches('=')
}

/// One assertion.
#[derive(Debug)]
pub(crate) struct Assertion<'a> {
    header: Value,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    /// None if it is no JWT.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        // Official clients send the line break at the end of a file too.
        let text = text.trim_end();
        let (signed, signature) = text.rsplit_once('.')?;
        let header = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.0).ok()?;
        Some(Self {
            header: serde_json::from_slice(&header).ok().filter(Value::is_object)?,
            claims: Claims::read(text)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// Whether the application issued it itself, with its certificate.
    pub(crate) fn is_own(&self, client: &str) -> bool {
        self.claims.text("iss") == Some(client) || self.names_a_certificate()
    }

    fn names_a_certificate(&self) -> bool {
        ["x5t", "x5t#S256", "x5c"].iter().any(|name| !self.header[*name].is_null())
    }

    /// Checks an assertion that the application made itself.
    pub(crate) fn check_own(
        &self,
        request: &TenantRequest,
        certificate: Option<&ClientCertificate>,
    ) -> Result<(), Fault> {
        let is_client = |name| self.claims.text(name) == Some(request.client());
        let audience = self.claims.text("aud").unwrap_or_default();
        let is_audience = |end| audience == format!("https://{}/{}/{end}", request.host, request.tenant);
        let algorithm = match self.header["alg"].as_str() {
            Some("RS256") => Some(algorithms::RSA_PKCS1_2048_8192_SHA256),
            Some("PS256") => Some(algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY),
            _ => None,
        };
        let Some(algorithm) =
            algorithm.filter(|_| self.names_a_certificate() && self.claims.time("exp").is_some())
        else {
            return Err((50_027, String::new()));
        };
        if !is_client("iss") || !is_client("sub") {
            return Err((700_021, String::new()));
        }
        if !["oauth2/v2.0/token", "v2.0"].into_iter().any(is_audience) {
            return Err((700_023, String::new()));
        }
        self.check_time(request.time)?;
        let is_from = |certificate: &ClientCertificate| {
            certificate.is_named_by(&self.header)
                && certificate.has_signed(algorithm, self.signed.as_bytes(), &self.signature)
        };
        if certificate.is_some_and(|certificate| !is_from(certificate)) {
            return Err((700_027, self.thumbprint()));
        }
        Ok(())
    }

    /// Checks another provider's token. Its signature is not verified.
    pub(crate) fn check_federated(
        &self,
        request: &TenantRequest,
        issuer: Option<&str>,
        subject: Option<&str>,
    ) -> Result<(), Fault> {
        let own = |name| self.claims.text(name).unwrap_or_default();
        if !self.claims.is_for(Cloud::at(request.host).exchange) {
            return Err((700_212, own("aud").to_owned()));
        }
        self.check_time(request.time)?;
        if issuer.is_some_and(|issuer| issuer != own("iss")) {
            return Err((700_211, own("iss").to_owned()));
        }
        match subject {
            Some(subject) if subject == own("sub") => Ok(()),
            Some(subject) if subject.eq_ignore_ascii_case(own("sub")) => {
                Err((7_002_138, own("sub").to_owned()))
            }
            Some(_) => Err((700_213, own("sub").to_owned())),
            None => Ok(()),
        }
    }

    fn check_time(&self, now: DateTime<Utc>) -> Result<(), Fault> {
        let time = |name| self.claims.time(name).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let (from, until) = (time("nbf"), time("exp"));
        let is_early = from.is_some_and(|from| from > now + SKEW);
        let is_late = until.is_some_and(|until| until <= now - SKEW);
        if !is_early && !is_late {
            return Ok(());
        }
        let text = |time: Option<DateTime<Utc>>| {
            time.unwrap_or(DateTime::UNIX_EPOCH).to_rfc3339_opts(SecondsFormat::Secs, true)
        };
        Err((
            700_024,
            format!("assertion valid from {}, expiry time of assertion {}", text(from), text(until)),
        ))
    }

    /// The thumbprint in the header, in hexadecimal digits.
    fn thumbprint(&self) -> String {
        let text = ["x5t#S256", "x5t"].iter().find_map(|name| self.header[*name].as_str());
        let bytes = URL_SAFE_NO_PAD.decode(unpadded(text.unwrap_or_default())).unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}
