//! The story of a call, from real sockets: what it tells, in which order, and what it never tells.

use std::ops::ControlFlow;
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, Certificate, Clock, Config, Emulator, Fault, Network, ProxyFault, Reply, Step, Token,
};
use autopilot_sync::{Client, ClientBuilder, Detail, Error, ErrorKind, Goal, SyncOutcome, Topic};

const TOKEN: &str = "eyJ0eXAi0123456789.eyJhdWQi0123456789.c2lnbmF0dXJl0123456789";
const PASSWORD: &str = "a-hidden-password";

fn emulator() -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), ..Config::default() })
}

fn builder(emulator: &Emulator, proxy: &str) -> ClientBuilder {
    let builder = Client::builder().ignore_environment().proxy(proxy).unwrap();
    builder.ca_file(emulator.ca_file()).unwrap()
}

/// The proxy by a name that must be looked up.
fn by_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost").replace("://", &format!("://a-user:{PASSWORD}@"))
}

fn detail(result: &Result<SyncOutcome, Error>) -> &Detail {
    result.as_ref().map_or_else(Error::detail, SyncOutcome::detail)
}

/// The topics, each once where it repeats. Each line has the documented form, and the times do not go back.
fn topics(detail: &Detail) -> Vec<String> {
    let text = detail.trace().to_string();
    let (mut last, mut topics) = (0, Vec::new());
    for line in text.lines() {
        let (ms, rest) = line.split_once(" ms ").unwrap_or_else(|| panic!("{line}"));
        let (topic, words) = rest.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        let ms: u64 = ms.parse().unwrap();
        assert!(ms >= last && !words.is_empty(), "{text}");
        last = ms;
        topics.push(topic.to_owned());
    }
    let of_events: Vec<_> = detail.trace().events().iter().map(|event| event.topic().to_string()).collect();
    assert_eq!(topics, of_events);
    topics.dedup();
    topics
}

/// The texts of the events about a topic.
fn texts(detail: &Detail, topic: Topic) -> Vec<String> {
    let events = detail.trace().events().iter().filter(|event| event.topic() == topic);
    events.map(|event| event.text()).collect()
}

fn assert_no_secret(shown: &str) {
    for secret in TOKEN.split('.').chain([PASSWORD, "a-user"]) {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn a_cold_call_through_a_proxy_tells_every_step_in_order_and_no_secret() {
    const TUNNELED: [&str; 9] =
        ["proxy", "look-up", "connect", "tunnel", "trust", "tls", "certificate", "request", "reply"];
    let with_tls = [&TUNNELED[..3], &["trust", "tls", "certificate"], &TUNNELED[3..]].concat();
    let emulator = emulator();
    let credentials = Some(("a-user".to_owned(), PASSWORD.to_owned()));
    emulator.network(|network| network.proxy_credentials = credentials);
    for (proxy, expected) in [
        (emulator.proxy_url(), TUNNELED.to_vec()),
        (emulator.tls_proxy_url(), with_tls),
        (emulator.socks_url().replace("socks5:", "socks5h:"), TUNNELED.to_vec()),
    ] {
        let client = builder(&emulator, &by_name(&proxy)).build().unwrap();
        let outcome = client.settings_of(TOKEN);
        let detail = outcome.detail();
        assert_eq!(topics(detail), expected, "{}", detail.trace());
        assert_no_secret(&format!("{outcome:?} {} {client}", detail.trace()));
        let port = proxy.rsplit(':').next().unwrap();
        let said = |topic, words: &str| {
            let texts = texts(detail, topic);
            assert!(texts.iter().any(|text| text.contains(words)), "{words}: {texts:?}");
        };
        said(Topic::Proxy, &format!("://localhost:{port}, from the options"));
        said(Topic::LookUp, "the proxy's name localhost");
        said(Topic::Connect, &format!(":{port} answers"));
        said(Topic::Tunnel, "to graph.microsoft.com:443");
        said(Topic::Tunnel, "the proxy has opened it");
        said(Topic::Trust, "the CA file (1 certificate, ");
        said(Topic::Tls, "TLS 1.3, TLS13_");
        said(Topic::Certificate, ", issued by ");
        let request = &emulator.requests().pop().unwrap();
        let id = request.header("client-request-id").unwrap();
        said(
            Topic::Request,
            &format!("GET /beta/deviceManagement/windowsAutopilotSettings (client-request-id {id})"),
        );
        said(Topic::Reply, &format!("HTTP 200 (request-id {})", detail.attempts()[0].request_id().unwrap()));
        assert_eq!(topics(client.settings_of(TOKEN).detail()), ["request", "reply"], "a warm call");
    }
}

/// The outcome of a reading, with its detail.
trait SettingsOf {
    fn settings_of(&self, token: &str) -> SyncOutcome;
}

impl SettingsOf for Client {
    fn settings_of(&self, token: &str) -> SyncOutcome {
        let mut wait = self.wait(token, Goal::Settings, Duration::from_secs(60)).unwrap();
        match wait.step() {
            autopilot_sync::Step::Done(result) => result.unwrap(),
            step => panic!("{step:?}"),
        }
    }
}

#[test]
fn a_call_that_fails_tells_where() {
    let certificate = Network { certificate: Certificate::UnknownAuthority, ..Network::default() };
    let refused = Network { proxy_fault: Some(ProxyFault::Status(403)), ..Network::default() };
    for (network, step, topic, last, words) in [
        (certificate, None, Topic::Certificate, "request", "; it is refused"),
        (refused, None, Topic::Tunnel, "request", "HTTP 403: the proxy does not allow this connection"),
        (
            Network::default(),
            Some(Step::fault(Fault::Close)),
            Topic::Reply,
            "reply",
            "none: connection lost: graph.microsoft.com:443 through the proxy http://localhost:",
        ),
    ] {
        let emulator = emulator();
        emulator.network(|own| *own = network);
        emulator.script(step);
        let client = builder(&emulator, &by_name(&emulator.proxy_url())).max_retries(0).unwrap().build();
        let result = client.unwrap().sync(TOKEN);
        let found = detail(&result);
        assert_eq!(topics(found).last().unwrap(), last, "{}", found.trace());
        assert!(texts(found, topic).iter().any(|text| text.contains(words)), "{words}: {}", found.trace());
        let line = format!("{:#}", result.as_ref().unwrap_err());
        assert_eq!(found.attempts()[0].reason(), Some(&*line));
        assert!(found.trace().events().last().unwrap().text().ends_with(&line), "{}", found.trace());
        assert_no_secret(&format!("{result:?} {}", found.trace()));
    }
}

#[test]
fn an_echoed_token_is_not_in_the_trace() {
    let emulator = emulator();
    let client = builder(&emulator, &by_name(&emulator.proxy_url())).max_retries(1).unwrap().build().unwrap();
    let now = |status: u16| Step::reply(Reply::new(status).header("Retry-After", "1"));
    emulator.script([now(503), Step::echo(401)]);
    let result = client.sync(TOKEN);
    let found = detail(&result);
    let pauses = texts(found, Topic::Retry);
    assert_eq!(pauses, ["in 1.0 s: refused by the service: HTTP 503"], "{pauses:?}");
    assert!(found.trace().to_string().contains("[token]"), "{}", found.trace());
    assert_no_secret(&format!("{result:?} {}", found.trace()));
    let reasons: Vec<_> = found.attempts().iter().map(|attempt| attempt.reason().unwrap()).collect();
    assert!(reasons[0].contains("HTTP 503") && reasons[1].contains("HTTP 401"), "{reasons:?}");
}

#[test]
fn a_wait_tells_its_readings_its_tokens_and_why_it_repeats_a_request() {
    let behaviour = Behaviour { duration: Duration::from_secs(1), ..Behaviour::default() };
    let emulator = Emulator::start(Config { behaviour, ..Config::default() });
    emulator.set_token("old-token-0123456789", Token::new(Access::Expired));
    emulator.script([Step::error(500).on("GET")]);
    let client = builder(&emulator, &emulator.proxy_url()).build().unwrap();
    let outcome = client.sync_and_wait("old-token-0123456789", Duration::from_secs(600), |progress| {
        if progress.phase() == autopilot_sync::Phase::TokenRejected {
            progress.set_token(TOKEN).unwrap();
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.unwrap();
    let found = outcome.detail();
    topics(found);
    assert_eq!(texts(found, Topic::Token), ["the service refuses it", "the caller has handed in a new one"]);
    let readings = texts(found, Topic::Reading);
    assert!(readings.first().unwrap().starts_with("completed, last sync 20"), "{readings:?}");
    assert!(readings.last().unwrap().starts_with("completed, last sync 20"), "{readings:?}");
    let pauses = texts(found, Topic::Retry);
    assert!(pauses.len() == 1 && pauses[0].contains(" s: refused by the service: HTTP 500"), "{pauses:?}");
    let reasons: Vec<_> = found.attempts().iter().map(|attempt| attempt.reason().is_some()).collect();
    assert_eq!(reasons[..2], [true, true]);
    assert!(!reasons[2..].contains(&true), "{}", found.trace());
}

#[test]
fn a_pause_for_the_window_is_told_once() {
    let behaviour = "--last-sync 1m".parse().unwrap();
    let emulator = Emulator::start(Config { behaviour, ..Config::default() });
    let client = builder(&emulator, &emulator.proxy_url()).build().unwrap();
    let mut calls = 0;
    let outcome = client.sync_and_wait(TOKEN, Duration::from_secs(3600), |_| {
        calls += 1;
        if calls > 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let pauses = texts(outcome.unwrap().detail(), Topic::Retry);
    assert!(pauses.len() == 1 && pauses[0].ends_with("the service accepts no trigger before"), "{pauses:?}");
}

/// The error names the host, the port, the address, and whose name is not known.
#[test]
fn an_error_says_where_it_could_not_connect() {
    let told = |builder: ClientBuilder| {
        let builder = builder.max_retries(0).unwrap().timeout(Duration::from_secs(60)).unwrap();
        let error = builder.build().unwrap().sync(TOKEN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:#}");
        format!("{error:#}")
    };
    let alone = || Client::builder().ignore_environment().no_proxy();
    let closed = std::net::SocketAddr::from(([127, 0, 0, 1], 1)); // no program is given this port
    let line = told(alone().proxy(&format!("http://127.0.0.1:{}", closed.port())).unwrap());
    let begin = format!("cannot connect: graph.microsoft.com:443 through the proxy http://{closed}: ");
    assert!(line.starts_with(&begin), "{line}");
    let line = told(alone().proxy(&format!("http://localhost:{}", closed.port())).unwrap());
    let begin = format!(
        "cannot connect: graph.microsoft.com:443 through the proxy http://localhost:{}",
        closed.port()
    );
    assert!(
        line.starts_with(&format!("{begin} at ")) && line.contains(&format!(":{}: ", closed.port())),
        "{line}"
    );
    let line = told(alone().base_url(&format!("https://{closed}")).unwrap());
    assert!(line.starts_with(&format!("cannot connect: {closed}: ")), "{line}");
    for (builder, words) in [
        (
            alone().base_url("https://nobody.invalid").unwrap(),
            "cannot connect: nobody.invalid:443: the service's name nobody.invalid is not known",
        ),
        (
            alone().proxy("http://nobody.invalid:3128").unwrap(),
            "cannot connect: graph.microsoft.com:443 through the proxy http://nobody.invalid:3128: the proxy's name \
             nobody.invalid is not known",
        ),
    ] {
        let line = told(builder);
        let is_told = line == words || line.contains("'s name nobody.invalid failed: "); // without a name server
        assert!(is_told, "{line}");
    }
}

#[test]
fn a_timeout_says_how_long_was_waited_and_for_what() {
    let told = |network: Network, step: Option<Step>| {
        let emulator = emulator();
        emulator.network(|own| *own = network);
        emulator.script(step);
        let builder = builder(&emulator, &emulator.proxy_url()).max_retries(0).unwrap();
        let error =
            builder.timeout(Duration::from_secs(2)).unwrap().build().unwrap().sync(TOKEN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
        let line = format!("{error:#}").replace(&emulator.proxy_url(), "PROXY");
        let (before, after) = line.split_once(" after ").unwrap_or_else(|| panic!("{line}"));
        let (waited, step) = after.split_once(" s").unwrap();
        assert!(waited.parse::<f64>().unwrap() >= 2.0, "{line}");
        (before.to_owned(), step.to_owned())
    };
    const PLACE: &str = "graph.microsoft.com:443 through the proxy PROXY";
    let silent = Network { proxy_fault: Some(ProxyFault::Silent), ..Network::default() };
    assert_eq!(
        told(silent, None),
        (format!("timed out: no connection to {PLACE}"), ", while waiting for the proxy's answer".to_owned())
    );
    let hanging = told(Network::default(), Some(Step::fault(Fault::Hang)));
    assert_eq!(hanging, (format!("timed out: no complete reply from {PLACE}"), String::new()));
}

#[test]
fn a_client_describes_itself_without_a_password() {
    let emulator = emulator();
    let proxy = by_name(&emulator.proxy_url());
    let builder = builder(&emulator, &proxy).timeout(Duration::from_millis(1500)).unwrap();
    let client =
        builder.connect_timeout(Duration::from_secs(1)).unwrap().max_retries(7).unwrap().build().unwrap();
    assert_eq!(
        client.to_string(),
        format!(
            "autopilot-sync {}; https://graph.microsoft.com; proxy: http://localhost:{}, from the options; trust: the \
             CA file (1 certificate, {}); timeout: 1.5s; connect timeout: 1s; retries: 7",
            env!("CARGO_PKG_VERSION"),
            emulator.proxy_port(),
            emulator.ca_file().display(),
        )
    );
}
