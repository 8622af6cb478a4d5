//! A client without an HTTP library, so that tests see every byte.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use autopilot_emulator::{Emulator, SETTINGS_PATH, SYNC_PATH};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto, version};

/// Longer than anything takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const HOST: &str = "graph.microsoft.com";

pub(crate) type Tls<S = TcpStream> = StreamOwned<ClientConnection, S>;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

pub(crate) fn tcp(port: u16) -> TcpStream {
    let tcp = TcpStream::connect(("127.0.0.1", port)).expect("the emulator listens");
    tcp.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    tcp
}

pub(crate) fn port(url: &str) -> u16 {
    url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the URL ends in a port")
}

/// The reply to a CONNECT.
pub(crate) fn connect(stream: &mut (impl Read + Write), host: &str, headers: &str) -> io::Result<Answer> {
    write!(stream, "CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{headers}\r\n")?;
    read_answer(stream)
}

/// Makes a TLS handshake.
pub(crate) fn handshake<S: Read + Write>(emulator: &Emulator, stream: S, host: &str) -> io::Result<Tls<S>> {
    handshake_with(emulator, stream, host, &[&version::TLS12, &version::TLS13])
}

pub(crate) fn handshake_with<S: Read + Write>(
    emulator: &Emulator,
    mut stream: S,
    host: &str,
    versions: &[&'static tokio_rustls::rustls::SupportedProtocolVersion],
) -> io::Result<Tls<S>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(emulator.ca_pem().as_bytes()).expect("PEM")).expect("a CA");
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("known versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).expect("a host name");
    let mut connection = ClientConnection::new(Arc::new(config), name).expect("a sound configuration");
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// A connection to the service, through the proxy.
pub(crate) fn dial(emulator: &Emulator) -> Tls {
    dial_to(emulator, HOST)
}

/// A connection to a host, through the proxy.
pub(crate) fn dial_to(emulator: &Emulator, host: &str) -> Tls {
    let mut tcp = tcp(emulator.proxy_port());
    assert_eq!(connect(&mut tcp, host, "").expect("the proxy answers").status, 200);
    handshake(emulator, tcp, host).expect("TLS works")
}

pub(crate) fn send(stream: &mut impl Write, request: &str) {
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).expect("the request goes out");
}

pub(crate) fn get_text(token: &str) -> String {
    format!(
        "GET {SETTINGS_PATH} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
}

pub(crate) fn post_text(token: &str) -> String {
    format!(
        "POST {SYNC_PATH} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
    )
}

pub(crate) fn get(stream: &mut (impl Read + Write)) -> Answer {
    send(stream, &get_text("token"));
    read_answer(stream).expect("a reply")
}

pub(crate) fn post(stream: &mut (impl Read + Write)) -> Answer {
    send(stream, &post_text("token"));
    read_answer(stream).expect("a reply")
}

/// Reads one reply, with a body of the announced length.
pub(crate) fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let head = read_head(stream)?;
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
    let status = first.nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let reason = first.next().unwrap_or_default().to_owned();
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let mut answer = Answer { status, reason, headers: lines.filter_map(header).collect(), body: Vec::new() };
    let length = answer.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    answer.body.resize(length, 0);
    stream.read_exact(&mut answer.body)?;
    Ok(answer)
}

pub(crate) fn read_head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Everything until the end, and the error of the end.
pub(crate) fn read_all(stream: &mut impl Read) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, error)
}
