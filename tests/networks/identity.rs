//! The metadata service of a virtual machine: absent, silent, or asked although there is a proxy.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use autopilot_emulator::{Config, Emulator, Identities, Reply, Step};
use autopilot_sync::{Client, Credential, ErrorKind, Goal, Step as Next};

use crate::client::builder;
use crate::network::{Network, inside};
use crate::program::{Program, run};

const IMDS: &str = "169.254.169.254";
const TOKEN: &str = r#"{"access_token":"a.b.c","expires_in":"86400"}"#;

/// Without Azure's variables, which the tester's machine may have.
fn credential() -> Credential {
    let credential = Credential::managed_identity(None).unwrap();
    assert_eq!(
        credential.to_string(),
        format!("managed identity, from the instance metadata service at {IMDS}")
    );
    credential
}

/// A call with an hour's time: its end is no timeout.
fn is_known_to_have_none() {
    let client = builder().timeout(Duration::from_secs(3600)).unwrap().build().unwrap();
    let error = client.sync(&credential()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let text = format!("{error:#}");
    assert!(
        text.contains("no managed identity here: the instance metadata service at 169.254.169.254"),
        "{text}"
    );
    assert_eq!(error.detail().attempts().len(), 1, "no retry");
}

fn address(network: &Network) {
    network.ip(&format!("addr add {IMDS}/32 dev lo"));
}

#[test]
fn a_machine_outside_of_azure_has_no_route() {
    inside(|_| is_known_to_have_none());
}

#[test]
fn a_machine_outside_of_azure_has_a_black_hole() {
    inside(|network| {
        address(network);
        network.firewall(&[format!("ip daddr {IMDS} drop")]);
        is_known_to_have_none();
    });
}

/// Reads a request's head, and answers it.
fn serve(listener: &TcpListener, status: &str, header: &str, body: &str) -> Vec<String> {
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
    let head = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let length = body.len();
    let reply =
        format!("HTTP/1.1 {status}\r\n{header}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    (&stream).write_all(reply.as_bytes()).unwrap();
    head
}

/// The call goes on to Microsoft Graph, where nobody is.
fn refused_by_graph(client: Client, credential: &Credential) {
    let error = client.sync(credential).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("graph.microsoft.com"), "{error}");
}

#[test]
fn azure_arcs_agent_is_found_and_gets_its_key() {
    inside(|_| {
        for folder in ["/opt", "/var/opt"] {
            run(Program::Mount.command().args(["-t", "tmpfs", "tmpfs", folder]));
        }
        fs::create_dir_all("/opt/azcmagent/bin").unwrap();
        fs::write("/opt/azcmagent/bin/himds", "").unwrap();
        fs::create_dir_all("/var/opt/azcmagent/tokens").unwrap();
        fs::write("/var/opt/azcmagent/tokens/1.key", "the-key\n").unwrap();
        let agent = TcpListener::bind("127.0.0.1:40342").unwrap();
        let agent = thread::spawn(move || {
            let challenge = "WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/1.key\r\n";
            let first = serve(&agent, "401 Unauthorized", challenge, "");
            (first, serve(&agent, "200 OK", "", TOKEN))
        });
        let client = builder().max_retries(0).unwrap().build().unwrap();
        refused_by_graph(client, &Credential::managed_identity(None).unwrap());
        let (first, second) = agent.join().unwrap();
        assert!(first[0].contains("?api-version=2020-06-01&resource="), "{first:?}");
        assert!(!first.iter().any(|line| line.to_ascii_lowercase().starts_with("authorization")));
        assert!(
            second.iter().any(|line| line.eq_ignore_ascii_case("Authorization: Basic the-key")),
            "{second:?}"
        );
    });
}

#[test]
fn no_proxy_sees_the_request_for_a_token() {
    inside(|network| {
        address(network);
        let listener = TcpListener::bind((IMDS, 80)).unwrap();
        let service = thread::spawn(move || serve(&listener, "200 OK", "", TOKEN));
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = proxy.local_addr().unwrap().to_string();
        let client = builder().proxy(&address).unwrap().max_retries(0).unwrap().build().unwrap();
        let call = thread::spawn(move || client.sync(&credential()));
        let (stream, _) = proxy.accept().unwrap();
        let first = BufReader::new(&stream).lines().next().unwrap().unwrap();
        assert_eq!(first, "CONNECT graph.microsoft.com:443 HTTP/1.1");
        drop((stream, proxy));
        assert!(call.join().unwrap().is_err());
        let head = service.join().unwrap();
        let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com";
        assert_eq!(head[0], format!("GET {path} HTTP/1.1"));
        assert!(head.iter().any(|line| line.eq_ignore_ascii_case("Metadata: true")), "{head:?}");
    });
}

/// A virtual machine of Azure's, with Microsoft Graph behind a proxy, and a client that makes no retries.
fn virtual_machine(network: &Network) -> (Emulator, Client) {
    address(network);
    let identity_address = (Ipv4Addr::new(169, 254, 169, 254), 80).into();
    let identities = Identities { identity_address, ..Identities::default() };
    let emulator = Emulator::start(Config { identities, ..Config::default() });
    let builder = builder().ca_file(emulator.ca_file()).unwrap().proxy(&emulator.proxy_url()).unwrap();
    (emulator, builder.max_retries(0).unwrap().build().unwrap())
}

#[test]
fn a_platform_that_starts_is_asked_again_whatever_the_number_of_retries() {
    inside(|network| {
        let (emulator, client) = virtual_machine(network);
        emulator.script([Step::error(410).times(2).on("IDENTITY")]);
        client.settings(&credential()).unwrap();
        let statuses = emulator.requests().into_iter().map(|request| request.reply.unwrap().status);
        assert_eq!(statuses.collect::<Vec<_>>(), [410, 410, 200, 200]);
        for status in [404, 410, 429, 500] {
            emulator.script([Step::reply(Reply::new(status).header("Retry-After", "7")).on("IDENTITY")]);
            let mut wait = client.wait(&credential(), Goal::Settings, Duration::from_secs(60)).unwrap();
            let (before, pause) = (Instant::now(), Duration::from_secs(7));
            let next = wait.step();
            let Next::Pause(until) = next else { panic!("{status}: {next:?}") };
            assert!((before + pause..=Instant::now() + pause).contains(&until), "{status}");
        }
    });
}

#[test]
fn a_platform_that_refuses_is_asked_once() {
    inside(|network| {
        let (emulator, client) = virtual_machine(network);
        for status in [400, 401, 403] {
            emulator.clear_requests();
            emulator.script([Step::error(status).on("IDENTITY")]);
            let error = client.settings(&credential()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
            assert_eq!(emulator.requests().len(), 1, "{status}");
        }
    });
}
