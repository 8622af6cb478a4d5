//! Timelines: at which second the machine is told which event, and which command must follow.
//!
//! A line is `second event -> command`. An event may carry times of the service: `L` is `lastSyncDateTime`, `T` is
//! `lastManualSyncTriggerDateTime`, and `D` is the `Date` of the reply. They are seconds from the start of the wait,
//! and reach the machine with as many digits as the line has. The service's clock is months away from ours.
//!
//! After `watch@5`, "pause until second 5", the pause is played, and the machine must order a reading. The next line
//! tells what that reading brings. `window@510` is a pause after a 429 that allows a trigger at second 510; there are
//! readings before. `retry@5` is a pause after a failure.

mod joined;
mod request;
mod since;
mod uncertain_trigger;
mod window;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Command, Event, Goal, Machine, StopReason, Terms};
use crate::outcome::{Settings, Trigger};
use crate::service::retry::Obstacle;
use crate::text::{Object, Time, Token};
use crate::wait::Phase;

/// 2026-01-02T00:00:00Z: the service's time when a wait starts.
const BEGINNING: i64 = 1_767_312_000;

/// The caller's time when a wait starts. It is years away from the service's.
fn began() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

/// A deadline that no case reaches.
const LONG: f64 = 3600.0;

/// A time as the service writes it. `text` is seconds after the start of the wait, like `-3.50`.
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
    let object = Object::read(body.as_bytes()).unwrap();
    Settings::read(&object, Token::new("x").unwrap()).unwrap_or_else(|| panic!("{body}"))
}

fn seconds(text: &str) -> Duration {
    Duration::try_from_secs_f64(text.parse().unwrap_or_else(|_| panic!("no seconds: {text}"))).unwrap()
}

/// `completed L=1 T=never D=2`, `204 D=2`, `read-failed retry=7` and so on.
fn event(text: &str) -> Event {
    let mut words = text.split_whitespace();
    let what = words.next().expect("an event");
    let values: Vec<_> = words.map(|word| word.split_once('=').expect("name=value")).collect();
    let value = |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let known = |name: &str| value(name).filter(|value| *value != "never");
    let date = value("D").and_then(|date| Time::parse(&written(date)));
    let retry_after = value("retry").map(seconds);
    let obstacle = Obstacle { retry_after, is_repeatable: value("once").is_none(), is_starting: false };
    match what {
        "read-forbidden" => Event::ReadForbidden,
        "read-failed" => Event::ReadFailedForNow(obstacle),
        "cannot-connect" => Event::CannotConnect,
        "read-failed-for-good" => Event::ReadFailedForGood,
        "204" => Event::TriggerAccepted { date },
        "409" => Event::SyncAlreadyRunning,
        "429" => Event::TriggerTooSoon { retry_after, date },
        "may-have-run" => Event::TriggerMayHaveRun,
        "trigger-failed-for-now" => Event::TriggerFailedForNow(obstacle),
        "trigger-failed" => Event::TriggerFailed,
        "token-refused" => Event::TokenRefused,
        "token" => Event::Due,
        "no-token" => Event::NoToken,
        status => {
            let status = (status != "-").then_some(status);
            Event::SettingsRead { settings: settings(status, known("L"), known("T")), date }
        }
    }
}

fn written_command(command: &Command) -> String {
    let second = |time: &Duration| time.as_secs_f64();
    match command {
        Command::ReadSettings => "read".into(),
        Command::AskForToken => "ask-for-token".into(),
        Command::SendTrigger => "trigger".into(),
        Command::Pause { until, phase: Phase::Watching, .. } => format!("watch@{}", second(until)),
        Command::Pause { until, phase: Phase::Retrying, .. } => format!("retry@{}", second(until)),
        Command::Pause { next_step, phase: Phase::Window, .. } => format!("window@{}", second(next_step)),
        Command::Pause { phase, .. } => unreachable!("{phase:?} has no pause"),
        Command::Stop(StopReason::Read) => "settings".into(),
        Command::Stop(StopReason::Accepted) => "accepted".into(),
        Command::Stop(StopReason::AlreadyRunning) => "already-running".into(),
        Command::Stop(StopReason::Completed) => "completed".into(),
        Command::Stop(StopReason::JoinedCompleted) => "joined".into(),
        Command::Stop(StopReason::UpToDate) => "up-to-date".into(),
        Command::Stop(StopReason::TooSoon(None)) => "too-soon".into(),
        Command::Stop(StopReason::TooSoon(Some(next))) => format!("too-soon@{}", second(next)),
        Command::Stop(StopReason::Unconfirmed) => "unconfirmed".into(),
        Command::Stop(StopReason::SyncFailed) => "failed".into(),
        Command::Stop(StopReason::DeadlinePassed) => "deadline".into(),
        Command::Stop(StopReason::RequestFailed) => "request-failed".into(),
        Command::Stop(StopReason::Cancelled) => unreachable!("nobody cancelled"),
        Command::Stop(StopReason::TriggerMayHaveRun) => "trigger-may-have-run".into(),
    }
}

/// A wait that is being played.
struct Play {
    machine: Machine,
    now: Duration,
    /// What follows a pause.
    request: &'static str,
    command: Command,
}

impl Play {
    fn new(goal: Goal, deadline: f64, jitter: f64) -> Play {
        let [deadline, jitter] = [deadline, jitter].map(Duration::from_secs_f64);
        let terms = Terms {
            goal,
            began: began(),
            deadline,
            max_retries: 3,
            trigger_only: false,
            jitter,
            chance: u32::MAX / 2,
        };
        let mut machine = Machine::new(terms);
        let command = machine.next(Duration::ZERO, Event::Due);
        let first = if goal == Goal::Sync { "trigger" } else { "read" };
        assert_eq!(written_command(&command), first, "first of all");
        Play { machine, now: Duration::ZERO, request: first, command }
    }

    /// Plays a pause. A wait always reads after it.
    fn play_pause(&mut self) {
        if let Command::Pause { until, .. } = self.command {
            self.now = until;
            self.command = self.machine.next(until, Event::Due);
            let command = written_command(&self.command);
            assert_eq!(command, self.request, "after the pause until {until:?}");
        }
    }

    fn line(&mut self, line: &str) {
        let (at, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (event, expected) = rest.split_once("->").unwrap_or_else(|| panic!("{line}"));
        self.play_pause();
        let at = seconds(at);
        assert!(at >= self.now, "{line}: at {:?} nothing is read before {:?}", at, self.now);
        self.now = at;
        self.command = self.machine.next(at, self::event(event));
        assert_eq!(written_command(&self.command), expected.trim(), "{line}");
    }
}

fn play_with(deadline: f64, jitter: f64, lines: &str) -> Play {
    play_for(Goal::SyncAndWait, deadline, jitter, lines)
}

fn play_for(goal: Goal, deadline: f64, jitter: f64, lines: &str) -> Play {
    let mut play = Play::new(goal, deadline, jitter);
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

/// A wait whose trigger is accepted at second 0. The previous sync was at -1000.
fn accepted(lines: &str) -> Play {
    play(&format!("0 completed L=-1000 T=-1001 -> trigger \n 0 204 D=0 -> watch@2 \n {lines}"))
}

#[test]
fn without_a_baseline_the_answer_ends_the_wait() {
    for (answer, end) in [
        ("204 D=0", "unconfirmed"),
        ("409", "unconfirmed"),
        ("429 D=0", "too-soon"),
        ("429 retry=30", "too-soon@31"),
        ("may-have-run", "trigger-may-have-run"),
        ("trigger-failed", "request-failed"),
    ] {
        play(&format!("0 read-forbidden -> trigger \n 1 {answer} -> {end}"));
    }
}

#[test]
fn a_first_reading_that_fails_for_good_is_the_result() {
    for failure in ["read-failed-for-good", "cannot-connect"] {
        play(&format!("0 {failure} -> request-failed"));
        play(&format!("0 read-failed -> retry@3 \n 3 {failure} -> request-failed"));
    }
}

#[test]
fn a_first_reading_that_fails_for_now_is_repeated_until_the_deadline() {
    play("0 read-failed -> retry@3 \n 3 read-failed -> retry@7.5 \n 900 completed L=-1000 -> trigger");
    play("0 read-failed -> retry@3 \n 3 read-failed -> retry@7.5 \n 900 read-forbidden -> trigger");
    // The ordinary retries took a while; and the service may ask for more.
    play("7 read-failed -> retry@10 \n 10 read-failed retry=50 -> retry@60");
    let expected = [3.0, 7.5, 14.25, 24.375, 39.5625, 62.34375, 96.515625, 147.7734375, 207.7734375];
    assert_eq!(reading_times(LONG, "0 read-failed -> retry@3", "read-failed", 9), expected);
    let expected = [3.0, 7.5, 14.25, 19.0];
    assert_eq!(reading_times(20.0, "0 read-failed -> retry@3", "read-failed", 9), expected);
    play_until(20.0, "0 read-failed -> retry@3 \n 19 read-failed -> request-failed");
    play_until(20.0, "0 read-failed retry=30 -> request-failed");
}

#[test]
fn each_answer_has_its_next_step() {
    for (answer, command, trigger) in [
        ("204 D=0", "watch@3", Some(Trigger::Accepted)),
        ("204", "watch@3", Some(Trigger::Accepted)),
        ("409", "watch@3", Some(Trigger::Joined)),
        ("429", "read", None),
        ("may-have-run", "watch@3", None),
        ("trigger-failed", "request-failed", None),
    ] {
        for baseline in ["completed L=-1000", "inProgress L=-1000 T=-3", "failed L=never", "unknown L=never"]
        {
            let play = play(&format!("0 {baseline} -> trigger \n 1 {answer} -> {command}"));
            assert_eq!(play.machine.known_trigger(), trigger, "{answer}");
        }
    }
}

#[test]
fn nothing_comes_after_the_end() {
    let mut play = play("0 read-failed-for-good -> request-failed");
    assert_eq!(
        play.machine.next(Duration::from_secs(1), Event::Due),
        Command::Stop(StopReason::RequestFailed)
    );
}

#[test]
fn the_completed_of_the_previous_sync_is_not_believed() {
    accepted(
        "2 completed L=-1000 T=0 -> watch@5
         5 completed L=-1000 T=0 -> watch@9.5
         9.5 completed L=-1000 T=0 -> watch@16.25
         16.25 inProgress L=-1000 T=0 -> watch@26.375
         26.375 completed L=20 T=0 -> completed",
    );
}

#[test]
fn moved_times_are_believed_at_once_if_the_sync_was_seen_in_progress() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!("2 inProgress L=-1000 T=0 -> watch@5 \n 5 {status} L=4 T=0 -> {end}"));
        accepted(&format!("2 inProgress L=-1000 T=-1001 -> watch@5 \n 5 {status} L=4 T=-1001 -> {end}"));
    }
}

#[test]
fn moved_times_must_be_confirmed_if_the_sync_was_not_seen() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!(
            "2 {status} L=1 T=0 -> watch@7
             7 {status} L=1 T=0 -> {end}"
        ));
    }
}

/// They count from the reply of the first reading to the request of the last. Only the deadline shortens that.
#[test]
fn moved_times_need_exactly_five_seconds() {
    for (deadline, request, end) in [(8.0, "7", "completed"), (7.999, "6.999", "deadline")] {
        let first = format!("{ACCEPTED} \n 2 completed L=1 T=0 -> watch@{request}");
        for reply in [request, "7.9"] {
            play_until(deadline, &format!("{first} \n {reply} completed L=1 T=0 -> {end}"));
        }
    }
    accepted("3 completed L=1 T=0 -> watch@8 \n 8 completed L=1 T=0 -> completed");
}

/// Another sync starts, and L moves before the status does. A slow reply in between must not count as time.
#[test]
fn slow_replies_do_not_confirm_an_end() {
    play(
        "0.033 failed L=-1892 T=never -> trigger
         2.437 may-have-run -> watch@4.437
         4.47 failed L=4 T=never -> watch@9.47
         20 inProgress L=4 T=never -> watch@20
         26.5 failed L=4 T=never -> watch@31.5
         31.6 failed L=26 T=never -> watch@36.6
         36.6 failed L=26 T=never -> failed",
    );
}

#[test]
fn one_reading_confirms_nothing() {
    accepted(
        "100 completed L=1 T=0 -> watch@105
         105 completed L=1 T=0 -> completed",
    );
}

#[test]
fn a_different_reading_in_between_starts_a_new_candidate() {
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
            "2 completed L=1 T=0 -> watch@7
             7 {between} T=0 -> watch@{next}
             12 completed L={sync} T=0 -> watch@17"
        ));
    }
}

#[test]
fn a_reading_that_tells_nothing_leaves_the_candidate_as_it_is() {
    for between in ["completed L=-1000 T=-1001", "inProgress L=0.5 T=0", "completed L=1 T=-1", "read-failed"]
    {
        accepted(&format!(
            "2 completed L=1 T=0 -> watch@7
             7 {between} -> watch@12
             12 completed L=1 T=0 -> completed"
        ));
    }
}

#[test]
fn a_stale_reading_does_not_show_the_sync() {
    // If it did, the third reading would be believed at once.
    accepted(
        "2 completed L=-1000 T=0 -> watch@5
         5 inProgress L=-2000 T=0 -> watch@9.5
         9.5 completed L=9 T=0 -> watch@14.5",
    );
    // Nor does it show an end.
    accepted(
        "2 inProgress L=3 T=0 -> watch@5
         5 completed L=2 T=0 -> watch@9.5
         9.5 completed L=9 T=-1 -> watch@16.25
         16.25 completed L=9 T=0 -> completed",
    );
}

#[test]
fn the_date_tells_the_end_from_that_of_the_previous_sync() {
    // Is the second reading believed, ten seconds after the first? The baseline is stale: it says -1000.
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
            (false, _) => ("5", "watch@12"),
            (true, "409") => ("7", "joined"),
            (true, _) => ("7", "completed"),
        };
        play(&format!(
            "0 completed L=-1000 T=-1001 -> trigger
             0 {answer} -> watch@2
             2 completed L={sync} T=-1001 -> watch@{next}
             12 completed L={sync} T=-1001 -> {end}"
        ));
    }
}

#[test]
fn an_end_before_the_last_trigger_is_another_syncs() {
    // Unless T is the baseline's, L must not be older than T: the end came before that trigger.
    for (sync, manual, command) in [
        ("5", "-1001", "completed"),
        ("5", "4", "completed"),
        ("5", "5", "completed"),
        ("5", "5.9", "completed"),
        ("5.8", "5.9", "watch@14.5"),
        ("5", "6", "watch@14.5"),
        // Stale: the baseline has a T.
        ("5", "never", "watch@16.25"),
    ] {
        accepted(&format!(
            "2 inProgress L=-1000 T=-1001 -> watch@5
             5 inProgress L=-1000 T=-1001 -> watch@9.5
             9.5 completed L={sync} T={manual} -> {command}"
        ));
    }
}

#[test]
fn the_very_first_sync_of_a_tenant_is_seen() {
    play(
        "0 unknown L=never T=never -> trigger
         0 204 D=0 -> watch@2
         2 completed L=1 T=0 -> watch@7
         7 completed L=1 T=0 -> completed",
    );
}

#[test]
fn unmoved_times_need_twenty_seconds_and_four_readings() {
    for (status, end) in [("completed", "completed"), ("failed", "failed")] {
        accepted(&format!(
            "2 inProgress L=-1000 T=0 -> watch@5
             5 inProgress L=-1000 T=0 -> watch@9.5
             9.5 {status} L=-1000 T=0 -> watch@14.5
             14.5 {status} L=-1000 T=0 -> watch@19.5
             19.5 {status} L=-1000 T=0 -> watch@24.5
             24.5 {status} L=-1000 T=0 -> watch@29.5
             29.5 {status} L=-1000 T=0 -> {end}"
        ));
    }
}

#[test]
fn unmoved_times_need_both_the_time_and_the_readings() {
    let two = "2 inProgress L=-1000 T=0 -> watch@5
         5 failed L=-1000 T=0 -> watch@10
         10 failed L=-1000 T=0 -> watch@15";
    accepted(&format!(
        "{two}
         15 read-failed retry=25 -> watch@40
         40 failed L=-1000 T=0 -> watch@45
         45 failed L=-1000 T=0 -> failed"
    ));
    let four = "15 failed L=-1000 T=0 -> watch@20 \n 20 failed L=-1000 T=0";
    for (deadline, request, end) in [(26.0, "25", "failed"), (25.999, "24.999", "deadline")] {
        let lines = format!("{ACCEPTED} \n {two} \n {four} -> watch@{request}");
        play_until(deadline, &format!("{lines} \n 25.5 failed L=-1000 T=0 -> {end}"));
    }
}

#[test]
fn a_candidate_is_dropped_when_the_sync_runs_on() {
    accepted(
        "2 inProgress L=-1000 T=0 -> watch@5
         5 completed L=-1000 T=0 -> watch@10
         10 completed L=-1000 T=0 -> watch@15
         15 inProgress L=-1000 T=0 -> watch@25.125
         26 completed L=-1000 T=0 -> watch@31
         31 completed L=-1000 T=0 -> watch@36
         36 completed L=-1000 T=0 -> watch@41
         41 completed L=-1000 T=0 -> watch@46
         46 completed L=-1000 T=0 -> completed",
    );
}

#[test]
fn a_sync_that_does_not_show_is_unconfirmed_after_two_minutes() {
    for status in ["completed", "failed"] {
        accepted(&format!(
            "100 {status} L=-1000 T=0 -> watch@100
             119.999 {status} L=-1000 T=0 -> watch@119.999
             120 {status} L=-1000 T=0 -> unconfirmed"
        ));
    }
}

#[test]
fn a_status_that_says_nothing_decides_nothing() {
    for status in ["unknown", "paused", "-", "inProgress"] {
        accepted(&format!("2 {status} L=-1000 T=0 -> watch@5 \n 500 {status} L=400 T=0 -> watch@500"));
    }
}

#[test]
fn two_minutes_do_not_cut_off_a_candidate() {
    accepted(
        "115 completed L=-1000 T=0 -> watch@115
         121 completed L=119 T=0 -> watch@126
         126 completed L=119 T=0 -> completed",
    );
}

#[test]
fn times_are_compared_at_the_coarser_precision() {
    // The same second with more digits is the same time.
    accepted("2 inProgress L=-1000 T=0 -> watch@5 \n 5 completed L=-1000.000 T=0 -> watch@10");
    for (sync, command) in [("-201", "watch@10"), ("-200.4", "watch@10"), ("-200", "completed")] {
        play(&format!(
            "0 completed L=-200.5 -> trigger
             0 204 D=0 -> watch@2
             2 inProgress L=-201 -> watch@5
             5 completed L={sync} -> {command}"
        ));
    }
    // A replica that writes fewer digits is not stale.
    play(
        "0 completed L=-1000 T=-1001 -> trigger
         0 204 D=0 -> watch@2
         2 inProgress L=-1000 T=0.7654321 -> watch@5
         5 completed L=0.7654322 T=0 -> completed",
    );
}

/// The start of the sync may have moved L. Then a stale replica may show it with the status of the previous sync.
#[test]
fn an_end_that_moved_no_time_since_in_progress_must_be_confirmed() {
    accepted(
        "2 inProgress L=0 T=0 -> watch@5
         5 completed L=0 T=0 -> watch@10
         10 inProgress L=0 T=0 -> watch@16.75
         16.75 completed L=16 T=0 -> completed",
    );
    accepted(
        "2 inProgress L=0 T=0 -> watch@5
         5 completed L=0 T=0 -> watch@10
         10 completed L=0 T=0 -> completed",
    );
}

#[test]
fn the_same_time_with_other_digits_confirms() {
    for (first, second) in [("1", "1.1234567"), ("1.1234567", "1.123")] {
        accepted(&format!("2 completed L={first} T=0 -> watch@7 \n 7 completed L={second} T=0 -> completed"));
    }
}

/// When the settings are read, if each reading brings the same event at once.
fn reading_times(deadline: f64, before: &str, answer: &str, count: usize) -> Vec<f64> {
    let mut play = play_until(deadline, before);
    let mut times = Vec::new();
    while times.len() < count && !matches!(play.command, Command::Stop(_)) {
        play.play_pause();
        times.push(play.now.as_secs_f64());
        play.command = play.machine.next(play.now, event(answer));
    }
    times
}

const ACCEPTED: &str = "0 completed L=-1000 T=-1001 -> trigger \n 0 204 D=0 -> watch@2";

#[test]
fn pauses_grow_from_two_to_fifteen_seconds() {
    for answer in ["inProgress L=-1000 T=0", "read-failed", "unknown L=-1000 T=0", "completed L=-2000"] {
        let expected = [2.0, 5.0, 9.5, 16.25, 26.375, 41.375, 56.375, 71.375];
        assert_eq!(reading_times(LONG, ACCEPTED, answer, 8), expected, "{answer}");
    }
}

#[test]
fn slow_replies_do_not_shorten_the_pause_between_readings() {
    accepted(
        "4 inProgress L=-1000 T=0 -> watch@5
         6 inProgress L=-1000 T=0 -> watch@9.5
         20 inProgress L=-1000 T=0 -> watch@20",
    );
}

#[test]
fn one_last_reading_comes_just_before_the_deadline() {
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
            Some(first) => format!("0 completed L=-1000 -> trigger \n 0 204 D=0 -> watch@{first}"),
            None => "0 completed L=-1000 -> trigger \n 0 204 D=0 -> deadline".into(),
        };
        assert_eq!(reading_times(deadline, &before, "inProgress L=-1000", 99), expected, "{deadline}");
    }
}

#[test]
fn the_last_reading_may_bring_the_end() {
    let before = "0 completed L=-1000 -> trigger \n 0 204 D=0 -> watch@2 \n 2 inProgress L=-1000 -> watch@3";
    play_until(4.0, &format!("{before} \n 3 completed L=3 -> completed"));
    play_until(4.0, &format!("{before} \n 3.9 failed L=3 -> failed"));
    play_until(4.0, &format!("{before} \n 3 completed L=-1000 -> deadline"));
    play_until(4.0, &format!("{before} \n 4 read-failed -> deadline"));
}

#[test]
fn a_reading_that_failed_for_now_is_repeated_when_it_asks() {
    for (retry, next) in [("1", "5"), ("3", "5"), ("4", "6"), ("60", "62")] {
        accepted(&format!("2 read-failed retry={retry} -> watch@{next}"));
    }
    // The time counts from the reply, and once only.
    accepted("3 read-failed retry=7 -> watch@10 \n 10 read-failed -> watch@14.5");
    play_until(30.0, &format!("{ACCEPTED} \n 2 read-failed retry=28 -> deadline"));
    play_until(30.0, &format!("{ACCEPTED} \n 2 read-failed retry=27.5 -> watch@29.5"));
}

#[test]
fn a_reading_that_failed_for_good_ends_the_wait() {
    for refusal in ["read-forbidden", "read-failed-for-good"] {
        accepted("2 cannot-connect -> watch@5");
        accepted(&format!("2 {refusal} -> request-failed"));
        accepted(&format!("2 completed L=1 T=0 -> watch@7 \n 7 {refusal} -> request-failed"));
    }
}

#[test]
fn the_deadline_ends_each_state() {
    let end = |before: &str, expected: &str| {
        let mut play = play_until(30.0, before);
        let end = play.machine.next(Duration::from_secs(30), Event::Due);
        assert_eq!(written_command(&end), expected, "{before}");
    };
    let baseline = "0 completed L=-1000 T=-1001 -> trigger";
    // The pause took longer than ordered.
    end(&format!("{baseline} \n 0 204 D=0 -> watch@2"), "deadline");
    end(&format!("{baseline} \n 0 409 -> watch@2"), "deadline");
    end(&format!("{baseline} \n 0 may-have-run -> watch@2"), "deadline");
    // A reply at the deadline still gives its result, but starts no pause.
    for lines in [
        "30 read-failed -> request-failed",
        "30 read-forbidden -> trigger \n 30 204 -> unconfirmed",
        "30 read-forbidden -> trigger \n 30 429 -> too-soon",
        "30 completed L=-1000 -> trigger \n 30 trigger-failed -> request-failed",
        "0 completed L=-1000 -> trigger \n 30 trigger-failed -> request-failed",
        "0 completed L=-1000 -> trigger \n 30 204 D=30 -> deadline",
        "0 completed L=-1000 -> trigger \n 30 409 -> deadline",
        "0 completed L=-1000 -> trigger \n 30 may-have-run -> deadline",
        "0 completed L=-100 -> trigger \n 30 429 D=30 -> read \n 30 read-failed -> too-soon@510",
        "0 completed L=-5000 -> trigger \n 20 429 retry=1 -> read \n 30 read-failed -> too-soon@21",
        "0 completed L=-1000 -> trigger \n 0 204 D=0 -> watch@2 \n 30 inProgress L=-1000 -> deadline",
        "0 completed L=-1000 -> trigger \n 0 204 D=0 -> watch@2 \n 31 read-failed -> deadline",
        "0 completed L=-1000 -> trigger \n 0 may-have-run -> watch@2 \n 30 completed L=-1000 -> deadline",
        "0 completed L=-1000 -> trigger \n 0 may-have-run -> watch@2 \n 31 read-failed -> deadline",
    ] {
        play_until(30.0, lines);
    }
}
