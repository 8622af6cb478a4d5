//! The emulator's tenant, with all that is unknown of the service drawn at random. Times are milliseconds since the
//! start of the wait; the tenant's own clock is days away.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Marks, Order, Past, Run, SyncStatus, Tenant, TriggerAnswer, WindowFrom};
use chrono::{DateTime, Utc};

use super::random::Random;
use super::unknowns::{Other, RetryAfter, SECOND, Unknowns};
use crate::outcome::Settings;
use crate::text::{Object, Time, Token};

/// 2026-01-02T00:00:00Z.
const EPOCH: i64 = 1_767_312_000_000;

/// Long before the wait.
const EVER: i64 = i64::MIN / 4;

/// A sync.
#[derive(Debug, Clone)]
pub(super) struct Sync {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) failed: bool,
    /// When it has written everything.
    pub(super) settled: i64,
}

/// What a reading shows.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// The time of the state that it shows.
    pub(super) of: i64,
    pub(super) status: &'static str,
    pub(super) sync: Option<i64>,
    /// The sync that wrote `sync`. None if that was before the first one here.
    pub(super) sync_by: Option<usize>,
    pub(super) manual: Option<i64>,
}

/// How the service took a trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Accepted(usize),
    Running,
    TooSoon(Option<i64>),
}

pub(super) struct Drawn {
    pub(super) unknowns: Unknowns,
    random: Random,
    tenant: Tenant,
    pub(super) syncs: Vec<Sync>,
    readings: usize,
}

impl Drawn {
    pub(super) fn new(unknowns: Unknowns, mut random: Random) -> Drawn {
        let idle = [SyncStatus::Unknown, SyncStatus::Completed, SyncStatus::Failed];
        let mut behaviour = Behaviour {
            order: if unknowns.window_first { Order::WindowFirst } else { Order::ConflictFirst },
            window_from: random.one_of(&[WindowFrom::Both, WindowFrom::LastSync]),
            last_sync_marks: unknowns.marks,
            failure_moves_last_sync: unknowns.failing_moves,
            accepted_stamps: unknowns.stamps_204,
            conflict_stamps: unknowns.stamps_409,
            too_soon_stamps: unknowns.stamps_429,
            refusal_extends_window: unknowns.refusal_extends_window,
            idle_status: random.one_of(&idle),
            last_sync: Past::Never,
            last_trigger: Past::Never,
            ..Behaviour::default()
        };
        // The previous sync: a while ago and before all others, or never.
        if random.chance(85) {
            let first = unknowns.others.first().map_or(0, |other| other.at.min(0) - unknowns.rest);
            let ago = random.between(1, 4000) * SECOND + random.between(0, 999) - first;
            behaviour.idle_status =
                random.one_of(&[SyncStatus::Completed, SyncStatus::Completed, SyncStatus::Failed]);
            behaviour.last_sync = Past::Ago(duration(ago));
            if random.chance(70) {
                let before = random.one_of(&[0, 500, 5000, 4_000_000]);
                behaviour.last_trigger = Past::Ago(duration(ago + before));
            }
        }
        let tenant = Tenant::new(behaviour, instant(unknowns.clock, 0));
        Drawn { unknowns, random, tenant, syncs: Vec::new(), readings: 0 }
    }

    /// The service's time at the start of the wait, in milliseconds since 1970.
    pub(super) fn clock(&self) -> i64 {
        EPOCH + self.unknowns.clock
    }

    /// The tenant's time.
    fn at(&self, time: i64) -> DateTime<Utc> {
        instant(self.unknowns.clock, time)
    }

    fn back(&self, time: DateTime<Utc>) -> i64 {
        time.timestamp_millis() - EPOCH - self.unknowns.clock
    }

    /// Starts the syncs of others that are due.
    fn advance(&mut self, now: i64) {
        while let Some(other) = self.unknowns.others.first().cloned() {
            let Other { at, is_manual } = other;
            let at = if is_manual { at } else { at.max(self.rested()) };
            if at > now {
                return;
            }
            self.unknowns.others.remove(0);
            if is_manual {
                self.post(at);
            } else {
                let delay = self.draw_sync();
                self.tenant.start_sync(self.at(at), self.at(at + delay));
                self.note_sync();
            }
        }
    }

    pub(super) fn trigger(&mut self, now: i64) -> Fate {
        self.advance(now);
        if self.random.chance(self.unknowns.throttling) {
            let is_told = self.unknowns.retry_after != RetryAfter::Absent;
            return Fate::TooSoon(is_told.then(|| self.random.between(1, 120)));
        }
        self.post(now)
    }

    fn post(&mut self, now: i64) -> Fate {
        let rested = self.rested();
        if rested > now && !self.tenant.is_running(self.at(now)) {
            return Fate::TooSoon(self.wait(now, rested));
        }
        self.draw_sync();
        match self.tenant.post(self.at(now)) {
            TriggerAnswer::Accepted => Fate::Accepted(self.note_sync()),
            TriggerAnswer::Running => Fate::Running,
            TriggerAnswer::TooSoon { until } => Fate::TooSoon(self.wait(now, self.back(until))),
        }
    }

    /// The 429's Retry-After, in seconds.
    fn wait(&mut self, now: i64, opening: i64) -> Option<i64> {
        let left = (opening - now) / SECOND + 1;
        match self.unknowns.retry_after {
            RetryAfter::Absent => None,
            RetryAfter::Seconds => Some(self.random.between(1, 60)),
            RetryAfter::Window => Some(left),
            RetryAfter::Longer => Some(left - 1 + self.random.between(1, 400)),
        }
    }

    /// The end of the rest after the last sync.
    fn rested(&self) -> i64 {
        self.syncs.last().map_or(EVER, |sync| sync.settled + self.unknowns.rest)
    }

    /// Draws how the next sync goes. Returns how long after its acceptance it is shown.
    fn draw_sync(&mut self) -> i64 {
        let Unknowns { longest_delay, longest_run, failing, marks, marks_early, mark_delay, .. } =
            self.unknowns;
        let delay = self.random.between(0, longest_delay);
        // Of every magnitude up to the longest.
        let scale = self.random.one_of(&[1, 4, 20, 100]);
        let length = self.random.between(50, (longest_run / scale).max(100));
        // A sync that ends before it is shown is never in progress.
        let shown = delay.min(length);
        let mark_delay = match marks {
            Marks::Acceptance if marks_early => 0,
            Marks::Acceptance => shown,
            _ => mark_delay,
        };
        let since_end = self.syncs.last().filter(|_| self.unknowns.window_since_end);
        let window = self.unknowns.window + since_end.map_or(0, |sync| sync.end - sync.start);
        let failing = u32::from(self.random.chance(failing));
        let behaviour = self.tenant.behaviour_mut();
        behaviour.start_delay = duration(shown);
        behaviour.duration = duration(length - shown);
        behaviour.last_sync_delay = duration(mark_delay);
        behaviour.window = duration(window);
        behaviour.failing_runs = failing;
        shown
    }

    fn note_sync(&mut self) -> usize {
        let Run { accepted, end, outcome, marks, .. } = self.tenant.runs().last().expect("one has begun");
        let settled = marks.iter().map(|(seen, _)| *seen).fold(*end, DateTime::max);
        let [start, end, settled] = [*accepted, *end, settled].map(|time| self.back(time));
        self.syncs.push(Sync { start, end, failed: *outcome == SyncStatus::Failed, settled });
        self.syncs.len() - 1
    }

    fn snapshot(&self, of: i64) -> Snapshot {
        let at = self.at(of);
        let shown = self.tenant.view(at);
        let wrote =
            |run: &Run| run.marks.iter().any(|(seen, mark)| *seen <= at && Some(*mark) == shown.last_sync);
        Snapshot {
            of,
            status: shown.status.as_str(),
            sync: shown.last_sync.map(|time| self.back(time)),
            sync_by: self.tenant.runs().iter().rposition(wrote),
            manual: shown.last_trigger.map(|time| self.back(time)),
        }
    }

    /// A reading from one of the replicas, which may lag.
    pub(super) fn read(&mut self, now: i64, is_before: bool) -> (Snapshot, Settings) {
        self.advance(now);
        self.readings += 1;
        let replica =
            if self.unknowns.alternates { self.readings % 2 } else { self.random.between(0, 1) as usize };
        let lag = self.unknowns.lags[replica];
        let lag = if self.unknowns.lag_is_fixed { lag } else { self.random.between(0, lag) };
        let of = match self.unknowns.frozen {
            Some((of, until)) if now < until && !self.is_running(of) => of,
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
        (state, settings)
    }

    fn is_running(&self, of: i64) -> bool {
        self.syncs.iter().any(|sync| sync.start <= of && of < sync.settled)
    }

    fn written(&self, time: i64, digits: usize) -> String {
        let time = EPOCH + self.unknowns.clock + time;
        let seconds = DateTime::from_timestamp(time.div_euclid(1000), 0).unwrap();
        // Tenths of a microsecond: the milliseconds, and digits that are always the same.
        let fraction = format!("{:03}4567", time.rem_euclid(1000));
        let point = if digits == 0 { "" } else { "." };
        format!("{:?}{point}{}Z", seconds.naive_utc(), &fraction[..digits])
    }

    /// The service's time, counted from the start of the wait.
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

fn instant(clock: i64, time: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(EPOCH + clock + time).expect("a year of four digits")
}

pub(super) fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(milliseconds.max(0) as u64)
}
