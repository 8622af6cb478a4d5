//! The temporary CA, and the certificates that it signs.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use chrono::{Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
};
use tempfile::NamedTempFile;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto, version};

use crate::cloud::{CLOUD_HOSTS, LOGIN_HOSTS};
use crate::network::{Certificate, TlsVersions};

/// A CA made at the start, and the file with its certificate, for programs to trust.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    file: NamedTempFile,
    hosts: Vec<String>,
    crl_url: String,
    made: Mutex<HashMap<(Certificate, TlsVersions), Arc<ServerConfig>>>,
}

impl Authority {
    /// A CA for the hosts of Graph and Entra, the local ones, and these. Its certificates name `crl_url` as the address of its
    /// revocation list, which Windows asks for.
    pub(crate) fn new(more_hosts: &[String], crl_url: String) -> Self {
        let (params, key) = (ca_params("Autopilot emulator, temporary CA"), new_key());
        let pem = params.self_signed(&key).expect("the CA's parameters are right").pem();
        let mut file = tempfile::Builder::new()
            .prefix("autopilot-emulator-ca-")
            .suffix(".pem")
            .tempfile()
            .expect("the temporary directory can be written");
        file.write_all(pem.as_bytes()).expect("the temporary directory can be written");
        let hosts = CLOUD_HOSTS.iter().chain(&LOGIN_HOSTS).chain(&["localhost", "127.0.0.1"]);
        let hosts = hosts.map(|host| (*host).to_owned());
        let hosts = hosts.chain(more_hosts.iter().cloned()).collect();
        Self { issuer: Issuer::new(params, key), pem, file, hosts, crl_url, made: Mutex::default() }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn file(&self) -> &std::path::Path {
        self.file.path()
    }

    /// Its revocation list, which is empty. DER.
    pub(crate) fn crl(&self) -> Vec<u8> {
        let mut valid = CertificateParams::default();
        make_valid(&mut valid);
        let list = CertificateRevocationListParams {
            this_update: valid.not_before,
            next_update: valid.not_after,
            crl_number: 1u64.into(),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).expect("the list's parameters are right").der().to_vec()
    }

    /// Whether tunnels lead to this host.
    pub(crate) fn serves(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// A TLS configuration with a certificate of this kind, made once.
    pub(crate) fn config(&self, kind: Certificate, versions: TlsVersions) -> Arc<ServerConfig> {
        let mut made = self.made.lock().expect("no holder panics");
        made.entry((kind, versions)).or_insert_with(|| Arc::new(self.make(kind, versions))).clone()
    }

    fn make(&self, kind: Certificate, versions: TlsVersions) -> ServerConfig {
        let key = new_key();
        let params = self.leaf_params(kind);
        let signed = match kind {
            Certificate::SelfSigned => params.self_signed(&key),
            Certificate::UnknownAuthority => {
                params.signed_by(&key, &Issuer::new(ca_params("Autopilot emulator, unknown CA"), new_key()))
            }
            _ => params.signed_by(&key, &self.issuer),
        };
        let chain = vec![signed.expect("the certificate's parameters are right").der().clone()];
        server_config(chain, &key, versions)
    }

    fn leaf_params(&self, kind: Certificate) -> CertificateParams {
        let names = match kind {
            Certificate::WrongHost => vec!["wrong-host.example".to_owned()],
            _ => self.hosts.clone(),
        };
        let mut params = CertificateParams::new(names).expect("host names are names");
        params.distinguished_name.push(DnType::CommonName, "autopilot-emulator");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![self.crl_url.clone()] }];
        let years = match kind {
            Certificate::Expired => Some(2020),
            Certificate::NotYetValid => Some(2090),
            _ => None,
        };
        make_valid(&mut params);
        if let Some(year) = years {
            params.not_before = rcgen::date_time_ymd(year, 1, 1);
            params.not_after = rcgen::date_time_ymd(year, 6, 1);
        }
        params
    }
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: &KeyPair, versions: TlsVersions) -> ServerConfig {
    let versions: &[_] = match versions {
        TlsVersions::Both => &[&version::TLS12, &version::TLS13],
        TlsVersions::Only12 => &[&version::TLS12],
        TlsVersions::Only13 => &[&version::TLS13],
    };
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    // Give the provider here and install none, because the process belongs to the library under test.
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("ring has both versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key is the certificate's");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    make_valid(&mut params);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes P-256 keys")
}

/// Valid around today in local time, whatever the service's clock shows, because clients use their own clock.
fn make_valid(params: &mut CertificateParams) {
    let (from, to) = (Utc::now() - TimeDelta::days(2), Utc::now() + TimeDelta::days(90));
    params.not_before = rcgen::date_time_ymd(from.year(), from.month() as u8, from.day() as u8);
    params.not_after = rcgen::date_time_ymd(to.year(), to.month() as u8, to.day() as u8);
}
