//! The certificate of a peer: the service's, or one that must not be trusted.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, version};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shown {
    // The service's.
    Valid,
    OnlyTls12,
    OnlyTls13,
    ByAnIntermediate,
    /// The same, but the client must have one too.
    WantsOneTls12,
    WantsOneTls13,
    // Wrong time.
    Expired,
    NotYetValid,
    // Wrong name.
    ForAnotherHost,
    ForASubdomain,
    ForALongerName,
    ForAllOfCom,
    ForAnAddress,
    ForNamesOnly,
    WithoutNames,
    NameInSubjectOnly,
    // Wrong issuer.
    OfAnUnknownAuthority,
    OfANamesake,
    SelfSigned,
    WithoutItsIntermediate,
    ByAnExpiredIntermediate,
    ByALeaf,
    BelowTheLongestPath,
    OutsideOfItsNames,
    // Wrong use.
    ForClients,
    AnAuthority,
    WithACriticalUnknown,
    // Broken.
    WithABrokenSignature,
    WithAnothersKey,
    CutOff,
    NoCertificate,
}

impl Shown {
    /// Whether it proves that the peer is the service, which alone may see a token.
    pub(crate) fn is_the_service(self) -> bool {
        use Shown::*;
        matches!(self, Valid | OnlyTls12 | OnlyTls13 | ByAnIntermediate | WantsOneTls12 | WantsOneTls13)
    }
}

/// The authority that clients trust.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
    der: CertificateDer<'static>,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let (params, key) = (authority(NAME, BasicConstraints::Unconstrained), new_key());
    let certificate = params.self_signed(&key).expect("right parameters");
    // Each run has its own authority, because two may run at once.
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-ca-{}.pem", std::process::id()));
    std::fs::write(&file, certificate.pem()).expect("the folder can be written");
    Authority { issuer: Issuer::new(params, key), file, der: certificate.der().clone() }
});

const NAME: &str = "The fault matrix's authority";

/// The CA file for clients.
pub(crate) fn ca_file() -> &'static Path {
    &AUTHORITY.file
}

/// The TLS configuration with this certificate, made once.
pub(crate) fn config(shown: Shown) -> Arc<ServerConfig> {
    static MADE: LazyLock<Mutex<HashMap<Shown, Arc<ServerConfig>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().expect("no holder panics");
    made.entry(shown).or_insert_with(|| Arc::new(make(shown))).clone()
}

fn make(shown: Shown) -> ServerConfig {
    let versions: &[_] = match shown {
        Shown::OnlyTls12 | Shown::WantsOneTls12 => &[&version::TLS12],
        Shown::OnlyTls13 | Shown::WantsOneTls13 => &[&version::TLS13],
        _ => &[&version::TLS12, &version::TLS13],
    };
    let (key, chain) = chain(shown);
    let signer = match shown {
        Shown::WithAnothersKey => new_key(),
        _ => key,
    };
    let signer = ring::sign::any_ecdsa_type(&PrivateKeyDer::Pkcs8(signer.serialize_der().into()));
    // Without checks, because rustls would refuse some of these.
    let certified = CertifiedKey::new(chain, signer.expect("an ECDSA key"));
    // Give the provider here and install none, because the process belongs to the library under test.
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone());
    let config = config.with_protocol_versions(versions).expect("ring has both versions");
    let config = match shown {
        Shown::WantsOneTls12 | Shown::WantsOneTls13 => {
            let mut roots = RootCertStore::empty();
            roots.add(AUTHORITY.der.clone()).expect("a sound certificate");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().expect("there is a root"))
        }
        _ => config.with_no_client_auth(),
    };
    let mut config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.enable_secret_extraction = true; // for what a peer seals itself
    config
}

/// The chain of certificates, and the key of the first.
fn chain(shown: Shown) -> (KeyPair, Vec<CertificateDer<'static>>) {
    use Shown::*;
    let (leaf, key) = (leaf(shown), new_key());
    let signed =
        |issuer: &Issuer<'_, KeyPair>| leaf.signed_by(&key, issuer).expect("right parameters").der().clone();
    let below = |params: CertificateParams, issuer: &Issuer<'_, KeyPair>| {
        let key = new_key();
        let certificate = params.signed_by(&key, issuer).expect("right parameters").der().clone();
        (Issuer::new(params, key), certificate)
    };
    let root = &AUTHORITY.issuer;
    let sound = || authority("An intermediate", BasicConstraints::Unconstrained);
    let chain = match shown {
        OfAnUnknownAuthority => {
            vec![signed(&Issuer::new(authority("Nobody's", BasicConstraints::Unconstrained), new_key()))]
        }
        OfANamesake => {
            vec![signed(&Issuer::new(authority(NAME, BasicConstraints::Unconstrained), new_key()))]
        }
        SelfSigned => vec![leaf.self_signed(&key).expect("right parameters").der().clone()],
        ByAnIntermediate => {
            let (issuer, certificate) = below(sound(), root);
            vec![signed(&issuer), certificate]
        }
        WithoutItsIntermediate => vec![signed(&below(sound(), root).0)],
        ByAnExpiredIntermediate => {
            let (issuer, certificate) = below(of_year(2020, sound()), root);
            vec![signed(&issuer), certificate]
        }
        ByALeaf => {
            let (issuer, certificate) = below(self::leaf(Valid), root);
            vec![signed(&issuer), certificate]
        }
        BelowTheLongestPath => {
            let (upper, first) = below(authority("The last", BasicConstraints::Constrained(0)), root);
            let (lower, second) = below(sound(), &upper);
            vec![signed(&lower), second, first]
        }
        OutsideOfItsNames => {
            let mut params = sound();
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName("inside.example".to_owned())],
                excluded_subtrees: vec![],
            });
            let (issuer, certificate) = below(params, root);
            vec![signed(&issuer), certificate]
        }
        WithABrokenSignature => {
            let mut der = signed(root).to_vec();
            // A certificate ends with its signature.
            *der.last_mut().expect("a certificate has bytes") ^= 1;
            vec![der.into()]
        }
        CutOff => {
            let der = signed(root).to_vec();
            vec![der[..der.len() / 2].to_vec().into()]
        }
        NoCertificate => vec![b"not a certificate".to_vec().into()],
        _ => vec![signed(root)],
    };
    (key, chain)
}

fn leaf(shown: Shown) -> CertificateParams {
    use Shown::*;
    let dns = |names: &[&str]| -> Vec<SanType> {
        names.iter().map(|name| SanType::DnsName((*name).try_into().expect("ASCII"))).collect()
    };
    let address = || SanType::IpAddress(Ipv4Addr::LOCALHOST.into());
    let names = || dns(&["localhost", "graph.microsoft.com", "login.microsoftonline.com"]);
    let mut params = CertificateParams::default();
    params.subject_alt_names = match shown {
        ForAnotherHost => dns(&["wrong-host.example"]),
        ForASubdomain => dns(&["www.localhost"]),
        ForALongerName => dns(&["localhost.example", "graph.microsoft.com.example"]),
        ForAllOfCom => dns(&["*.com"]),
        ForAnAddress => vec![address()],
        ForNamesOnly => names(),
        WithoutNames | NameInSubjectOnly => vec![],
        _ => names().into_iter().chain([address()]).collect(),
    };
    if shown == NameInSubjectOnly {
        params.distinguished_name.push(DnType::CommonName, "localhost");
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = match shown {
        ForClients => vec![ExtendedKeyUsagePurpose::ClientAuth],
        _ => vec![ExtendedKeyUsagePurpose::ServerAuth],
    };
    if shown == AnAuthority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    if shown == WithACriticalUnknown {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    }
    match shown {
        Expired => of_year(2020, params),
        NotYetValid => of_year(2090, params),
        _ => params,
    }
}

fn authority(name: &str, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn of_year(year: i32, mut params: CertificateParams) -> CertificateParams {
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year, 12, 31);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("ring makes P-256 keys")
}
