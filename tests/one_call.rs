//! The one call, in Rust, over real TLS and a real proxy, against the emulator.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use autopilot_emulator::{
    Access, Certificate, Clock, Config, Emulator, ErrorForm, Fault, Network, ProxyFault, Reply, Step,
    TlsFault, TlsVersions, Token,
};
use autopilot_sync::{Answer, Client, ClientBuilder, Error, ErrorKind, SyncOutcome, Trigger};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

const TOKEN: &str = "eyJ0eXAi0123456789.eyJhdWQi0123456789.c2lnbmF0dXJl0123456789";

fn emulator() -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), ..Config::default() })
}

/// Options that lead to an emulator, like its two variables.
fn builder(emulator: &Emulator) -> ClientBuilder {
    let builder = Client::builder().ignore_environment();
    builder.proxy(&emulator.proxy_url()).unwrap().ca_file(emulator.ca_file()).unwrap()
}

fn client(emulator: &Emulator) -> Client {
    builder(emulator).build().unwrap()
}

/// A client without retries. Its timeout is short if a time-out is expected; otherwise long enough for a slow machine.
fn client_expecting(expected: &str, emulator: &Emulator) -> Client {
    let seconds = match expected {
        "Timeout NotSent" => 1,
        "Timeout MayHaveRun" => 5, // it must have been sent by then
        _ => 60,
    };
    let builder = builder(emulator).max_retries(0).unwrap().timeout(Duration::from_secs(seconds)).unwrap();
    builder.connect_timeout(Duration::from_secs(60)).unwrap().build().unwrap()
}

/// The result of a call on one line: the answer or error, what became of the trigger, the HTTP status.
fn summary(result: &Result<SyncOutcome, Error>) -> String {
    let (end, detail) = match result {
        Ok(outcome) => (format!("{:?}", outcome.answer()), outcome.detail()),
        Err(error) => (format!("{:?}", error.kind()), error.detail()),
    };
    match detail.http_status() {
        Some(status) => format!("{end} {:?} {status}", detail.trigger()),
        None => format!("{end} {:?}", detail.trigger()),
    }
}

/// Everything that the library can print about a result.
fn everything(result: &Result<SyncOutcome, Error>) -> String {
    match result {
        Ok(outcome) => format!("{outcome:?}"),
        Err(error) => {
            let source = std::error::Error::source(error).map(ToString::to_string);
            format!("{error} {error:#} {error:?} {source:?} {:?}", error.detail())
        }
    }
}

#[test]
fn an_error_of_the_system_is_the_source() {
    let emulator = emulator();
    emulator.script([Step::fault(Fault::Close), Step::fault(Fault::Reset)]);
    let unused = "127.0.0.1:1"; // no program is given this port
    let through = |proxy: &str| builder(&emulator).proxy(proxy).unwrap();
    let at = |url: &str| builder(&emulator).no_proxy().base_url(url).unwrap();
    let trusting = |file: &str| builder(&emulator).ca_file(file).unwrap();
    for (builder, expected) in [
        (through(&format!("http://{unused}")), io::ErrorKind::ConnectionRefused),
        (at(&format!("https://{unused}")), io::ErrorKind::ConnectionRefused),
        (builder(&emulator), io::ErrorKind::UnexpectedEof),
        #[cfg(not(windows))] // a read that begins after the reset finds the end of the stream under Wine
        (builder(&emulator), io::ErrorKind::ConnectionReset),
        (trusting("/nowhere.pem"), io::ErrorKind::NotFound),
    ] {
        let result = builder.max_retries(0).unwrap().build().and_then(|client| client.sync(TOKEN));
        let error = result.unwrap_err();
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let source = source.unwrap_or_else(|| panic!("{error:#?}"));
        assert_eq!(source.kind(), expected, "{error:#?}");
        assert_eq!(format!("{error:#}"), format!("{error}: {source}"));
    }
}

#[test]
fn accepted_then_running_then_too_soon() {
    let emulator = emulator();
    let client = client(&emulator);
    let outcome = client.sync(TOKEN).unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::Accepted, Trigger::Accepted));
    emulator.advance(Duration::from_secs(2));
    let outcome = client.sync(TOKEN).unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::AlreadyRunning, Trigger::Refused));
    emulator.advance(Duration::from_secs(60));
    let outcome = client.sync(TOKEN).unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::TooSoon, Trigger::Refused));
    emulator.advance(Duration::from_secs(600));
    assert_eq!(client.sync(TOKEN).unwrap().answer(), Answer::Accepted);
}

/// Too soon after a sync a minute ago; what the call says, and the requests that it made.
fn too_soon(
    change: fn(ClientBuilder) -> ClientBuilder,
    behaviour: &str,
    access: Access,
    steps: Vec<Step>,
) -> (SyncOutcome, String) {
    let behaviour = format!("--last-sync 1m {behaviour}").parse().unwrap();
    let config = Config { behaviour, other_tokens: access, clock: Clock::manual(), ..Config::default() };
    let emulator = Emulator::start(config);
    emulator.script(steps);
    let outcome = change(builder(&emulator)).build().unwrap().sync(TOKEN).unwrap();
    let requests = emulator.requests();
    assert_eq!(outcome.detail().attempts().len(), requests.len(), "{outcome:?}");
    let methods = requests.iter().map(|request| &request.method[..1]).collect();
    let detail = outcome.detail();
    assert_eq!((detail.trigger(), detail.http_status()), (Trigger::Refused, Some(429)));
    assert!(detail.message().is_some_and(|message| message.contains("the last 10 minutes")), "{detail:?}");
    (outcome, methods)
}

#[test]
fn too_soon_says_when_the_next_sync_is_possible() {
    let same: fn(ClientBuilder) -> ClientBuilder = |builder| builder;
    let by_times = "too soon: the next sync is possible in 9 min 10 s, at 08:09:10 UTC";
    let by_header = "too soon: the next sync is possible in 9 min 0 s, at 08:09:00 UTC";
    let unknown = "too soon after the last sync";
    for (change, behaviour, methods, expected) in [
        (same, "", "PG", by_times),
        (
            same,
            "--last-trigger 10s",
            "PG",
            "too soon: the next sync is possible in 10 min 0 s, at 08:10:00 UTC",
        ),
        (same, "--retry-after zero", "PG", by_times),
        (same, "--retry-after garbage", "PG", by_times),
        (same, "--retry-after seconds", "P", by_header),
        (same, "--retry-after date", "P", by_header),
        (ClientBuilder::trigger_only, "", "P", unknown),
    ] {
        let (outcome, made) = too_soon(change, behaviour, Access::Full, vec![]);
        assert_eq!((outcome.to_string().as_str(), made.as_str()), (expected, methods), "{behaviour}");
        assert_eq!(outcome.detail().settings().is_some(), methods == "PG", "{behaviour}");
        assert_eq!(outcome.detail().why_unknown(), None, "{behaviour}");
    }
}

#[test]
fn too_soon_stays_the_answer_if_the_settings_cannot_be_read() {
    let reading = |step: Step| step.on("GET");
    for (access, step, words) in [
        (Access::TriggerOnly, None, "forbidden: HTTP 403"),
        (Access::Full, Some(Step::error(500)), "HTTP 500"),
        (Access::Full, Some(Step::reply(Reply::new(503).html())), "HTTP 503"),
        (Access::Full, Some(Step::fault(Fault::Close)), "connection lost"),
        (Access::Full, Some(Step::fault(Fault::Hang)), "timed out"),
    ] {
        let little_time = |builder: ClientBuilder| builder.timeout(Duration::from_secs(5)).unwrap();
        let (outcome, methods) = too_soon(little_time, "", access, step.map(reading).into_iter().collect());
        assert_eq!((outcome.answer(), methods.as_str()), (Answer::TooSoon, "PG"), "{words}");
        let detail = outcome.detail();
        let why = detail.why_unknown().unwrap();
        assert!(why.starts_with("the settings cannot be read, ") && why.contains(words), "{why}");
        assert_eq!(
            outcome.to_string(),
            format!("too soon after the last sync; the time of the next is unknown: {why}")
        );
        assert!(
            !why.contains('\n') && detail.retry_after().is_none() && detail.settings().is_none(),
            "{why}"
        );
    }
}

#[test]
fn too_soon_without_a_recent_sync_is_not_explained() {
    let emulator = emulator();
    emulator.script([Step::error(429)]);
    let outcome = client(&emulator).sync(TOKEN).unwrap();
    let detail = outcome.detail();
    assert_eq!((outcome.answer(), detail.retry_after()), (Answer::TooSoon, None));
    assert!(detail.settings().is_some());
    assert_eq!(detail.why_unknown(), Some("the settings have no time of a recent sync"));
}

#[test]
fn the_request_is_the_documented_one_on_one_connection() {
    let emulator = emulator();
    let client = builder(&emulator).user_agent_suffix("test/1").unwrap().build().unwrap();
    let outcomes = [client.sync(TOKEN).unwrap(), client.sync(TOKEN).unwrap()];
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    for (request, outcome) in requests.iter().zip(&outcomes) {
        let mut headers = request.headers.clone();
        headers.sort();
        let attempt = &outcome.detail().attempts()[0];
        let expected = [
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("authorization", &format!("Bearer {TOKEN}")),
            ("client-request-id", attempt.client_request_id()),
            ("content-length", "0"),
            ("host", "graph.microsoft.com"),
            ("user-agent", concat!("autopilot-sync/", env!("CARGO_PKG_VERSION"), " test/1")),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(
            (&*request.method, &*request.path, &request.query, &*request.version, &*request.body),
            ("POST", "/beta/deviceManagement/windowsAutopilotSettings/sync", &None, "HTTP/1.1", &[][..])
        );
        assert_eq!(request.connection, requests[0].connection);
        assert_eq!(attempt.request_id(), request.reply.as_ref().unwrap().get("request-id"));
    }
    assert_ne!(requests[0].header("client-request-id"), requests[1].header("client-request-id"));
    let connects = emulator.connects();
    assert_eq!(connects.len(), 1);
    assert_eq!(connects[0].target, "graph.microsoft.com:443");
    assert!(!format!("{connects:?}").contains("eyJ"), "the proxy does not see the token");
}

#[test]
fn a_token_that_cannot_be_right_is_not_sent() {
    let emulator = emulator();
    let client = client(&emulator);
    for token in ["", "\n", "a b", "a\r\nX-Injected: 1", "tök", "a\0b", "Bearer x", &"x".repeat(65_537)] {
        let result = client.sync(token);
        assert_eq!(summary(&result), "InvalidArgument NotSent");
    }
    assert_eq!(emulator.counts().accepted, 0, "nothing was opened");
    let longest = "x".repeat(65_536);
    assert_eq!(client.sync(&format!("{longest}\r\n")).unwrap().answer(), Answer::Accepted);
    assert_eq!(emulator.requests()[0].token.as_deref(), Some(&*longest));
}

#[test]
fn every_kind_of_refusal_is_told_apart() {
    let emulator = emulator();
    let client = client(&emulator);
    for (access, expected, words) in [
        (Access::Invalid, "Unauthorized Refused 401", ""),
        (Access::Expired, "Unauthorized Refused 401", ""),
        (Access::Challenged, "Unauthorized Refused 401", ""),
        (Access::Unlicensed, "Forbidden Refused 401", ""),
        (Access::Forbidden, "Forbidden Refused 403", "DeviceManagementServiceConfig.ReadWrite.All"),
        (Access::ReadOnly, "Forbidden Refused 403", "DeviceManagementServiceConfig.ReadWrite.All"),
        (Access::TriggerOnly, "Accepted Accepted 204", ""),
    ] {
        emulator.set_token(TOKEN, Token::new(access));
        let result = client.sync(TOKEN);
        assert_eq!(summary(&result), expected, "{access:?}");
        if let Err(error) = result {
            let message = error.detail().message().unwrap_or_default();
            assert!(message.contains(words), "{message}");
            assert!(!message.contains('{') && !message.contains("Activity ID"), "{message}");
            let claims = error.detail().claims();
            assert_eq!(
                claims.is_some_and(|json| json.starts_with('{')),
                access == Access::Challenged,
                "{claims:?}"
            );
        }
    }
}

/// A token with these claims, like Entra ID's.
fn jwt(claims: &serde_json::Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("eyJ0eXAiOiJKV1QifQ.{payload}.c2lnbmF0dXJl0123456789")
}

#[test]
fn a_refused_token_says_what_is_wrong_with_it() {
    let graph = "https://graph.microsoft.com";
    let lacks =
        "hint: the token lacks the scope DeviceManagementServiceConfig.ReadWrite.All, and has only openid";
    let intune = "forbidden: HTTP 403: Forbidden: The application lacks";
    for (form, claims, beginning, hint) in [
        (
            ErrorForm::Intune,
            json!({"aud": graph, "exp": 1}),
            "unauthorized: HTTP 401: InvalidAuthenticationToken: ",
            "hint: the token expired ",
        ),
        (
            ErrorForm::Intune,
            json!({"aud": "https://management.azure.com"}),
            "unauthorized: HTTP 401: InvalidAuthenticationToken: ",
            "hint: the token is for https://management.azure.com, not Microsoft Graph: request one with the scope \
             https://graph.microsoft.com/.default",
        ),
        (ErrorForm::Intune, json!({"aud": graph, "scp": "openid"}), intune, lacks),
        (ErrorForm::Deeper, json!({"scp": "openid"}), intune, lacks),
        (ErrorForm::Graph, json!({"scp": "openid"}), intune, lacks),
        (
            ErrorForm::CamelCase,
            json!({"scp": "openid"}),
            "forbidden: HTTP 403: PermissionScopeNotGranted: The application lacks",
            lacks,
        ),
    ] {
        let emulator = emulator();
        emulator.behave(|behaviour| behaviour.error_form = form);
        let error = client(&emulator).sync(&jwt(&claims)).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(beginning) && said.contains(&format!("; {hint}")), "{said}");
        assert!(!said.contains('{') && !said.contains('\n'), "{said}");
    }
    // By the service's clock, or else by this one.
    let clock = Clock::manual();
    let emulator = Emulator::start(Config { clock: clock.clone(), ..Config::default() });
    let token = jwt(
        &json!({"exp": clock.now().timestamp() + 60, "scp": "DeviceManagementServiceConfig.ReadWrite.All"}),
    );
    client(&emulator).sync(&token).unwrap();
    emulator.advance(Duration::from_secs(60 + 720));
    let said = client(&emulator).settings(&token).unwrap_err().to_string();
    assert!(said.ends_with("; hint: the token expired 12 minutes ago"), "{said}");
}

#[test]
fn too_soon_says_which_permission_the_reading_lacks() {
    let emulator = emulator();
    let token = jwt(&json!({"roles": ["DeviceManagementApps.Read.All"]}));
    emulator.set_token(&token, Token::new(Access::TriggerOnly));
    emulator.script([Step::error(429).on("POST")]);
    let outcome = client(&emulator).sync(&token).unwrap();
    let why = outcome.detail().why_unknown().unwrap();
    let hint = "; hint: the token lacks the role DeviceManagementServiceConfig.Read.All, and has only \
                DeviceManagementApps.Read.All";
    assert!(
        why.starts_with("the settings cannot be read, forbidden: HTTP 403: ") && why.ends_with(hint),
        "{why}"
    );
}

/// For each scripted answer, without retries: the result of the call, and the number of requests seen.
#[test]
fn every_answer_and_every_fault_is_a_result() {
    let page = || Reply::new(403).html();
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let long = serde_json::json!({"error": {"code": "x", "message": "m".repeat(5_000_000)}});
    let table: Vec<(&str, Step, &str)> = vec![
        ("204", Step::reply(Reply::new(204)), "Accepted Accepted 204"),
        ("409", Step::error(409), "AlreadyRunning Refused 409"),
        ("409 without a body", Step::reply(Reply::new(409)), "AlreadyRunning Refused 409"),
        ("429", Step::error(429), "TooSoon Refused 429"),
        ("403 of a box in between", Step::reply(page()), "Protocol Refused 403"),
        ("429 of a box in between", Step::reply(Reply::new(429).html()), "Protocol Refused 429"),
        ("200 of a box in between", Step::reply(Reply::new(200).html()), "Protocol MayHaveRun 200"),
        ("302 of a box in between", Step::reply(Reply::new(302).bare()), "Protocol Refused 302"),
        ("400 of a box in between", Step::reply(Reply::new(400).html()), "Protocol Refused 400"),
        ("407 of a box in between", Step::reply(Reply::new(407).html()), "Protocol Refused 407"),
        ("511 of a box in between", Step::reply(Reply::new(511).html()), "Protocol MayHaveRun 511"),
        ("200", Step::reply(Reply::new(200)), "Service MayHaveRun 200"),
        ("202", Step::reply(Reply::new(202)), "Service MayHaveRun 202"),
        ("301", Step::reply(Reply::redirect(301, "https://graph.microsoft.us/")), "Service Refused 301"),
        ("307", Step::reply(Reply::redirect(307, "https://evil.example/")), "Service Refused 307"),
        ("308", Step::reply(Reply::redirect(308, "/elsewhere")), "Service Refused 308"),
        ("400", Step::error(400), "Service Refused 400"),
        ("404", Step::error(404), "Service Refused 404"),
        ("500", Step::error(500), "Service MayHaveRun 500"),
        ("502 of a box in between", Step::reply(Reply::new(502).html()), "Protocol MayHaveRun 502"),
        ("503 of a box in between", Step::reply(Reply::new(503).html()), "Protocol Refused 503"),
        ("504", Step::error(504), "Service MayHaveRun 504"),
        ("502", Step::error(502), "Service MayHaveRun 502"),
        ("503", Step::error(503), "Service Refused 503"),
        ("509", Step::error(509), "Service Refused 509"),
        ("deep JSON", Step::reply(Reply::new(400).body(deep)), "Service Refused 400"),
        ("megabytes", Step::reply(Reply::new(400).json(&long)), "Service Refused 400"),
        ("not UTF-8", Step::reply(Reply::new(403).body([0xff; 64])), "Forbidden Refused 403"),
        ("endless body", Step::error(409).spoiled(Fault::EndlessBody), "AlreadyRunning Refused 409"),
        ("endless header", Step::fault(Fault::EndlessHeader), "Protocol MayHaveRun"),
        ("not HTTP", Step::fault(Fault::Raw(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())), "Protocol MayHaveRun"),
        ("no bytes", Step::fault(Fault::Raw(Vec::new())), "ConnectionLost MayHaveRun"),
        ("half a head", Step::fault(Fault::Raw(b"HTTP/1.1 204 No".to_vec())), "ConnectionLost MayHaveRun"),
        ("closed", Step::fault(Fault::Close), "ConnectionLost MayHaveRun"),
        ("reset", Step::fault(Fault::Reset), "ConnectionLost MayHaveRun"),
        ("lost reply", Step::fault(Fault::LoseReply), "ConnectionLost MayHaveRun"),
        ("truncated", Step::error(403).spoiled(Fault::Truncate { keep: 7 }), "ConnectionLost MayHaveRun"),
        ("silent", Step::fault(Fault::Hang), "Timeout MayHaveRun"),
        ("stalled", Step::error(403).spoiled(Fault::Stall { after: 20 }), "Timeout MayHaveRun"),
    ];
    for (name, step, expected) in table {
        let emulator = emulator();
        let client = client_expecting(expected, &emulator);
        emulator.script([step]);
        let result = client.sync(TOKEN);
        assert_eq!(summary(&result), expected, "{name}: {}", everything(&result));
        let reads = expected.starts_with("TooSoon"); // to say until when
        assert_eq!(emulator.requests().len(), if reads { 2 } else { 1 }, "{name}");
        assert!(!format!("{result:#?} {}", everything(&result)).contains("0123456789"), "{name}");
        assert!(!everything(&result).contains('\n'), "{name}: {}", everything(&result));
        if !expected.starts_with("Timeout") {
            emulator.clear_script();
            emulator.advance(Duration::from_secs(3600));
            assert_eq!(
                client.sync(TOKEN).unwrap().answer(),
                Answer::Accepted,
                "{name}: the client stays usable"
            );
        }
    }
}

#[test]
fn an_echoed_token_is_in_no_output() {
    let emulator = emulator();
    let client = builder(&emulator).max_retries(0).unwrap().build().unwrap();
    for status in [200, 302, 400, 401, 403, 404, 409, 429, 500, 503] {
        emulator.script([Step::echo(status).times(2)]); // after 429, the settings are read
        let result = client.sync(TOKEN);
        emulator.clear_script();
        let said = everything(&result);
        for part in TOKEN.split('.') {
            assert!(!said.contains(part), "{status}: {said}");
        }
        let reply = format!("{:?}", emulator.requests().last().unwrap().reply);
        assert!(reply.contains("0123456789"), "{status}: the emulator does echo it");
    }
}

#[test]
fn a_trigger_is_repeated_only_where_it_cannot_have_run() {
    let emulator = emulator();
    let client = client(&emulator);
    let now = |status: u16| Step::reply(Reply::new(status).header("Retry-After", "1"));
    emulator.script([now(503), now(509)]);
    let outcome = client.sync(TOKEN).unwrap();
    assert_eq!(outcome.answer(), Answer::Accepted);
    let requests = emulator.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(outcome.detail().attempts().len(), 3);
    assert_ne!(requests[0].connection, requests[1].connection, "after a 503, a new connection");
    assert_eq!(requests[1].connection, requests[2].connection);
    let ids: std::collections::BTreeSet<_> =
        requests.iter().map(|request| request.header("client-request-id")).collect();
    assert_eq!(ids.len(), 3, "an id for each request");
}

#[test]
fn a_connection_that_gave_503_is_closed() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator.script([Step::reply(Reply::new(503).header("Retry-After", "3600"))]);
    assert_eq!(client.sync(TOKEN).unwrap_err().detail().http_status(), Some(503));
    assert_eq!(client.sync(TOKEN).unwrap().answer(), Answer::Accepted);
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_ne!(requests[0].connection, requests[1].connection);
}

/// The other call runs in the pause before the retry. If it comes too late, they try again.
#[test]
fn a_503_leaves_the_connections_of_other_calls() {
    let of_others = loop {
        let emulator = emulator();
        let client = client(&emulator);
        let closed = Step::reply(Reply::new(409).header("Connection", "close"));
        emulator.script([
            Step::reply(Reply::new(503).header("Retry-After", "1")).for_token(TOKEN),
            closed.for_token("last").times(2),
        ]);
        std::thread::scope(|scope| {
            let retried = scope.spawn(|| client.sync(TOKEN));
            assert!(emulator.wait(Duration::from_secs(3600), |counts| counts.requests > 0));
            client.settings("other").unwrap();
            retried.join().unwrap().unwrap();
        });
        for _ in 0..2 {
            let _ = client.sync("last"); // each on another idle connection
        }
        let requests = emulator.requests();
        if requests[1].token.as_deref() == Some("other") {
            break [1, 2, 3, 4].map(|index: usize| requests[index].connection);
        }
    };
    let [other, retry, last @ ..] = of_others;
    assert!(other != retry && last.contains(&other) && last.contains(&retry), "{of_others:?}");
}

#[test]
fn a_pause_that_would_cross_the_deadline_is_not_begun() {
    let emulator = emulator();
    emulator.script([Step::reply(Reply::new(503).header("Retry-After", "3600"))]);
    let error = client(&emulator).sync(TOKEN).unwrap_err();
    assert_eq!((error.kind(), error.detail().http_status()), (ErrorKind::Service, Some(503)));
    assert_eq!(error.detail().retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(emulator.requests().len(), 1);
}

#[test]
fn faults_before_the_request_send_nothing() {
    let proxy = |fault| Network { proxy_fault: Some(fault), ..Network::default() };
    let tls = |fault| Network { tls_fault: Some(fault), ..Network::default() };
    let certificate = |certificate| Network { certificate, ..Network::default() };
    for (network, expected) in [
        (proxy(ProxyFault::Status(403)), "Connect NotSent"),
        (proxy(ProxyFault::Status(407)), "Connect NotSent"),
        (proxy(ProxyFault::Status(502)), "Connect NotSent"),
        (proxy(ProxyFault::Close), "Connect NotSent"),
        (proxy(ProxyFault::Reset), "Connect NotSent"),
        (proxy(ProxyFault::Silent), "Timeout NotSent"),
        (proxy(ProxyFault::Trickle), "Timeout NotSent"),
        (tls(TlsFault::Garbage), "Tls NotSent"),
        (tls(TlsFault::Close), "Tls NotSent"),
        (tls(TlsFault::Reset), "Tls NotSent"),
        (tls(TlsFault::Silent), "Timeout NotSent"),
        (tls(TlsFault::Trickle), "Timeout NotSent"),
        (Network { trickle_pause: Duration::from_secs(1), ..tls(TlsFault::Trickle) }, "Timeout NotSent"),
        (certificate(Certificate::UnknownAuthority), "Tls NotSent"),
        (certificate(Certificate::SelfSigned), "Tls NotSent"),
        (certificate(Certificate::Expired), "Tls NotSent"),
        (certificate(Certificate::NotYetValid), "Tls NotSent"),
        (certificate(Certificate::WrongHost), "Tls NotSent"),
    ] {
        let name = format!("{network:?}");
        let emulator = Emulator::start(Config { network, ..Config::default() });
        let result = client_expecting(expected, &emulator).sync(TOKEN);
        assert_eq!(summary(&result), expected, "{name}: {}", everything(&result));
        assert_eq!(emulator.requests().len(), 0, "{name}");
        assert!(!everything(&result).contains("https://"), "{}", everything(&result));
    }
}

#[test]
fn each_way_that_is_open_is_taken() {
    // A new option needs a row here, or in the test before or after this one.
    let Network {
        proxy_credentials: _,
        proxy_fault: _,
        tls_fault: _,
        certificate: _,
        tls_versions: _,
        trickle_pause: _,
        idle_timeout: _,
        faulty_connections: _,
    } = Network::default();
    let open = Network::default;
    for (network, connections) in [
        (Network { tls_versions: TlsVersions::Only12, ..open() }, 1),
        (Network { tls_versions: TlsVersions::Only13, ..open() }, 1),
        (Network { proxy_fault: Some(ProxyFault::Status(502)), faulty_connections: Some(1), ..open() }, 2),
    ] {
        let name = format!("{network:?}");
        let emulator = Emulator::start(Config { network, ..Config::default() });
        let result = client(&emulator).sync(TOKEN);
        assert_eq!(summary(&result), "Accepted Accepted 204", "{name}: {}", everything(&result));
        assert_eq!(emulator.counts().accepted, connections, "{name}");
    }
}

#[test]
fn a_connection_that_was_idle_for_too_long_is_replaced() {
    let network = Network { idle_timeout: Some(Duration::from_secs(120)), ..Network::default() };
    let emulator = Emulator::start(Config { network, clock: Clock::manual(), ..Config::default() });
    let client = client(&emulator);
    for (pause, connections) in [(119, 1), (120, 2)] {
        client.settings(TOKEN).unwrap();
        emulator.advance(Duration::from_secs(pause));
        assert!(pause < 120 || emulator.wait(Duration::from_secs(60), |counts| counts.open == 0));
        client.settings(TOKEN).unwrap();
        assert_eq!(emulator.counts().handshakes, connections, "{pause} s");
    }
}

#[test]
fn after_a_certificate_fault_the_client_is_usable_again() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator.network(|network| network.certificate = Certificate::UnknownAuthority);
    assert_eq!(client.sync(TOKEN).unwrap_err().kind(), ErrorKind::Tls);
    emulator.network(|network| network.certificate = Certificate::Valid);
    assert_eq!(client.sync(TOKEN).unwrap().answer(), Answer::Accepted);
}

#[test]
fn every_supported_proxy_leads_there() {
    let credentials = Some(("user".to_owned(), "p@ss:word/%".to_owned()));
    let network = Network { proxy_credentials: credentials, ..Network::default() };
    let emulator = Emulator::start(Config { network, clock: Clock::manual(), ..Config::default() });
    let given = |url: String| url.replace("://", "://user:p%40ss%3Aword%2F%25@");
    for url in [emulator.proxy_url(), emulator.tls_proxy_url(), emulator.socks_url()] {
        let through = |url: &str| {
            let builder = builder(&emulator).max_retries(0).unwrap().proxy(url).unwrap();
            builder.build().unwrap().sync(TOKEN)
        };
        emulator.advance(Duration::from_secs(3600));
        let result = through(&given(url.replace("socks5://", "socks5h://")));
        assert_eq!(summary(&result), "Accepted Accepted 204", "{url}: {}", everything(&result));
        let refused = through(&url.replace("socks5://", "socks5h://"));
        assert_eq!(summary(&refused), "Connect NotSent", "{url}: {}", everything(&refused));
        assert!(!everything(&refused).contains("p%40ss"));
    }
}

#[test]
fn a_dead_proxy_is_no_connection_and_never_a_direct_one() {
    let dead = "127.0.0.1:1";
    for scheme in ["http", "https", "socks5h"] {
        let builder = Client::builder().ignore_environment().max_retries(0).unwrap();
        let client = builder.proxy(&format!("{scheme}://user:hidden@{dead}")).unwrap().build().unwrap();
        let result = client.sync(TOKEN);
        assert_eq!(summary(&result), "Connect NotSent", "{}", everything(&result));
        assert!(everything(&result).contains(dead) && !everything(&result).contains("hidden"));
    }
}

/// With a token of such a length, the buffer has no byte to spare.
#[test]
fn the_longest_host_and_user_agent_fit_into_the_request() {
    let host = format!("{}example.com", "a23456789.".repeat(25))[..253].to_owned();
    let emulator = Emulator::start(Config { hosts: vec![host.clone()], ..Config::default() });
    let client = builder(&emulator).base_url(&format!("https://{host}:65535")).unwrap();
    let client = client.user_agent_suffix(&"x".repeat(256)).unwrap().build().unwrap();
    assert_eq!(client.sync(&"x".repeat(63 * 1024)).unwrap().answer(), Answer::Accepted);
}

#[test]
fn a_base_url_leads_there_without_a_proxy() {
    let emulator = emulator();
    let client = builder(&emulator).no_proxy().base_url(&emulator.direct_url()).unwrap().build().unwrap();
    assert_eq!(client.sync(TOKEN).unwrap().answer(), Answer::Accepted);
    assert_eq!(emulator.counts().connects, 0);
}

#[test]
fn named_certificates_must_be_usable() {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [empty, broken, large] = ["empty.pem", "broken.pem", "large.pem"].map(|name| dir.join(name));
    std::fs::write(&empty, "").unwrap();
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
    std::fs::File::create(&large).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
    let table = [
        (dir.join("missing.pem"), ""),
        (empty, "it is empty"),
        (broken, ""),
        (large, "larger than 16 MiB"),
        (dir.to_owned(), "not a regular file"),
        // Reading a file without a length may never end. Reading this one gives its own error.
        #[cfg(target_os = "linux")]
        ("/proc/self/mem".into(), "it is empty"),
    ];
    for (path, why) in table {
        let error = Client::builder().ignore_environment().ca_file(&path).unwrap().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let said = format!("{error:#}");
        assert!(said.contains(path.to_str().unwrap()) && said.ends_with(why), "{said}");
    }
    let error = Client::builder().ca_file("/no\nsuch.pem").unwrap().build().unwrap_err();
    assert!(format!("{error:#}").contains("(/no such.pem)"), "a log's line stays one: {error:#}");
}

#[test]
fn many_threads_share_a_client_and_never_mix_their_answers() {
    let emulator = emulator();
    let mut clients = Vec::new();
    for (token, access) in
        [("full-tenant", Access::Full), ("barred-tenant", Access::Forbidden), ("old-token", Access::Expired)]
    {
        emulator.set_token(token, Token::new(access).of(token));
        clients.push(token);
    }
    let client = client(&emulator);
    std::thread::scope(|scope| {
        for number in 0..24 {
            let (client, token) = (&client, clients[number % 3]);
            scope.spawn(move || {
                for _ in 0..10 {
                    let result = client.sync(token);
                    let expected = match (&*token, &result) {
                        ("full-tenant", Ok(_)) => true,
                        ("barred-tenant", Err(error)) => error.kind() == ErrorKind::Forbidden,
                        ("old-token", Err(error)) => error.kind() == ErrorKind::Unauthorized,
                        _ => false,
                    };
                    assert!(expected, "{token}: {result:?}");
                }
            });
        }
    });
    let requests = emulator.requests();
    assert_eq!(requests.len(), 240);
    assert!(emulator.counts().handshakes <= 24, "a connection for each thread at most");
    for token in clients {
        assert_eq!(requests.iter().filter(|request| request.token.as_deref() == Some(token)).count(), 80);
    }
}
