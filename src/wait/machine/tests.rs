//! Timelines, case by case: what is seen at which second, and what is to be done then.
//!
//! A line is `second  what is seen -> what to do`. Times L, T and D are seconds around the beginning of the wait, on a
//! service whose clock is months away from ours; they are written with the digits that the line gives them. A pause
//! that was asked for is played by itself, with the reading that follows it: `poll@5` is "pause until second 5, then
//! read", so that the next line tells of that reading.

mod joined;
mod probed;
mod refused;

use std::time::Duration;

use super::{Do, End, Seen, Wait};
use crate::outcome::{Settings, Trigger};
use crate::text::{Time, Token};
use crate::wait::Phase;

/// 2026-01-02T00:00:00Z, in the service's time: when a wait begins.
const BEGINNING: i64 = 1_767_312_000;

/// Until when the wait may last where a case does not care.
const LONG: f64 = 3600.0;

/// A time as the service writes it, `text` being seconds like `-3.50` after its beginning.
pub(super) fn written(text: &str) -> String {
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let unit = 10_i64.pow(digits as u32);
    let units: i64 = text.replace('.', "").parse().unwrap_or_else(|_| panic!("no time: {text}"));
    let seconds = chrono::DateTime::from_timestamp(BEGINNING + units.div_euclid(unit), 0).unwrap();
    let fraction = if digits == 0 { String::new() } else { format!(".{:0digits$}", units.rem_euclid(unit)) };
    format!("{:?}{fraction}Z", seconds.naive_utc())
}

pub(super) fn settings(status: Option<&str>, sync: Option<&str>, manual: Option<&str>) -> Settings {
    let property = |name: &str, value: Option<String>| {
        value.map_or(format!("\"{name}\": null"), |value| format!("\"{name}\": \"{value}\""))
    };
    let body = [
        property("id", Some("tenant".into())),
        property("syncStatus", status.map(str::to_owned)),
        property("lastSyncDateTime", Some(sync.map_or("0001-01-01T00:00:00Z".into(), written))),
        property("lastManualSyncTriggerDateTime", manual.map(written)),
    ];
    let body = format!("{{{}}}", body.join(", "));
    Settings::read(body.as_bytes(), Token::new("x").unwrap()).unwrap_or_else(|| panic!("{body}"))
}

fn seconds(text: &str) -> Duration {
    Duration::try_from_secs_f64(text.parse().unwrap_or_else(|_| panic!("no seconds: {text}"))).unwrap()
}

/// `completed L=1 T=never D=2`, `204 D=2`, `read-failed retry=7` and so on.
fn seen(text: &str) -> Seen {
    let mut words = text.split_whitespace();
    let what = words.next().expect("something is seen");
    let values: Vec<_> = words.map(|word| word.split_once('=').expect("name=value")).collect();
    let value = |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let known = |name: &str| value(name).filter(|value| *value != "never");
    let date = value("D").and_then(|date| Time::parse(&written(date)));
    let retry_after = value("retry").map(seconds);
    match what {
        "read-refused" => Seen::ReadRefused,
        "read-failed" => Seen::ReadFailed { retry_after },
        "read-ended" => Seen::ReadEnded,
        "204" => Seen::Accepted { date },
        "409" => Seen::AlreadyRunning,
        "429" => Seen::TooSoon { retry_after, date },
        "may-have-run" => Seen::MayHaveRun,
        "not-triggered" => Seen::NotTriggered,
        status => {
            let status = (status != "-").then_some(status);
            Seen::Reading { settings: settings(status, known("L"), known("T")), date }
        }
    }
}

fn said(todo: &Do) -> String {
    let second = |time: &Duration| time.as_secs_f64();
    match todo {
        Do::Read { retries: true } => "read".into(),
        Do::Read { retries: false } => "look".into(),
        Do::Trigger => "trigger".into(),
        Do::Pause { until, phase: Phase::Watching } => format!("poll@{}", second(until)),
        Do::Pause { until, phase: Phase::Window } => format!("window@{}", second(until)),
        Do::Pause { phase, .. } => unreachable!("{phase:?} has no pause"),
        Do::End(End::Completed) => "completed".into(),
        Do::End(End::JoinedCompleted) => "joined".into(),
        Do::End(End::TooSoon(None)) => "too-soon".into(),
        Do::End(End::TooSoon(Some(next))) => format!("too-soon@{}", second(next)),
        Do::End(End::Unconfirmed) => "unconfirmed".into(),
        Do::End(End::Failed) => "failed".into(),
        Do::End(End::Deadline) => "deadline".into(),
        Do::End(End::LastRequest) => "last-request".into(),
        Do::End(End::LastTrigger) => "last-trigger".into(),
    }
}

/// A wait that is being played.
struct Play {
    wait: Wait,
    now: Duration,
    todo: Do,
}

impl Play {
    fn new(deadline: f64, jitter: f64) -> Play {
        let mut wait = Wait::new(Duration::from_secs_f64(deadline), Duration::from_secs_f64(jitter));
        let todo = wait.next(Duration::ZERO, Seen::Nothing);
        assert_eq!(said(&todo), "read", "first of all");
        Play { wait, now: Duration::ZERO, todo }
    }

    /// Sits the pause out, at whose end there is always a reading: a mere look at a sync, a thorough one after a window.
    fn sit_out(&mut self) {
        if let Do::Pause { until, phase } = self.todo {
            self.now = until;
            self.todo = self.wait.next(until, Seen::Nothing);
            let expected = if phase == Phase::Window { "read" } else { "look" };
            assert_eq!(said(&self.todo), expected, "after the pause until {until:?}");
        }
    }

    fn line(&mut self, line: &str) {
        let (at, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (event, expected) = rest.split_once("->").unwrap_or_else(|| panic!("{line}"));
        self.sit_out();
        let at = seconds(at);
        assert!(at >= self.now, "{line}: at {:?} nothing is read before {:?}", at, self.now);
        self.now = at;
        self.todo = self.wait.next(at, seen(event));
        assert_eq!(said(&self.todo), expected.trim(), "{line}");
    }
}

fn play_with(deadline: f64, jitter: f64, lines: &str) -> Play {
    let mut play = Play::new(deadline, jitter);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        play.line(line);
    }
    play
}

fn play_until(deadline: f64, lines: &str) -> Play {
    play_with(deadline, 0.0, lines)
}

fn play(lines: &str) -> Play {
    play_until(LONG, lines)
}

/// A wait whose trigger was accepted at second 0, the sync before having been at -1000.
fn accepted(lines: &str) -> Play {
    play(&format!("0 completed L=-1000 T=-1001 -> trigger \n 0 204 D=0 -> poll@2 \n {lines}"))
}

#[test]
fn without_a_baseline_nothing_is_waited_for() {
    for (answer, end) in [
        ("204 D=0", "unconfirmed"),
        ("409", "unconfirmed"),
        ("429 D=0", "too-soon"),
        ("429 retry=30", "too-soon@31"),
        ("may-have-run", "last-trigger"),
        ("not-triggered", "last-request"),
    ] {
        play(&format!("0 read-refused -> trigger \n 1 {answer} -> {end}"));
    }
}

#[test]
fn a_baseline_that_fails_is_the_result() {
    for failure in ["read-failed", "read-failed retry=5", "read-ended"] {
        play(&format!("0 {failure} -> last-request"));
    }
}

#[test]
fn an_answer_begins_what_it_means() {
    for (answer, todo, trigger) in [
        ("204 D=0", "poll@3", Some(Trigger::Accepted)),
        ("204", "poll@3", Some(Trigger::Accepted)),
        ("409", "poll@3", Some(Trigger::Joined)),
        ("429", "read", None),
        ("may-have-run", "poll@3", None),
        ("not-triggered", "last-request", None),
    ] {
        for baseline in ["completed L=-1000", "inProgress L=-1000 T=-3", "failed L=never", "unknown L=never"]
        {
            let play = play(&format!("0 {baseline} -> trigger \n 1 {answer} -> {todo}"));
            assert_eq!(play.wait.known_trigger(), trigger, "{answer}");
        }
    }
}

#[test]
fn nothing_comes_after_the_end() {
    let mut play = play("0 read-ended -> last-request");
    assert_eq!(play.wait.next(Duration::from_secs(1), Seen::Nothing), Do::End(End::LastRequest));
}

#[test]
fn the_completed_of_the_sync_before_is_not_believed() {
    accepted(
        "2 completed L=-1000 T=0 -> poll@5
         5 completed L=-1000 T=0 -> poll@9.5
         9.5 completed L=-1000 T=0 -> poll@16.25
         16.25 inProgress L=-1000 T=0 -> poll@26.375
         26.375 completed L=20 T=0 -> completed",
    );
}

#[test]
fn a_is_believed_at_once_where_the_sync_was_seen() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!("2 inProgress L=-1000 T=0 -> poll@5 \n 5 {status} L=4 T=0 -> {end}"));
        accepted(&format!("2 inProgress L=-1000 T=-1001 -> poll@5 \n 5 {status} L=4 T=-1001 -> {end}"));
    }
}

#[test]
fn a_must_stand_where_the_sync_was_not_seen() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!(
            "2 {status} L=1 T=0 -> poll@7
             7 {status} L=1 T=0 -> {end}"
        ));
    }
}

/// From the reply of the first reading to the request of the last, which only the deadline makes come earlier.
#[test]
fn five_seconds_stand_exactly() {
    for (deadline, request, end) in [(8.0, "7", "completed"), (7.999, "6.999", "deadline")] {
        let first = format!("{ACCEPTED} \n 2 completed L=1 T=0 -> poll@{request}");
        for reply in [request, "7.9"] {
            play_until(deadline, &format!("{first} \n {reply} completed L=1 T=0 -> {end}"));
        }
    }
    accepted("3 completed L=1 T=0 -> poll@8 \n 8 completed L=1 T=0 -> completed");
}

/// A sync of another begins, and L tells of it before the status does: a slow reply tells it no better.
#[test]
fn slow_replies_do_not_make_an_end_stand() {
    play(
        "0.033 failed L=-1892 T=never -> trigger
         2.437 may-have-run -> poll@4.437
         4.47 failed L=4 T=never -> poll@9.47
         20 inProgress L=4 T=never -> poll@20
         26.5 failed L=4 T=never -> poll@31.5
         31.6 failed L=26 T=never -> poll@36.6
         36.6 failed L=26 T=never -> failed",
    );
}

#[test]
fn one_reading_does_not_stand() {
    accepted(
        "100 completed L=1 T=0 -> poll@105
         105 completed L=1 T=0 -> completed",
    );
}

#[test]
fn another_reading_between_begins_the_standing_anew() {
    for (between, sync) in [
        ("unknown L=1", "1"),
        ("paused L=1", "1"),
        ("- L=1", "1"),
        ("failed L=1", "1"),
        ("completed L=2", "3"),
        ("failed L=1.5", "2"),
    ] {
        let is_end = between.starts_with("completed") || between.starts_with("failed");
        let next = if is_end { "12" } else { "11.5" };
        accepted(&format!(
            "2 completed L=1 T=0 -> poll@7
             7 {between} T=0 -> poll@{next}
             12 completed L={sync} T=0 -> poll@17"
        ));
    }
}

#[test]
fn what_tells_nothing_leaves_the_standing_as_it_is() {
    for between in ["completed L=-1000 T=-1001", "inProgress L=0.5 T=0", "completed L=1 T=-1", "read-failed"]
    {
        accepted(&format!(
            "2 completed L=1 T=0 -> poll@7
             7 {between} -> poll@12
             12 completed L=1 T=0 -> completed"
        ));
    }
}

#[test]
fn a_lagging_reading_is_no_sight_of_the_sync() {
    // Else the second reading would be believed at once.
    accepted(
        "2 completed L=-1000 T=0 -> poll@5 \n 5 inProgress L=-2000 T=0 -> poll@9.5 \n 9.5 completed L=9 T=0 -> poll@14.5",
    );
    // An end that comes from behind is none.
    accepted(
        "2 inProgress L=3 T=0 -> poll@5
         5 completed L=2 T=0 -> poll@9.5
         9.5 completed L=9 T=-1 -> poll@16.25
         16.25 completed L=9 T=0 -> completed",
    );
}

#[test]
fn the_date_proves_that_an_end_is_not_the_one_before() {
    // Whether the second reading, ten seconds after the first, is believed. The baseline lags: it says -1000.
    for (answer, sync, is_believed) in [
        ("204 D=0", "-300", true),
        ("204 D=0", "-301", false),
        ("204 D=0", "-300.1", false),
        ("204 D=700", "400", true),
        ("204 D=700", "399.9", false),
        ("204", "-301", true),
        ("409", "-301", true),
    ] {
        let (next, end) = match (is_believed, answer) {
            (false, _) => ("5", "poll@12"),
            (true, "409") => ("7", "joined"),
            (true, _) => ("7", "completed"),
        };
        play(&format!(
            "0 completed L=-1000 T=-1001 -> trigger
             0 {answer} -> poll@2
             2 completed L={sync} T=-1001 -> poll@{next}
             12 completed L={sync} T=-1001 -> {end}"
        ));
    }
}

#[test]
fn an_end_before_the_last_trigger_is_not_this_one() {
    // T = T0, or L ≥ T: else L moved before the trigger that T tells of.
    for (sync, manual, todo) in [
        ("5", "-1001", "completed"),
        ("5", "4", "completed"),
        ("5", "5", "completed"),
        ("5", "5.9", "completed"),
        ("5.8", "5.9", "poll@14.5"),
        ("5", "6", "poll@14.5"),
        // It lags behind the baseline, which has a T.
        ("5", "never", "poll@16.25"),
    ] {
        accepted(&format!(
            "2 inProgress L=-1000 T=-1001 -> poll@5
             5 inProgress L=-1000 T=-1001 -> poll@9.5
             9.5 completed L={sync} T={manual} -> {todo}"
        ));
    }
}

#[test]
fn a_first_sync_of_all_is_seen() {
    play(
        "0 unknown L=never T=never -> trigger
         0 204 D=0 -> poll@2
         2 completed L=1 T=0 -> poll@7
         7 completed L=1 T=0 -> completed",
    );
}

#[test]
fn b_must_stand_for_twenty_seconds_and_four_readings() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!(
            "2 inProgress L=-1000 T=0 -> poll@5
             5 inProgress L=-1000 T=0 -> poll@9.5
             9.5 {status} L=-1000 T=0 -> poll@14.5
             14.5 {status} L=-1000 T=0 -> poll@19.5
             19.5 {status} L=-1000 T=0 -> poll@24.5
             24.5 {status} L=-1000 T=0 -> poll@29.5
             29.5 {status} L=-1000 T=0 -> {end}"
        ));
    }
}

#[test]
fn b_needs_both_the_time_and_the_readings() {
    let two = "2 inProgress L=-1000 T=0 -> poll@5
         5 failed L=-1000 T=0 -> poll@10
         10 failed L=-1000 T=0 -> poll@15";
    accepted(&format!(
        "{two}
         15 read-failed retry=25 -> poll@40
         40 failed L=-1000 T=0 -> poll@45
         45 failed L=-1000 T=0 -> failed"
    ));
    let four = "15 failed L=-1000 T=0 -> poll@20 \n 20 failed L=-1000 T=0";
    for (deadline, request, end) in [(26.0, "25", "failed"), (25.999, "24.999", "deadline")] {
        let lines = format!("{ACCEPTED} \n {two} \n {four} -> poll@{request}");
        play_until(deadline, &format!("{lines} \n 25.5 failed L=-1000 T=0 -> {end}"));
    }
}

#[test]
fn b_begins_anew_when_the_sync_runs_on() {
    accepted(
        "2 inProgress L=-1000 T=0 -> poll@5
         5 completed L=-1000 T=0 -> poll@10
         10 completed L=-1000 T=0 -> poll@15
         15 inProgress L=-1000 T=0 -> poll@25.125
         26 completed L=-1000 T=0 -> poll@31
         31 completed L=-1000 T=0 -> poll@36
         36 completed L=-1000 T=0 -> poll@41
         41 completed L=-1000 T=0 -> poll@46
         46 completed L=-1000 T=0 -> completed",
    );
}

#[test]
fn c_ends_unconfirmed_after_two_minutes() {
    for status in ["completed", "failed"] {
        accepted(&format!(
            "100 {status} L=-1000 T=0 -> poll@100
             119.999 {status} L=-1000 T=0 -> poll@119.999
             120 {status} L=-1000 T=0 -> unconfirmed"
        ));
    }
}

#[test]
fn a_status_that_says_nothing_is_polled_on() {
    for status in ["unknown", "paused", "-", "inProgress"] {
        accepted(&format!("2 {status} L=-1000 T=0 -> poll@5 \n 500 {status} L=400 T=0 -> poll@500"));
    }
}

#[test]
fn c_does_not_cut_off_an_end_that_is_being_confirmed() {
    accepted(
        "115 completed L=-1000 T=0 -> poll@115
         121 completed L=119 T=0 -> poll@126
         126 completed L=119 T=0 -> completed",
    );
}

#[test]
fn times_are_compared_at_the_coarser_precision() {
    // The same second with more digits has not moved.
    accepted("2 inProgress L=-1000 T=0 -> poll@5 \n 5 completed L=-1000.000 T=0 -> poll@10");
    for (sync, todo) in [("-201", "poll@10"), ("-200.4", "poll@10"), ("-200", "completed")] {
        play(&format!(
            "0 completed L=-200.5 -> trigger
             0 204 D=0 -> poll@2
             2 inProgress L=-201 -> poll@5
             5 completed L={sync} -> {todo}"
        ));
    }
    // Nor does a replica with fewer digits lag.
    play(
        "0 completed L=-1000 T=-1001 -> trigger
         0 204 D=0 -> poll@2
         2 inProgress L=-1000 T=0.7654321 -> poll@5
         5 completed L=0.7654322 T=0 -> completed",
    );
}

/// L may be moved by the start: then a replica that lags may show it beside the status of the sync before.
#[test]
fn an_end_that_did_not_move_l_since_the_sync_was_seen_must_stand() {
    accepted(
        "2 inProgress L=0 T=0 -> poll@5
         5 completed L=0 T=0 -> poll@10
         10 inProgress L=0 T=0 -> poll@16.75
         16.75 completed L=16 T=0 -> completed",
    );
    accepted(
        "2 inProgress L=0 T=0 -> poll@5
         5 completed L=0 T=0 -> poll@10
         10 completed L=0 T=0 -> completed",
    );
}

#[test]
fn the_same_time_with_other_digits_stands() {
    for (first, second) in [("1", "1.1234567"), ("1.1234567", "1.123")] {
        accepted(&format!("2 completed L={first} T=0 -> poll@7 \n 7 completed L={second} T=0 -> completed"));
    }
}

/// When the looks are taken, if each is answered at once by the same.
fn looks(deadline: f64, before: &str, answer: &str, count: usize) -> Vec<f64> {
    let mut play = play_until(deadline, before);
    let mut looks = Vec::new();
    while looks.len() < count && !matches!(play.todo, Do::End(_)) {
        play.sit_out();
        looks.push(play.now.as_secs_f64());
        play.todo = play.wait.next(play.now, seen(answer));
    }
    looks
}

const ACCEPTED: &str = "0 completed L=-1000 T=-1001 -> trigger \n 0 204 D=0 -> poll@2";

#[test]
fn polls_grow_from_two_to_fifteen_seconds() {
    for answer in ["inProgress L=-1000 T=0", "read-failed", "unknown L=-1000 T=0", "completed L=-2000"] {
        let expected = [2.0, 5.0, 9.5, 16.25, 26.375, 41.375, 56.375, 71.375];
        assert_eq!(looks(LONG, ACCEPTED, answer, 8), expected, "{answer}");
    }
}

#[test]
fn polls_are_never_closer_than_the_pause_though_replies_are_slow() {
    accepted(
        "4 inProgress L=-1000 T=0 -> poll@5 \n 6 inProgress L=-1000 T=0 -> poll@9.5 \n 20 inProgress L=-1000 T=0 -> poll@20",
    );
}

#[test]
fn one_last_look_is_taken_just_before_the_deadline() {
    for (deadline, expected) in [
        (2.9, vec![1.9]),
        (3.0, vec![2.0]),
        (3.5, vec![2.0, 3.0]),
        (4.5, vec![2.0, 3.5]),
        (5.999, vec![2.0, 4.999]),
        (6.0, vec![2.0, 5.0]),
        (6.5, vec![2.0, 5.0, 6.0]),
        (20.0, vec![2.0, 5.0, 9.5, 16.25, 19.0]),
        (1.5, vec![1.0]),
        (1.0, vec![]),
    ] {
        let before = match expected.first() {
            Some(first) => format!("0 completed L=-1000 -> trigger \n 0 204 D=0 -> poll@{first}"),
            None => "0 completed L=-1000 -> trigger \n 0 204 D=0 -> deadline".into(),
        };
        assert_eq!(looks(deadline, &before, "inProgress L=-1000", 99), expected, "{deadline}");
    }
}

#[test]
fn the_last_look_may_bring_the_end() {
    let before = "0 completed L=-1000 -> trigger \n 0 204 D=0 -> poll@2 \n 2 inProgress L=-1000 -> poll@3";
    play_until(4.0, &format!("{before} \n 3 completed L=3 -> completed"));
    play_until(4.0, &format!("{before} \n 3.9 failed L=3 -> failed"));
    play_until(4.0, &format!("{before} \n 3 completed L=-1000 -> deadline"));
    play_until(4.0, &format!("{before} \n 4 read-failed -> deadline"));
}

#[test]
fn a_failed_poll_is_ridden_out_as_long_as_it_asks() {
    for (retry, next) in [("1", "5"), ("3", "5"), ("4", "6"), ("60", "62")] {
        accepted(&format!("2 read-failed retry={retry} -> poll@{next}"));
    }
    // It counts from the reply, and holds once.
    accepted("3 read-failed retry=7 -> poll@10 \n 10 read-failed -> poll@14.5");
    play_until(30.0, &format!("{ACCEPTED} \n 2 read-failed retry=28 -> deadline"));
    play_until(30.0, &format!("{ACCEPTED} \n 2 read-failed retry=27.5 -> poll@29.5"));
}

#[test]
fn a_poll_that_is_refused_ends_the_wait() {
    for refusal in ["read-refused", "read-ended"] {
        accepted(&format!("2 {refusal} -> last-request"));
        accepted(&format!("2 completed L=1 T=0 -> poll@7 \n 7 {refusal} -> last-request"));
    }
}

#[test]
fn the_deadline_ends_each_state() {
    let end = |before: &str, expected: &str| {
        let mut play = play_until(30.0, before);
        let end = play.wait.next(Duration::from_secs(30), Seen::Nothing);
        assert_eq!(said(&end), expected, "{before}");
    };
    let baseline = "0 completed L=-1000 T=-1001 -> trigger";
    // The pause was longer than asked for.
    end(&format!("{baseline} \n 0 204 D=0 -> poll@2"), "deadline");
    end(&format!("{baseline} \n 0 409 -> poll@2"), "deadline");
    end(&format!("{baseline} \n 0 may-have-run -> poll@2"), "deadline");
    // What was answered when it passes: the answer's own result, and none begins a pause.
    for lines in [
        "30 read-failed -> last-request",
        "30 read-refused -> trigger \n 30 204 -> unconfirmed",
        "30 read-refused -> trigger \n 30 429 -> too-soon",
        "30 completed L=-1000 -> trigger \n 30 not-triggered -> last-request",
        "0 completed L=-1000 -> trigger \n 30 not-triggered -> last-request",
        "0 completed L=-1000 -> trigger \n 30 204 D=30 -> deadline",
        "0 completed L=-1000 -> trigger \n 30 409 -> deadline",
        "0 completed L=-1000 -> trigger \n 30 may-have-run -> deadline",
        "0 completed L=-100 -> trigger \n 30 429 D=30 -> read \n 30 read-failed -> too-soon@510",
        "0 completed L=-5000 -> trigger \n 20 429 retry=1 -> read \n 30 read-failed -> too-soon@21",
        "0 completed L=-1000 -> trigger \n 0 204 D=0 -> poll@2 \n 30 inProgress L=-1000 -> deadline",
        "0 completed L=-1000 -> trigger \n 0 204 D=0 -> poll@2 \n 31 read-failed -> deadline",
        "0 completed L=-1000 -> trigger \n 0 may-have-run -> poll@2 \n 30 completed L=-1000 -> deadline",
        "0 completed L=-1000 -> trigger \n 0 may-have-run -> poll@2 \n 31 read-failed -> deadline",
    ] {
        play_until(30.0, lines);
    }
}
