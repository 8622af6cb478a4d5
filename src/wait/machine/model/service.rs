//! A service with every unknown drawn at random. Times are milliseconds since the wait began; what it writes is by its
//! own clock, days away.

use std::time::Duration;

use super::Random;
use crate::outcome::{Settings, SyncStatus};
use crate::text::{Object, Time, Token};

/// 2026-01-02T00:00:00Z.
const EPOCH: i64 = 1_767_312_000_000;

/// Long before the wait: where the state that was always there begins.
const EVER: i64 = i64::MIN / 4;

pub(super) const SECOND: i64 = 1000;

/// When a run writes `lastSyncDateTime`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Start,
    End,
    Both,
}

/// What the 429 says of the time to wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RetryAfter {
    Absent,
    Seconds,
    Window,
    Longer,
}

/// What is documented nowhere, as drawn for one timeline.
#[derive(Debug, Clone)]
pub(super) struct Unknowns {
    pub(super) clock: i64,
    pub(super) has_date: bool,
    pub(super) date_skew: i64,
    /// How old a replica's readings are at most, or always.
    pub(super) lags: [i64; 2],
    pub(super) lag_is_fixed: bool,
    pub(super) alternates: bool,
    pub(super) sync_digits: [usize; 2],
    pub(super) manual_digits: [usize; 2],
    /// Percent of the readings with a status that this version does not know.
    pub(super) strange_status: u64,
    /// Percent of the triggers that get a 429 though no window holds.
    pub(super) throttling: u64,
    pub(super) window: i64,
    pub(super) window_since_end: bool,
    pub(super) retry_after: RetryAfter,
    pub(super) window_first: bool,
    pub(super) stamps_204: bool,
    pub(super) stamps_409: bool,
    pub(super) stamps_429: bool,
    pub(super) mark: Mark,
    /// Whether the start is written when it happens, or when it is shown.
    pub(super) marks_early: bool,
    pub(super) longest_delay: i64,
    pub(super) longest_run: i64,
    /// How long after the status an end is written.
    pub(super) mark_delay: i64,
    pub(super) failing: u64,
    pub(super) failing_moves: bool,
    /// From the end of one sync to another's beginning at least.
    pub(super) rest: i64,
    /// Whether the readings before a trigger are always of now.
    pub(super) is_fresh_before: bool,
    /// All replicas stand still at the first time, until the second.
    pub(super) frozen: Option<(i64, i64)>,
    pub(super) others: Vec<Other>,
}

#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) at: i64,
    pub(super) is_manual: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) failed: bool,
    /// When nothing of it will change any more.
    pub(super) settled: i64,
}

/// A change of the resource.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: i64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Status(&'static str),
    Sync(i64, usize),
    Manual(i64),
}

/// The resource as it was at some time.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// When it was like that.
    pub(super) of: i64,
    pub(super) status: &'static str,
    pub(super) sync: Option<i64>,
    /// The run that wrote `sync`.
    pub(super) sync_by: Option<usize>,
    pub(super) manual: Option<i64>,
}

/// How the service took a trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Accepted(usize),
    Running(usize),
    TooSoon(Option<i64>),
}

pub(super) struct Service {
    pub(super) unknowns: Unknowns,
    random: Random,
    changes: Vec<Change>,
    pub(super) runs: Vec<Run>,
    readings: usize,
}

impl Service {
    pub(super) fn new(unknowns: Unknowns, mut random: Random) -> Service {
        let mut changes =
            vec![Change { at: EVER, what: What::Status(random.one_of(&["unknown", "completed", "failed"])) }];
        // The sync before: a while ago and before all others, or never.
        if random.chance(85) {
            let first = unknowns.others.first().map_or(0, |other| other.at.min(0) - unknowns.rest);
            let ago = first - random.between(1, 4000) * SECOND - random.between(0, 999);
            changes[0].what = What::Status(random.one_of(&["completed", "completed", "failed"]));
            changes.push(Change { at: EVER, what: What::Sync(ago, usize::MAX) });
            if random.chance(70) {
                let before = random.one_of(&[0, 500, 5000, 4_000_000]);
                changes.push(Change { at: EVER, what: What::Manual(ago - before) });
            }
        }
        Service { unknowns, random, changes, runs: Vec::new(), readings: 0 }
    }

    /// Lets others begin their syncs until now.
    pub(super) fn advance(&mut self, now: i64) {
        while let Some(other) = self.unknowns.others.first().cloned() {
            let free = self.runs.last().map_or(EVER, |run| run.settled + self.unknowns.rest);
            let at = if other.is_manual { other.at } else { other.at.max(free) };
            if at > now {
                return;
            }
            self.unknowns.others.remove(0);
            if !other.is_manual {
                self.begin(at);
            } else if self.running(at).is_none() && at >= free && self.opening(at).is_none() {
                self.change(at, What::Manual(at));
                self.begin(at);
            } else if self.unknowns.stamps_429 {
                self.change(at, What::Manual(at));
            }
        }
    }

    pub(super) fn trigger(&mut self, now: i64) -> Fate {
        self.advance(now);
        let (running, opening) = (self.running(now), self.opening(now));
        match (running, opening) {
            (Some(run), None) => self.refuse(now, self.unknowns.stamps_409, Fate::Running(run)),
            (Some(run), Some(_)) if !self.unknowns.window_first => {
                self.refuse(now, self.unknowns.stamps_409, Fate::Running(run))
            }
            (_, Some(opening)) => {
                let wait = match self.unknowns.retry_after {
                    RetryAfter::Absent => None,
                    RetryAfter::Seconds => Some(self.random.between(1, 60)),
                    RetryAfter::Window => Some((opening - now) / SECOND + 1),
                    RetryAfter::Longer => Some((opening - now) / SECOND + self.random.between(1, 400)),
                };
                self.refuse(now, self.unknowns.stamps_429, Fate::TooSoon(wait))
            }
            (None, None) if self.random.chance(self.unknowns.throttling) => {
                let wait =
                    (self.unknowns.retry_after != RetryAfter::Absent).then(|| self.random.between(1, 120));
                self.refuse(now, self.unknowns.stamps_429, Fate::TooSoon(wait))
            }
            (None, None) => {
                if self.unknowns.stamps_204 {
                    self.change(now, What::Manual(now));
                }
                Fate::Accepted(self.begin(now))
            }
        }
    }

    fn refuse(&mut self, now: i64, stamps: bool, fate: Fate) -> Fate {
        if stamps {
            self.change(now, What::Manual(now));
        }
        fate
    }

    /// A run, with all that it will write.
    fn begin(&mut self, start: i64) -> usize {
        let id = self.runs.len();
        let Unknowns { longest_delay, longest_run, failing, mark, marks_early, mark_delay, .. } =
            self.unknowns;
        let delay = self.random.between(0, longest_delay);
        // Mostly short against the longest: every magnitude has its share.
        let scale = self.random.one_of(&[1, 4, 20, 100]);
        let end = start + self.random.between(50, (longest_run / scale).max(100));
        let shown = start + delay;
        let failed = self.random.chance(failing);
        let moves = !failed || self.unknowns.failing_moves;
        if shown < end {
            self.change(shown, What::Status("inProgress"));
        }
        if moves && mark != Mark::End {
            self.change(if marks_early { start } else { shown.min(end) }, What::Sync(start, id));
        }
        self.change(end, What::Status(if failed { "failed" } else { "completed" }));
        let settled = if moves && mark != Mark::Start { end + mark_delay } else { end };
        if settled > end || (moves && mark != Mark::Start) {
            self.change(settled, What::Sync(end, id));
        }
        self.runs.push(Run { start, end, failed, settled });
        id
    }

    fn change(&mut self, at: i64, what: What) {
        let place = self.changes.partition_point(|change| change.at <= at);
        self.changes.insert(place, Change { at, what });
    }

    pub(super) fn running(&self, now: i64) -> Option<usize> {
        self.runs.iter().position(|run| run.start <= now && now < run.settled)
    }

    /// When the window ends and the rest after the last sync, if they are not over.
    fn opening(&self, now: i64) -> Option<i64> {
        let state = self.snapshot(now);
        let end = self
            .runs
            .iter()
            .map(|run| run.end)
            .filter(|end| self.unknowns.window_since_end && *end <= now)
            .max();
        let last = state.sync.max(state.manual).max(end);
        let is_over = |run: &&Run| run.settled <= now;
        let rested = self.runs.iter().filter(is_over).map(|run| run.settled + self.unknowns.rest).max();
        last.map(|last| last + self.unknowns.window).max(rested).filter(|opening| *opening > now)
    }

    pub(super) fn snapshot(&self, of: i64) -> Snapshot {
        let mut state = Snapshot { of, status: "unknown", sync: None, sync_by: None, manual: None };
        for change in self.changes.iter().take_while(|change| change.at <= of) {
            match change.what {
                What::Status(status) => state.status = status,
                What::Sync(time, by) => (state.sync, state.sync_by) = (Some(time), Some(by)),
                What::Manual(time) => state.manual = Some(time),
            }
        }
        state
    }

    /// What one of the replicas says, as it was a little earlier.
    pub(super) fn read(&mut self, now: i64, is_before: bool) -> (Snapshot, Settings) {
        self.advance(now);
        self.readings += 1;
        let replica =
            if self.unknowns.alternates { self.readings % 2 } else { self.random.between(0, 1) as usize };
        let lag = self.unknowns.lags[replica];
        let lag = if self.unknowns.lag_is_fixed { lag } else { self.random.between(0, lag) };
        let of = match self.unknowns.frozen {
            Some((of, until)) if now < until && self.running(of).is_none() => of,
            _ if is_before && self.unknowns.is_fresh_before => now,
            _ => now - lag,
        };
        let mut state = self.snapshot(of);
        if self.random.chance(self.unknowns.strange_status) {
            state.status = "paused";
        }
        let time = |time: Option<i64>, digits: [usize; 2]| {
            time.map_or("0001-01-01T00:00:00Z".into(), |time| self.written(time, digits[replica]))
        };
        let body = format!(
            r#"{{"id":"x","syncStatus":"{}","lastSyncDateTime":"{}","lastManualSyncTriggerDateTime":"{}"}}"#,
            state.status,
            time(state.sync, self.unknowns.sync_digits),
            time(state.manual, self.unknowns.manual_digits),
        );
        let settings =
            Settings::read(&Object::read(body.as_bytes()).unwrap(), Token::new("x").unwrap()).expect(&body);
        debug_assert_eq!(settings.status().map(SyncStatus::as_str), Some(state.status));
        (state, settings)
    }

    fn written(&self, time: i64, digits: usize) -> String {
        let time = EPOCH + self.unknowns.clock + time;
        let seconds = chrono::DateTime::from_timestamp(time.div_euclid(1000), 0).unwrap();
        // Tenths of a microsecond: the milliseconds, and digits that are always the same.
        let fraction = format!("{:03}4567", time.rem_euclid(1000));
        let point = if digits == 0 { "" } else { "." };
        format!("{:?}{point}{}Z", seconds.naive_utc(), &fraction[..digits])
    }

    /// The time that it tells, in the machine's count.
    pub(super) fn date_at(&self, now: i64) -> Option<i64> {
        self.unknowns.has_date.then_some(now + self.unknowns.date_skew)
    }

    /// The `Date` of a reply that is written now.
    pub(super) fn date(&self, now: i64) -> Option<Time> {
        self.date_at(now).map(|date| Time::parse(&self.written(date, 0)).unwrap())
    }

    /// A time as it can be compared with every other writing of it.
    pub(super) fn cut(&self, time: Option<i64>) -> Option<i64> {
        let digits =
            [self.unknowns.sync_digits, self.unknowns.manual_digits].concat().into_iter().min().unwrap();
        let unit = 10_i64.pow(3_u32.saturating_sub(digits as u32));
        time.map(|time| (EPOCH + self.unknowns.clock + time).div_euclid(unit) * unit)
    }

    /// From the `Date` of a reply that was written at `date` to a cut time.
    pub(super) fn since(&self, date: i64, cut: i64) -> i64 {
        cut - (EPOCH + self.unknowns.clock + date)
    }
}

pub(super) fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(milliseconds.max(0) as u64)
}
