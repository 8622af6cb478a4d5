//! Name servers that stay silent, know nothing, or fail: how often the library asks them, and what a look-up leaves
//! behind after its calls have ended.

use std::net::ToSocketAddrs;
use std::thread;
use std::time::Duration;

use autopilot_sync::{Client, ClientBuilder, ErrorKind};

use crate::client::{TOKEN, builder, told, told_in_full};
use crate::name_server::{Answer, NameServer, Question};
use crate::network::{Network, SERVICE, inside, listed};
use crate::process;
use crate::relay::Relay;
use crate::service::{HTTP_PROXY, Service, emulator};

/// The most threads that may be left, whatever the number of calls.
const FEW: usize = 4;

/// How often the system asks for IPv4 addresses in one look-up.
fn asked_for_one(server: &NameServer, look_up: impl FnOnce()) -> usize {
    let before = server.asked(Question::Ipv4);
    look_up();
    server.asked(Question::Ipv4) - before
}

/// The look-up takes longer than the connect timeout: retries wait for the running one.
#[test]
fn a_slow_look_up_is_waited_for_and_not_begun_anew() {
    inside(|network| {
        let service = Service::start();
        let silent_on_ipv6 = |question| match question {
            Question::Ipv4 => Answer::Address,
            _ => Answer::Silence,
        };
        let server = NameServer::start(network, "timeout:1 attempts:1", silent_on_ipv6);
        let once = asked_for_one(&server, || drop(listed(SERVICE)));
        let options = service.builder().connect_timeout(Duration::from_millis(300)).unwrap();
        // Enough tries for the slowest machine.
        let options = options.timeout(Duration::from_secs(180)).unwrap().max_retries(10).unwrap();
        let client = options.build().unwrap();
        let asked =
            asked_for_one(&server, || assert_eq!(told_in_full(&client.sync(TOKEN)), "Accepted Accepted"));
        assert_eq!(asked, once, "one look-up");
    });
}

/// The calls end long before the look-up, which never ends here.
fn leaves_few_threads(network: &Network, calls: impl FnOnce()) {
    NameServer::start(network, "timeout:30 attempts:5", |_| Answer::Silence);
    let before = process::threads();
    calls();
    process::wait_until("few threads are left", || process::threads() <= before + FEW);
}

fn hasty(builder: ClientBuilder) -> Client {
    builder.timeout(Duration::from_millis(20)).unwrap().build().unwrap()
}

fn is_held(client: &Client) {
    assert_eq!(told(&client.sync(TOKEN)), "Timeout NotSent");
}

#[test]
fn a_thousand_calls_of_one_client_share_a_look_up_that_never_ends() {
    inside(|network| {
        let client = hasty(builder());
        leaves_few_threads(network, || (0..1000).for_each(|_| is_held(&client)));
    });
}

#[test]
fn a_thousand_clients_share_a_look_up_that_never_ends() {
    inside(|network| {
        leaves_few_threads(network, || (0..1000).for_each(|_| is_held(&hasty(builder()))));
    });
}

#[test]
fn threads_share_a_look_up_that_never_ends() {
    inside(|network| {
        leaves_few_threads(network, || {
            let client = hasty(builder());
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            is_held(&client);
                            is_held(&hasty(builder()));
                        }
                    });
                }
            });
        });
    });
}

/// A retry would only cost time, so a typing error is reported at once. "Try again" is retried.
#[test]
fn a_name_that_is_unknown_is_asked_for_once() {
    inside(|network| {
        let server = NameServer::start(network, "timeout:1 attempts:1", |_| Answer::Unknown);
        let answers: [(fn(Question) -> Answer, usize); 3] =
            [(|_| Answer::Unknown, 1), (|_| Answer::NoAddress, 1), (|_| Answer::Failure, 2)];
        for (answer, tries) in answers {
            server.answer(answer);
            let once = asked_for_one(&server, || {
                (SERVICE, 443).to_socket_addrs().map(drop).expect_err("it has no address");
            });
            let client = builder().max_retries(1).unwrap().build().unwrap();
            let mut end = None;
            let asked = asked_for_one(&server, || end = Some(client.sync(TOKEN)));
            let error = end.expect("it was called").expect_err("it has no address");
            assert_eq!(error.kind(), ErrorKind::Connect, "{error:#}");
            assert_eq!(error.detail().attempts().len(), tries, "{error:#}");
            assert_eq!(asked, once * tries, "{error:#}");
            assert!(format!("{error:#}").contains(SERVICE), "{error:#}");
        }
    });
}

/// A plain call waits for a proxy that needs twelve seconds for its tunnel.
#[test]
fn a_slow_proxy_is_waited_for_and_asked_once() {
    inside(|_| {
        let emulator = emulator();
        let proxy = Relay::start(HTTP_PROXY, emulator.proxy_port(), Duration::from_secs(12));
        let options = builder().proxy(&format!("http://127.0.0.1:{HTTP_PROXY}")).unwrap();
        let client = options.ca_file(emulator.ca_file()).unwrap().build().unwrap();
        assert_eq!(told_in_full(&client.sync(TOKEN)), "Accepted Accepted");
        assert_eq!((proxy.connections(), emulator.connects().len()), (1, 1));
    });
}
