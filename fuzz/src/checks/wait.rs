//! The wait's state machine, with a service that answers anything.
//!
//! An input is the goal, the deadline in tens of seconds, then five bytes for each event: what it is, how long it took,
//! and the times in it. When the input is over, every request fails.

mod change;
mod history;

use std::time::Duration;

use crate::service::retry::Obstacle;
use crate::text::Time;
use crate::wait::machine::{Command, Event, Machine, StopReason, Terms};
use change::Change;
use history::History;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// More than the longest wait needs.
const MOST_STEPS: usize = 4000;

/// The hour of all times begins at 2026-01-02T00:00:00Z, in seconds since 1970.
const HOUR: i64 = 1_767_312_000;

pub fn wait(data: &[u8]) {
    let (goal, deadline, data) = match data {
        [goal, deadline, data @ ..] => (*goal, *deadline, data),
        _ => (0, 90, data),
    };
    let deadline = seconds(10 * u64::from(deadline) + 1);
    let change = Change::drawn(goal);
    let mut machine = Machine::new(Terms {
        goal: change.goal(),
        began: change::began(),
        deadline,
        max_retries: 0,
        trigger_only: false,
        jitter: Duration::from_millis(4999),
        chance: 0,
    });
    let mut history = History::new(deadline, change);
    let mut inputs = data.chunks_exact(5).map(|input| input.try_into().expect("five bytes"));
    let (mut now, mut event) = (Duration::ZERO, Event::Due);
    for _ in 0..MOST_STEPS {
        let command = machine.next(now, event);
        history.ordered(now, &command, machine.known_trigger());
        let input: Option<[u8; 5]> =
            if matches!(command, Command::Pause { .. }) { None } else { inputs.next() };
        now += Duration::from_millis(input.map_or(100, |input| u64::from(input[1]) * 50));
        event = match command {
            Command::ReadSettings => input.map_or(Event::ReadFailedForNow(Obstacle::default()), read),
            Command::SendTrigger => input.map_or(Event::TriggerFailed, triggered),
            Command::AskForToken => panic!("no token was refused"),
            Command::Pause { until, .. } => {
                now = until;
                Event::Due
            }
            Command::Stop(_) => {
                assert_eq!(machine.next(now, Event::Due), Command::Stop(StopReason::RequestFailed));
                return;
            }
        };
        history.told(now, &event);
    }
    panic!("it does not end");
}

/// A reading, or why there is none.
fn read([what, _, sync, manual, date]: [u8; 5]) -> Event {
    let status = match what % 16 {
        0 => return Event::ReadForbidden,
        1 if sync % 2 == 1 => return Event::CannotConnect,
        1 => return Event::ReadFailedForGood,
        2 => return Event::ReadFailedForNow(obstacle(date)),
        3 => "unknown",
        4 => "paused",
        5 | 6 => "failed",
        7..=10 => "inProgress",
        _ => "completed",
    };
    let body = format!(
        r#"{{"syncStatus":"{status}","lastSyncDateTime":"{}","lastManualSyncTriggerDateTime":"{}"}}"#,
        written(sync),
        written(manual)
    );
    let settings = super::settings::read(body.as_bytes()).expect("settings");
    Event::SettingsRead { settings, date: date_of(date) }
}

fn triggered([what, _, _, retry, date]: [u8; 5]) -> Event {
    match what % 8 {
        0 => Event::TriggerFailed,
        1 | 2 => Event::TriggerMayHaveRun,
        3 => Event::SyncAlreadyRunning,
        5 => Event::TriggerFailedForNow(obstacle(retry)),
        4 => Event::TriggerTooSoon { retry_after: retry_after(retry), date: date_of(date) },
        _ => Event::TriggerAccepted { date: date_of(date) },
    }
}

/// Never; or seconds around an hour, every other with the digits that Intune writes.
fn written(byte: u8) -> String {
    match byte {
        0 => "0001-01-01T00:00:00Z".to_owned(),
        _ => {
            let seconds = u32::from(byte) * 14;
            let fraction = if byte.is_multiple_of(2) { "" } else { ".1234567" };
            format!(
                "2026-01-02T{:02}:{:02}:{:02}{fraction}Z",
                seconds / 3600,
                seconds / 60 % 60,
                seconds % 60
            )
        }
    }
}

/// None, or whole seconds.
fn date_of(byte: u8) -> Option<Time> {
    (byte != 0).then(|| Time::from_seconds(HOUR + i64::from(byte) * 14))
}

fn obstacle(byte: u8) -> Obstacle {
    Obstacle { retry_after: retry_after(byte), is_repeatable: byte.is_multiple_of(2), is_starting: false }
}

fn retry_after(byte: u8) -> Option<Duration> {
    (byte != 0).then(|| seconds(u64::from(byte) * 5))
}
