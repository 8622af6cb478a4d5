//! No address is reachable: how a call ends, and that it leaves nothing behind.

use std::thread;
use std::time::Duration;

use autopilot_sync::{Canceller, ErrorKind};

use crate::client::{TOKEN, builder, told, told_in_full};
use crate::network::{IPV4, IPV6, Network, inside};
use crate::process;

fn drop_all(network: &Network) {
    network.firewall(&[IPV4, IPV6].map(|all| format!("{all} drop")));
}

fn wait_until_nothing_is_left(threads: usize, sockets: usize) {
    process::wait_until("no thread is left", || process::threads() == threads);
    process::wait_until("no socket is left", || process::sockets() == sockets);
    process::wait_until("no attempt is left", || process::unanswered() == 0);
}

#[test]
fn the_deadline_ends_a_race_that_nobody_wins() {
    inside(|network| {
        drop_all(network);
        let client = builder().timeout(Duration::from_secs(3)).unwrap().build().unwrap();
        let (threads, sockets) = (process::threads(), process::sockets());
        assert_eq!(told(&client.sync(TOKEN)), "Timeout NotSent");
        wait_until_nothing_is_left(threads, sockets);
    });
}

#[test]
fn a_cancel_ends_a_race_that_nobody_wins() {
    inside(|network| {
        drop_all(network);
        let hour = Duration::from_secs(3600);
        let client = builder().timeout(hour).unwrap().connect_timeout(hour).unwrap().build().unwrap();
        let (threads, sockets) = (process::threads(), process::sockets());
        // During the first attempt, and while several are running.
        for attempts in [1, 3] {
            let canceller = Canceller::new();
            let client = client.with_canceller(&canceller);
            let call = thread::spawn(move || client.sync(TOKEN));
            process::wait_until("attempts are under way", || process::unanswered() >= attempts);
            canceller.cancel();
            assert_eq!(told(&call.join().unwrap()), "Cancelled NotSent");
            wait_until_nothing_is_left(threads, sockets);
        }
    });
}

/// Nobody listens.
#[test]
fn all_addresses_refuse() {
    inside(|_| {
        let client = builder().max_retries(0).unwrap().build().unwrap();
        let (threads, sockets) = (process::threads(), process::sockets());
        let end = client.sync(TOKEN);
        assert_eq!(told(&end), "Connect NotSent");
        let said = told_in_full(&end);
        assert!(said.contains("refused") && said.contains("graph.microsoft.com"), "{said}");
        wait_until_nothing_is_left(threads, sockets);
    });
}

/// Most addresses stay silent until the connect timeout, and one says what is wrong.
#[test]
fn what_one_address_said_is_told_when_the_others_stay_silent() {
    inside(|network| {
        network.firewall(&[format!("{IPV4} ip daddr != 192.0.2.8 drop"), format!("{IPV6} drop")]);
        // Longer than eight turns of 250 ms.
        let limit = Duration::from_secs(8);
        let client = builder().connect_timeout(limit).unwrap().max_retries(0).unwrap().build().unwrap();
        let end = client.sync(TOKEN);
        let kind = end.as_ref().expect_err("nobody answers").kind();
        assert!(matches!(kind, ErrorKind::Connect | ErrorKind::Timeout), "{kind:?}");
        assert!(told_in_full(&end).contains("refused"), "{}", told_in_full(&end));
    });
}
