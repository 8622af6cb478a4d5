//! How calls end, the same in every language: the programs `waiter` play each row. Their pauses take no time, because
//! `clock.c` moves their clocks and the emulator's.

use std::thread;

use autopilot_emulator::{Access, Clock, Config, Emulator, Token};

use crate::compiler;
use crate::program::{self, Language, Program};

/// The emulator's options; the arguments of `waiter`; the start of the line that it prints, with the numbers of the
/// result, of what became of the trigger, and of the phases; the requests: G is a reading, G+ several, P a trigger.
type Row = (&'static str, &'static str, &'static str, &'static str);

const JOINED_IN_WINDOW: &str =
    "1 trigger=4 retry_after=-1 status=completed phases=01: a sync that was already running completed\n";

fn play(rows: &[Row]) {
    thread::scope(|scope| {
        for language in Language::ALL {
            scope.spawn(move || rows.iter().for_each(|row| check(language, row)));
        }
    });
}

fn check(language: Language, row: &Row) {
    let (options, arguments, expected, requests) = row;
    let emulator = emulator(options);
    let mut command = Program::waiter(language).plainly_against(&emulator);
    command.env("LD_PRELOAD", Program::clock()).env("AUTOPILOT_EMULATOR", emulator.control_url().unwrap());
    command.env("PYTHONPATH", program::bindings().join("python/src"));
    command.env("AUTOPILOT_SYNC_LIBRARY", compiler::library());
    let printed = compiler::run(command.args(arguments.split(' ')));
    assert!(printed.starts_with(expected), "{language:?} {row:?}: {printed}");
    assert_eq!(methods(&emulator), *requests, "{language:?} {row:?}: {printed}");
}

/// Two of the tokens have fewer rights than the others.
fn emulator(options: &str) -> Emulator {
    let (behaviour, clock) = (options.parse().unwrap(), Clock::manual());
    let config =
        Config { clock, behaviour, control: Some("127.0.0.1:0".parse().unwrap()), ..Config::default() };
    let config = config.token("trigger-only", Token::new(Access::TriggerOnly));
    Emulator::start(config.token("forbidden", Token::new(Access::Forbidden)))
}

fn methods(emulator: &Emulator) -> String {
    let mut methods = String::new();
    for request in emulator.requests() {
        match &*request.method {
            "GET" if methods.ends_with('+') => {}
            "GET" if methods.ends_with('G') => methods.push('+'),
            method => methods.push_str(&method[..1]),
        }
    }
    methods
}

#[test]
#[rustfmt::skip] // rows
fn a_sync_since_a_change() {
    let enough = "4 trigger=0 retry_after=-1 status=completed phases=0: up to date: a sync has completed since\n";
    let enough_later = "4 trigger=0 retry_after=-1 status=completed phases=02: \
                        up to date: a sync has completed since\n";
    let triggered = "0 trigger=3 retry_after=-1 status=completed phases=02: the sync completed\n";
    let triggered_later = "0 trigger=3 retry_after=-1 status=completed phases=0212: the sync completed\n";
    let joined = "1 trigger=4 retry_after=-1 status=completed phases=02: a sync that was already running completed\n";
    let too_soon = "2 trigger=2 retry_after=21000 status=completed phases=01: \
                    too soon: the next sync is possible in 21 s, at 08:09:10 UTC\n";
    play(&[
        // One has completed since. If it is young, it must stand, because its time may mark its start.
        ("--last-sync 1h", "any since 7200 3600", enough, "G"),
        ("--last-sync 30s", "any since 120 3600", enough_later, "G+"),
        // None has.
        ("--last-sync 1h", "any since 1800 3600", triggered, "GPG+"),
        // One is running that began since, by the time of its trigger or by its own.
        ("--own-sync 0s --last-trigger 30s", "any since 60 3600", joined, "G+"),
        ("--own-sync 0s --last-sync-marks start", "any since 60 3600", joined, "G+"),
        // One is running that may have begun before: its end is awaited, and then the window.
        ("--own-sync 0s", "any since 5 3600", triggered_later, "G+PG+"),
        // In the window it goes on to look, even if that ends after the deadline.
        ("--last-sync 1m --own-sync 8m", "any since 5 3600", JOINED_IN_WINDOW, "GPG+"),
        ("--last-sync 1m --own-sync 8m", "any since 5 530", JOINED_IN_WINDOW, "GPG+"),
        ("--last-sync 1m", "any since 5 530", too_soon, "GPG+"),
    ]);
}

#[test]
fn a_wait_is_not_starved_by_the_syncs_of_the_tenant_itself() {
    let options = "--last-sync 1m --own-sync 8m --own-sync 17m --own-sync 26m";
    play(&[(options, "any wait 1800", JOINED_IN_WINDOW, "GPG+")]);
}

#[test]
#[rustfmt::skip] // rows
fn readings_that_fail_before_the_trigger() {
    let healed = "0 trigger=3 retry_after=-1 status=completed phases=042: the sync completed\n";
    let never_healed = "-9 trigger=0 retry_after=-1 status=- phases=04: refused by the service: HTTP 500: ";
    let bad_request = "-9 trigger=0 retry_after=-1 status=- phases=0: refused by the service: HTTP 400: ";
    let not_found = "-9 trigger=0 retry_after=-1 status=- phases=0: refused by the service: HTTP 404: ";
    let forbidden = "-8 trigger=2 retry_after=-1 status=- phases=0: forbidden: HTTP 403: ";
    play(&[
        ("--failing-readings 0s..5m", "any wait 1800", healed, "G+PG+"),
        ("--failing-readings 0s..5m", "any since 5 1800", healed, "G+PG+"),
        ("--failing-readings 0s..", "any wait 600", never_healed, "G+"),
        ("--failing-readings 0s..", "any since 5 600", never_healed, "G+"),
        // What never heals ends the wait at once.
        ("--failing-readings 0s..:400", "any wait 600", bad_request, "G"),
        ("--failing-readings 0s..:404", "any wait 600", not_found, "G"),
        ("--failing-readings 0s..:404", "any since 5 600", not_found, "G"),
        ("", "forbidden wait 600", forbidden, "GP"),
        ("", "forbidden since 5 600", forbidden, "GP"),
    ]);
}

#[test]
fn too_soon_says_when() {
    let with_time = "2 trigger=2 retry_after=550000 status=completed phases=: \
                     too soon: the next sync is possible in 9 min 10 s, at 08:09:10 UTC\n";
    let without = "2 trigger=2 retry_after=-1 status=- phases=: too soon after the last sync\n";
    play(&[
        ("--last-sync 1m", "any sync", with_time, "PG"),
        ("--last-sync 1m", "any trigger-only", without, "P"),
    ]);
}

#[test]
fn an_end_that_cannot_be_observed_has_its_reason() {
    let failed_stands = "--failed-stands 0s.. --failing-runs 1 --failure-moves-last-sync false";
    let failed = "3 trigger=3 retry_after=-1 status=failed phases=02: the end of the sync cannot be observed: \
                  no reading showed the sync, and the status was failed in all 13 readings, for 131 s\n";
    let refused = "3 trigger=3 retry_after=-1 status=- phases=0: the end of the sync cannot be observed: \
                   the settings cannot be read, forbidden: HTTP 403: ";
    play(&[
        (failed_stands, "any wait 600", failed, "GPG+"),
        (failed_stands, "any since 5 600", failed, "GPG+"),
        ("--failing-readings 0s..:403", "any wait 600", refused, "GP"),
        ("", "trigger-only wait 600", refused, "GP"),
        ("", "trigger-only since 5 600", refused, "GP"),
    ]);
}
