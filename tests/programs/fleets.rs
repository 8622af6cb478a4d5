//! A C program with a fleet of tenants, on one thread and on many. `tests/sanitizers.sh` also runs it under the checkers.

use std::collections::BTreeMap;
use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Clock, Config, Emulator, Step, Token};

use crate::compiler;
use crate::program::Program;

/// The kinds of tenants in `fleet.c`, by their keys.
const KINDS: usize = 6;
const CANCELLED: usize = 5;

/// Each token is of a tenant of its own. Each request moves the clock, so a sync has ended at the next look, if it ends.
fn emulator(tenants: usize, is_endless: impl Fn(usize) -> bool) -> Emulator {
    let clock = Clock::manual().step(Duration::from_secs(60));
    let config = Config { clock, ..Config::default() }.token("challenged", Token::new(Access::Challenged));
    let endless = Behaviour { duration: Duration::from_secs(1 << 30), ..Behaviour::default() };
    Emulator::start((0..tenants).fold(config, |config, key| {
        let name = format!("tenant-{key}");
        let config = config.token(&name, Token::default().of(&name));
        if is_endless(key) { config.tenant(&name, endless.clone()) } else { config }
    }))
}

fn fleet(emulator: &Emulator, arguments: &str) {
    let mut command = Program::named("fleet.c").against(emulator);
    assert_eq!(compiler::run(command.args(arguments.split(' '))), "kept\n", "{arguments}");
}

#[test]
fn every_tenant_ends_once_on_one_thread_and_on_many() {
    for threads in [1, 8] {
        const TENANTS: usize = 300;
        let emulator = emulator(TENANTS, |key| key % KINDS == CANCELLED);
        fleet(&emulator, &format!("many {TENANTS} {threads}"));
        let mut triggers = BTreeMap::new();
        for request in emulator.requests().into_iter().filter(|request| request.method == "POST") {
            let trigger = (request.token.unwrap(), request.reply.unwrap().status);
            *triggers.entry(trigger).or_insert(0) += 1;
        }
        let accepted = triggers.iter().filter(|((_, status), _)| *status == 204);
        let accepted: BTreeMap<_, _> = accepted.map(|((token, _), count)| (token, *count)).collect();
        let wanted = (0..TENANTS).filter(|key| ![0, CANCELLED].contains(&(key % KINDS)));
        assert!(wanted.clone().all(|key| accepted.get(&format!("tenant-{key}")) == Some(&1)), "{accepted:?}");
        assert!(triggers.values().all(|count| *count == 1), "no trigger goes out twice: {triggers:?}");
        let cancelled = (0..TENANTS).filter(|key| key % KINDS == CANCELLED).count();
        let most = threads + cancelled as u64; // a cancel ends the connection of its call
        assert!(emulator.counts().handshakes <= most, "a connection for each thread at most");
    }
}

#[test]
fn a_full_fleet_takes_no_more_and_any_number_is_a_key() {
    fleet(&emulator(0, |_| false), "full");
}

#[test]
fn a_closed_fleet_tells_every_thread() {
    fleet(&emulator(1, |_| false), "closed");
}

#[test]
fn a_fleet_may_be_freed_with_calls_in_it() {
    fleet(&emulator(4, |_| false), "freed");
}

#[test]
fn threads_that_come_when_asked_are_enough() {
    let emulator = emulator(200, |_| false);
    emulator.script([Step::service().after(Duration::from_millis(50)).forever()]);
    fleet(&emulator, "behind");
    assert!(emulator.counts().handshakes > 1);
}

#[test]
fn a_forked_child_has_an_empty_fleet() {
    fleet(&emulator(40, |_| true), "forked");
}
