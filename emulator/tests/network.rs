//! What is between a client and the service: proxies, TLS, and their faults.

mod client;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use autopilot_emulator::{
    Certificate, Clock, Config, Emulator, Network, ProxyFault, TlsFault, TlsVersions, Via,
};
use client::*;
use tokio_rustls::rustls::version;

/// Long enough for an unwanted byte to arrive. On a slow machine the test notices less, but never fails.
const A_MOMENT: Duration = Duration::from_millis(50);

fn with(network: Network) -> Emulator {
    Emulator::start(Config { network, ..Config::default() })
}

fn secured() -> Emulator {
    with(Network { proxy_credentials: Some(("me".to_owned(), "p@ss".to_owned())), ..Network::default() })
}

#[test]
fn the_proxy_leads_to_all_clouds_and_nowhere_else() {
    let emulator = Emulator::start(Config { hosts: vec!["other.example".to_owned()], ..Config::default() });
    for host in autopilot_emulator::CLOUD_HOSTS.into_iter().chain(["other.example", "localhost"]) {
        let mut tcp = tcp(emulator.proxy_port());
        assert_eq!(connect(&mut tcp, host, "").expect("answered").status, 200, "{host}");
        let mut tls = handshake(&emulator, tcp, host).expect("the certificate is for it");
        assert_eq!(get(&mut tls).status, 200);
        assert_eq!(emulator.requests().last().expect("recorded").host, host);
    }
    let mut tcp = tcp(emulator.proxy_port());
    assert_eq!(connect(&mut tcp, "elsewhere.example", "X-Mine: 1\r\n").expect("answered").status, 403);
    let connect = emulator.connects().pop().expect("recorded");
    assert_eq!((connect.via, connect.target.as_str()), (Via::Proxy, "elsewhere.example:443"));
    assert!(connect.headers.contains(&("X-Mine".to_owned(), "1".to_owned())));
    let counts = emulator.counts();
    assert_eq!((counts.connects, counts.tunnels, counts.handshakes), (7, 6, 6));
}

#[test]
fn a_request_past_the_tunnel_is_refused() {
    let emulator = Emulator::start(Config::default());
    let mut tcp = tcp(emulator.proxy_port());
    send(&mut tcp, "GET http://graph.microsoft.com/ HTTP/1.1\r\n\r\n");
    let answer = read_answer(&mut tcp).expect("answered");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("CONNECT")));
}

#[test]
fn the_proxy_serves_its_own_pages_without_credentials() {
    let emulator = secured();
    let page = |path: &str, content_type: &str| {
        let mut tcp = tcp(emulator.proxy_port());
        send(&mut tcp, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
        let answer = read_answer(&mut tcp).expect("answered");
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(content_type)), "{path}");
        answer.body
    };
    let revoked = page("/ca.crl", "application/pkix-crl");
    assert_eq!(revoked.first(), Some(&0x30), "an ASN.1 sequence");
    assert_eq!(page("/ca.pem", "application/x-pem-file"), emulator.ca_pem().as_bytes());
    let health: serde_json::Value =
        serde_json::from_slice(&page("/health", "application/json")).expect("JSON");
    assert_eq!((&health["status"], &health["version"]), (&"ok".into(), &env!("CARGO_PKG_VERSION").into()));
    assert_eq!(emulator.counts().connects, 0);
}

#[test]
fn what_listens_everywhere_is_reached_on_this_machine() {
    let everywhere = Some("0.0.0.0:0".parse().expect("an address"));
    let emulator = Emulator::start(Config { proxy: everywhere, control: everywhere, ..Config::default() });
    let port = emulator.proxy_port();
    assert_eq!(emulator.env()[0].1, format!("http://127.0.0.1:{port}"));
    assert!(emulator.control_url().expect("it was asked for").starts_with("http://127.0.0.1:"));
    assert_eq!(connect(&mut tcp(port), HOST, "").expect("answered").status, 200);
}

#[test]
fn the_proxy_demands_credentials() {
    let emulator = secured();
    let mut first = tcp(emulator.proxy_port());
    let refused = connect(&mut first, HOST, "").expect("answered");
    assert_eq!(
        (refused.status, refused.header("proxy-authenticate")),
        (407, Some("Basic realm=\"emulator\""))
    );
    let mut second = tcp(emulator.proxy_port());
    let header = "Proxy-Authorization: Basic bWU6cEBzcw==\r\n";
    assert_eq!(connect(&mut second, HOST, header).expect("answered").status, 200);
    assert_eq!(emulator.env()[0].1, format!("http://me:p%40ss@127.0.0.1:{}", emulator.proxy_port()));
}

#[test]
fn the_proxy_over_tls() {
    let emulator = Emulator::start(Config::default());
    let tcp = tcp(port(&emulator.tls_proxy_url()));
    let mut outer = handshake(&emulator, tcp, "localhost").expect("TLS to the proxy");
    assert_eq!(connect(&mut outer, HOST, "").expect("answered").status, 200);
    let mut inner = handshake(&emulator, outer, HOST).expect("TLS in the tunnel");
    assert_eq!(post(&mut inner).status, 204);
    assert_eq!(emulator.requests()[0].via, Via::TlsProxy);
    assert_eq!(emulator.counts().handshakes, 1);
}

#[test]
fn the_service_without_a_proxy() {
    let emulator = Emulator::start(Config::default());
    let tcp = tcp(port(&emulator.direct_url()));
    let mut tls = handshake(&emulator, tcp, "localhost").expect("TLS");
    let context = get(&mut tls).json()["@odata.context"].as_str().expect("text").to_owned();
    assert!(context.starts_with(&format!("{}/beta/$metadata", emulator.direct_url())), "{context}");
    assert_eq!((emulator.requests()[0].via, emulator.connects().len()), (Via::Direct, 0));
}

#[test]
fn the_address_without_a_proxy_can_be_chosen() {
    for (address, host) in [("127.0.0.2:0", "127.0.0.2"), ("[::1]:0", "[::1]"), ("0.0.0.0:0", "localhost")] {
        let direct = Some(address.parse().expect("an address"));
        let emulator = Emulator::start(Config { direct, ..Config::default() });
        let url = emulator.direct_url();
        let (_, place) = url.split_once("https://").expect("https");
        assert_eq!(place.rsplit_once(':').map(|(host, _)| host), Some(host));
        let tcp = TcpStream::connect(place).expect("it listens there");
        let name = host.trim_matches(['[', ']']);
        let mut tls = handshake(&emulator, tcp, name).expect("the certificate is for it");
        assert_eq!(get(&mut tls).status, 200);
        assert_eq!(emulator.requests()[0].host, place);
    }
    let first = Emulator::start(Config::default());
    let port = port(&first.direct_url());
    let second = Config { direct: Some(([127, 0, 0, 1], port).into()), ..Config::default() };
    assert!(Emulator::try_start(second).is_err(), "the port is taken");
}

/// Asks a SOCKS5 proxy for a tunnel, and returns its answers.
fn socks(stream: &mut (impl Read + Write), host: &str, credentials: Option<(&str, &str)>) -> Vec<u8> {
    let mut answers = Vec::new();
    let mut ask = |stream: &mut dyn ReadWrite, bytes: &[u8], length: usize| {
        stream.write_all(bytes).expect("sent");
        let mut answer = vec![0; length];
        if stream.read_exact(&mut answer).is_ok() {
            answers.extend(answer);
        }
    };
    match credentials {
        None => ask(stream, &[5, 1, 0], 2),
        Some((user, password)) => {
            ask(stream, &[5, 2, 0, 2], 2);
            let parts =
                [&[1, user.len() as u8], user.as_bytes(), &[password.len() as u8], password.as_bytes()];
            ask(stream, &parts.concat(), 2);
        }
    }
    let request = [&[5, 1, 0, 3, host.len() as u8], host.as_bytes(), &443_u16.to_be_bytes()].concat();
    ask(stream, &request, 10);
    answers
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn socks5_without_credentials() {
    let emulator = Emulator::start(Config::default());
    let mut stream = tcp(port(&emulator.socks_url()));
    assert_eq!(socks(&mut stream, HOST, None)[..4], [5, 0, 5, 0]);
    assert_eq!(get(&mut handshake(&emulator, stream, HOST).expect("TLS")).status, 200);
    assert_eq!(emulator.requests()[0].via, Via::Socks);
    let mut other = tcp(port(&emulator.socks_url()));
    assert_eq!(socks(&mut other, "elsewhere.example", None)[..4], [5, 0, 5, 2]);
    assert_eq!(emulator.connects()[1].target, "elsewhere.example:443");
}

#[test]
fn socks5_with_credentials() {
    let emulator = secured();
    let dial = || tcp(port(&emulator.socks_url()));
    assert_eq!(socks(&mut dial(), HOST, Some(("me", "p@ss")))[..6], [5, 2, 1, 0, 5, 0]);
    let mut refused = dial();
    refused.write_all(&[5, 1, 0]).expect("sent");
    assert_eq!(read_all(&mut refused).0, [5, 255]);
    let mut wrong = dial();
    wrong.write_all(&[5, 1, 2, 1, 2, b'm', b'e', 1, b'x']).expect("sent");
    assert_eq!(read_all(&mut wrong).0, [5, 2, 1, 1]);
}

#[test]
fn a_proxy_that_answers_with_a_status() {
    for status in [403, 407, 502] {
        let emulator = with(Network { proxy_fault: Some(ProxyFault::Status(status)), ..Network::default() });
        assert_eq!(connect(&mut tcp(emulator.proxy_port()), HOST, "").expect("answered").status, status);
    }
    let emulator = with(Network { proxy_fault: Some(ProxyFault::Status(502)), ..Network::default() });
    assert_eq!(socks(&mut tcp(port(&emulator.socks_url())), HOST, None)[..4], [5, 0, 5, 2]);
}

#[test]
fn a_proxy_that_closes_or_resets() {
    let emulator = with(Network { proxy_fault: Some(ProxyFault::Close), ..Network::default() });
    let error = connect(&mut tcp(emulator.proxy_port()), HOST, "").expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    emulator.network(|network| network.proxy_fault = Some(ProxyFault::Reset));
    let error = connect(&mut tcp(emulator.proxy_port()), HOST, "").expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_proxy_that_is_silent() {
    let emulator = with(Network { proxy_fault: Some(ProxyFault::Silent), ..Network::default() });
    let mut tcp = tcp(emulator.proxy_port());
    tcp.set_read_timeout(Some(A_MOMENT)).expect("it can be set");
    let error = connect(&mut tcp, HOST, "").expect_err("silent");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert!(emulator.wait(PATIENCE, |counts| counts.connects == 1 && counts.open == 1));
    drop(tcp);
    assert!(emulator.wait(PATIENCE, |counts| counts.open == 0), "the leaving is noticed");
}

#[test]
fn what_trickles_comes_byte_by_byte_and_never_ends() {
    let emulator = with(Network {
        proxy_fault: Some(ProxyFault::Trickle),
        trickle_pause: Duration::from_millis(1),
        ..Network::default()
    });
    let mut stream = tcp(emulator.proxy_port());
    send(&mut stream, "CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n");
    let mut bytes = [0; 100];
    stream.read_exact(&mut bytes).expect("it goes on");
    assert!(bytes.starts_with(b"HTTP/1.1 200 ") && bytes.ends_with(&[b' '; 20]));
    let mut stream = tcp(port(&emulator.socks_url()));
    let answers = socks(&mut stream, HOST, None);
    assert_eq!(answers, [5, 0, 5, 0, 0, 3, 255, b'a', b'a', b'a', b'a', b'a']);
}

#[test]
fn faults_are_counted() {
    let emulator = with(Network {
        proxy_fault: Some(ProxyFault::Status(502)),
        faulty_connections: Some(2),
        ..Network::default()
    });
    let status = || connect(&mut tcp(emulator.proxy_port()), HOST, "").expect("answered").status;
    assert_eq!([status(), status(), status()], [502, 502, 200]);
}

#[test]
fn tls_that_goes_wrong() {
    let emulator = Emulator::start(Config::default());
    let failed = |fault| {
        emulator.network(|network| network.tls_fault = Some(fault));
        let tcp = tcp(port(&emulator.direct_url()));
        tcp.set_read_timeout(Some(if fault == TlsFault::Silent { A_MOMENT } else { PATIENCE }))
            .expect("it can be set");
        handshake(&emulator, tcp, "localhost").expect_err("no handshake").kind()
    };
    assert_eq!(failed(TlsFault::Garbage), ErrorKind::InvalidData);
    assert_eq!(failed(TlsFault::Close), ErrorKind::UnexpectedEof);
    assert_eq!(failed(TlsFault::Reset), ErrorKind::ConnectionReset);
    assert!(matches!(failed(TlsFault::Silent), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert_eq!(emulator.counts().handshakes, 0);
}

#[test]
fn a_handshake_that_trickles() {
    let emulator = with(Network {
        tls_fault: Some(TlsFault::Trickle),
        trickle_pause: Duration::from_millis(1),
        ..Network::default()
    });
    let mut tcp = tcp(port(&emulator.direct_url()));
    let mut bytes = [0; 40];
    tcp.read_exact(&mut bytes).expect("it goes on");
    assert_eq!(bytes[..6], [22, 3, 3, 0x40, 0, 2]);
}

#[test]
fn certificates_that_nobody_should_accept() {
    let table = [
        (Certificate::UnknownAuthority, "UnknownIssuer"),
        (Certificate::SelfSigned, "UnknownIssuer"),
        (Certificate::Expired, "Expired"),
        (Certificate::NotYetValid, "NotValidYet"),
        (Certificate::WrongHost, "NotValidForName"),
    ];
    for (certificate, reason) in table {
        let emulator = with(Network { certificate, ..Network::default() });
        let tcp = tcp(port(&emulator.direct_url()));
        let error = format!("{:?}", handshake(&emulator, tcp, "localhost").expect_err("refused"));
        assert!(error.contains(reason) || error.contains("CaUsedAsEndEntity"), "{certificate:?}: {error}");
        assert!(emulator.wait(PATIENCE, |counts| counts.failed_handshakes == 1));
        emulator.network(|network| network.certificate = Certificate::Valid);
        assert_eq!(get(&mut dial(&emulator)).status, 200);
    }
}

#[test]
fn versions_of_tls() {
    let emulator = Emulator::start(Config::default());
    let works = |version| {
        let tcp = tcp(port(&emulator.direct_url()));
        handshake_with(&emulator, tcp, "localhost", &[version]).is_ok()
    };
    let set = |versions| emulator.network(|network| network.tls_versions = versions);
    assert!(works(&version::TLS12) && works(&version::TLS13));
    set(TlsVersions::Only12);
    assert!(works(&version::TLS12) && !works(&version::TLS13));
    set(TlsVersions::Only13);
    assert!(!works(&version::TLS12) && works(&version::TLS13));
}

#[test]
fn connections_can_be_ended() {
    let emulator = Emulator::start(Config::default());
    let mut tls = dial(&emulator);
    assert_eq!(get(&mut tls).status, 200);
    emulator.close_connections();
    assert!(emulator.wait(PATIENCE, |counts| counts.open == 0));
    assert_eq!(read_all(&mut tls).1, Some(ErrorKind::UnexpectedEof));
    assert_eq!(get(&mut dial(&emulator)).status, 200);
}

#[test]
fn idle_connections_are_closed_after_a_while() {
    let network = Network { idle_timeout: Some(Duration::from_secs(120)), ..Network::default() };
    let emulator = Emulator::start(Config { network, clock: Clock::manual(), ..Config::default() });
    let (mut used, mut left) = (dial(&emulator), dial(&emulator));
    assert_eq!(get(&mut left).status, 200);
    for _ in 0..2 {
        assert_eq!(get(&mut used).status, 200);
        emulator.advance(Duration::from_secs(119));
    }
    assert_eq!(read_all(&mut left), (vec![], None), "an orderly end");
    assert_eq!(get(&mut used).status, 200);
    emulator.advance(Duration::from_secs(120));
    assert_eq!(read_all(&mut used), (vec![], None));
    assert!(emulator.wait(PATIENCE, |counts| counts.open == 0));
}

#[test]
fn it_stops_when_dropped() {
    let emulator = Emulator::start(Config::default());
    let (port, file) = (emulator.proxy_port(), emulator.ca_file().to_owned());
    let mut tls = dial(&emulator);
    assert_eq!(std::fs::read_to_string(&file).expect("the CA file is there"), emulator.ca_pem());
    drop(emulator);
    assert!(read_all(&mut tls).1.is_some());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!file.exists());
}
