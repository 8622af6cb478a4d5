//! The state of one tenant. Every time is an argument.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::behaviour::{
    Behaviour, ConflictFrom, Marks, Order, Past, ReplicaReads, RetryAfter, SyncStatus, WindowFrom,
};
use crate::time::{after, before};

/// What the service answers to a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 204.
    Accepted,
    /// 409.
    Running,
    /// 429.
    TooSoon {
        /// When the window ends.
        until: DateTime<Utc>,
    },
}

/// The settings that a reading shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `id`.
    pub id: uuid::Uuid,
    /// `syncStatus`.
    pub status: SyncStatus,
    /// `lastSyncDateTime`.
    pub last_sync: Option<DateTime<Utc>>,
    /// `lastManualSyncTriggerDateTime`.
    pub last_trigger: Option<DateTime<Utc>>,
}

/// One tenant's syncs, past and running.
///
/// It keeps everything that happened with its time, because a lagging replica shows the state at an earlier moment.
#[derive(Clone, Debug)]
pub struct Tenant {
    behaviour: Behaviour,
    start: DateTime<Utc>,
    id: uuid::Uuid,
    runs: Vec<Run>,
    stamps: Vec<DateTime<Utc>>,
    refusals: Vec<DateTime<Utc>>,
    past_sync: Option<DateTime<Utc>>,
    due: Vec<DateTime<Utc>>,
    reads: u64,
}

/// A sync, and what the service shows about it.
#[derive(Clone, Debug)]
pub struct Run {
    /// When the service accepted the trigger, or started the sync by itself.
    pub accepted: DateTime<Utc>,
    /// When the status becomes `inProgress`.
    pub start: DateTime<Utc>,
    /// When the status becomes the outcome.
    pub end: DateTime<Utc>,
    /// `completed` or `failed`.
    pub outcome: SyncStatus,
    /// Values of `lastSyncDateTime`: when each is shown first, and the value.
    pub marks: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Tenant {
    /// A tenant as it is at `start`.
    pub fn new(behaviour: Behaviour, start: DateTime<Utc>) -> Self {
        let ago = |past| match past {
            Past::Never => None,
            Past::Ago(time) => Some(before(start, time)),
        };
        let mut due: Vec<_> = behaviour.own_syncs.iter().map(|time| after(start, *time)).collect();
        due.sort_unstable();
        Self {
            id: uuid::Uuid::new_v4(),
            runs: Vec::new(),
            stamps: ago(behaviour.last_trigger).into_iter().collect(),
            refusals: Vec::new(),
            past_sync: ago(behaviour.last_sync),
            due,
            reads: 0,
            start,
            behaviour,
        }
    }

    /// How the service treats it.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Changes apply to later syncs and requests. `last_sync`, `last_trigger` and `own_syncs` are read only at the start.
    pub fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }

    /// A trigger.
    pub fn post(&mut self, now: DateTime<Utc>) -> Answer {
        self.settle(now);
        let answer = self.answer(now);
        let stamps = match answer {
            Answer::Accepted => self.behaviour.accepted_stamps,
            Answer::Running => self.behaviour.conflict_stamps,
            Answer::TooSoon { .. } => self.behaviour.too_soon_stamps,
        };
        if stamps {
            self.stamps.push(now);
        }
        if answer == Answer::Accepted {
            self.start_sync(now, after(now, self.behaviour.start_delay));
        } else if self.behaviour.refusal_extends_window {
            self.refusals.push(now);
        }
        answer
    }

    /// A reading, from the replica whose turn it is.
    pub fn read(&mut self, now: DateTime<Utc>) -> Settings {
        self.settle(now);
        self.reads += 1;
        let lagging = match self.behaviour.replica_reads {
            ReplicaReads::All => true,
            ReplicaReads::Alternating => self.reads % 2 == 0,
        };
        self.view(if lagging { before(now, self.behaviour.replica_lag) } else { now })
    }

    /// The state at a time, without the lag of a replica.
    pub fn view(&self, at: DateTime<Utc>) -> Settings {
        let last_sync = self.marks_until(at).max().or(self.past_sync);
        let last_trigger = self.stamps.iter().copied().filter(|stamp| *stamp <= at).max();
        Settings { id: self.id, status: self.status(at), last_sync, last_trigger }
    }

    /// Starts a sync by the service itself. Returns `false` if one is running.
    pub fn own_sync(&mut self, now: DateTime<Utc>) -> bool {
        self.settle(now);
        let free = !self.is_running(now);
        if free {
            self.start_sync(now, now);
        }
        free
    }

    /// Starts a sync with these times, even if another one is running.
    pub fn start_sync(&mut self, accepted: DateTime<Utc>, start: DateTime<Utc>) {
        let end = after(start, self.behaviour.duration);
        let fails = take_one(&mut self.behaviour.failing_runs);
        let moments = match self.behaviour.last_sync_marks {
            _ if fails && !self.behaviour.failure_moves_last_sync => vec![],
            Marks::Acceptance => vec![accepted],
            Marks::Start => vec![start],
            Marks::End => vec![end],
            Marks::Both => vec![start, end],
        };
        let delay = self.behaviour.last_sync_delay;
        let marks = moments.into_iter().map(|moment| (after(moment, delay), moment)).collect();
        let outcome = if fails { SyncStatus::Failed } else { SyncStatus::Completed };
        self.runs.push(Run { accepted, start, end, outcome, marks });
    }

    /// All syncs since the start, oldest first.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Whether Graph's gateway throttles this request. Counts the request.
    pub(crate) fn is_throttled(&mut self) -> bool {
        take_one(&mut self.behaviour.throttled_requests)
    }

    /// The error that a reading gets now.
    pub(crate) fn failing_reading(&self, now: DateTime<Utc>) -> Option<u16> {
        let mut outages = self.behaviour.failing_readings.iter();
        outages.find(|outage| outage.span.contains(self.start, now)).map(|outage| outage.status)
    }

    fn answer(&self, now: DateTime<Utc>) -> Answer {
        let running = self.is_running(now).then_some(Answer::Running);
        let too_soon =
            self.window_end(now).filter(|until| now < *until).map(|until| Answer::TooSoon { until });
        let refusal = match self.behaviour.order {
            Order::ConflictFirst => running.or(too_soon),
            Order::WindowFirst => too_soon.or(running),
        };
        refusal.unwrap_or(Answer::Accepted)
    }

    /// Whether a trigger would conflict with a running sync.
    pub fn is_running(&self, now: DateTime<Utc>) -> bool {
        self.runs.iter().any(|run| {
            let from = match self.behaviour.conflict_from {
                ConflictFrom::Acceptance => run.accepted,
                ConflictFrom::Start => run.start,
            };
            from <= now && now < run.end
        })
    }

    fn status(&self, at: DateTime<Utc>) -> SyncStatus {
        if self.behaviour.failed_stands.iter().any(|span| span.contains(self.start, at)) {
            return SyncStatus::Failed;
        }
        if self.runs.iter().any(|run| run.start <= at && at < run.end) {
            return SyncStatus::InProgress;
        }
        let ended = self.runs.iter().filter(|run| run.end <= at).max_by_key(|run| run.end);
        ended.map_or(self.behaviour.idle_status, |run| run.outcome)
    }

    fn marks_until(&self, at: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        self.runs
            .iter()
            .flat_map(|run| &run.marks)
            .filter(move |(seen, _)| *seen <= at)
            .map(|(_, mark)| *mark)
    }

    /// The window counts from the latest sync: from its acceptance, its trigger time, or the
    /// `lastSyncDateTime` that it set.
    fn window_end(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let counting = self.runs.iter().filter(|run| now < run.end || !run.marks.is_empty());
        let stamps = match self.behaviour.window_from {
            WindowFrom::Both => self.stamps.as_slice(),
            WindowFrom::LastSync => &[],
        };
        let latest = counting
            .map(|run| run.accepted)
            .chain(self.marks_until(now))
            .chain(self.past_sync)
            .chain(self.refusals.iter().chain(stamps).copied())
            .max()?;
        Some(after(latest, self.behaviour.window))
    }

    /// Starts the service's own syncs that are due by now. It leaves out a sync if another one is running.
    fn settle(&mut self, now: DateTime<Utc>) {
        while self.due.first().is_some_and(|due| *due <= now) {
            let due = self.due.remove(0);
            if !self.is_running(due) {
                self.start_sync(due, due);
            }
        }
    }
}

/// The value of the `Retry-After` header.
pub(crate) fn retry_after(form: &RetryAfter, now: DateTime<Utc>, until: DateTime<Utc>) -> Option<String> {
    let date = |time: DateTime<Utc>| httpdate::fmt_http_date(SystemTime::from(time));
    match form {
        RetryAfter::Absent => None,
        RetryAfter::Seconds => {
            let left = until - now;
            let whole = left.num_seconds();
            Some((if TimeDelta::seconds(whole) < left { whole + 1 } else { whole }).to_string())
        }
        RetryAfter::Date => Some(date(until)),
        RetryAfter::Zero => Some("0".to_owned()),
        RetryAfter::Negative => Some("-5".to_owned()),
        RetryAfter::Past => Some(date(now - TimeDelta::hours(1))),
        RetryAfter::Garbage => Some("a while".to_owned()),
        RetryAfter::Huge => Some("99999999999999999999999".to_owned()),
        RetryAfter::Text(text) => Some(text.clone()),
    }
}

/// A time as the service writes it: seven fractional digits; the year 1 for never.
pub(crate) fn wire_time(time: Option<DateTime<Utc>>) -> String {
    match time {
        Some(time) => {
            format!("{}.{:07}Z", time.format("%Y-%m-%dT%H:%M:%S"), time.timestamp_subsec_nanos() / 100)
        }
        None => "0001-01-01T00:00:00Z".to_owned(),
    }
}

/// Counts down; `u32::MAX` never runs out.
fn take_one(count: &mut u32) -> bool {
    let any = *count > 0;
    if any && *count != u32::MAX {
        *count -= 1;
    }
    any
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A tenant that starts at `at(0.0)`.
    fn tenant(behaviour: Behaviour) -> Tenant {
        Tenant::new(behaviour, at(0.0))
    }

    fn at(seconds: f64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds((seconds * 1000.0) as i64)
    }

    /// The seconds of a time.
    fn seconds(time: Option<DateTime<Utc>>) -> Option<f64> {
        time.map(|time| (time - at(0.0)).num_milliseconds() as f64 / 1000.0)
    }

    /// No sync before; a sync starts after one second and runs for ten.
    fn fresh() -> Behaviour {
        Behaviour { last_sync: Past::Never, last_trigger: Past::Never, ..Behaviour::default() }
    }

    #[test]
    fn a_run_from_trigger_to_window() {
        let mut tenant = tenant(fresh());
        assert_eq!(tenant.post(at(0.0)), Answer::Accepted);
        let table = [
            (0.0, SyncStatus::Completed, None),
            (0.999, SyncStatus::Completed, None),
            (1.0, SyncStatus::InProgress, None),
            (10.999, SyncStatus::InProgress, None),
            (11.0, SyncStatus::Completed, Some(11.0)),
        ];
        for (time, status, last_sync) in table {
            let settings = tenant.read(at(time));
            assert_eq!((settings.status, seconds(settings.last_sync)), (status, last_sync), "at {time}");
            assert_eq!(seconds(settings.last_trigger), Some(0.0));
        }
        assert_eq!(tenant.post(at(10.999)), Answer::Running);
        assert_eq!(tenant.post(at(11.0)), Answer::TooSoon { until: at(611.0) });
        assert_eq!(tenant.post(at(610.999)), Answer::TooSoon { until: at(611.0) });
        assert_eq!(tenant.post(at(611.0)), Answer::Accepted);
    }

    #[test]
    fn the_past_counts_for_the_window() {
        let past = Behaviour { last_sync: Past::Ago(SECOND * 100), ..fresh() };
        assert_eq!(tenant(past).post(at(0.0)), Answer::TooSoon { until: at(500.0) });
        let trigger = Behaviour { last_trigger: Past::Ago(SECOND * 60), ..Behaviour::default() };
        assert_eq!(tenant(trigger.clone()).post(at(0.0)), Answer::TooSoon { until: at(540.0) });
        let last_sync_only = Behaviour { window_from: WindowFrom::LastSync, ..trigger };
        assert_eq!(tenant(last_sync_only).post(at(0.0)), Answer::Accepted);
        let default = tenant(Behaviour::default());
        assert_eq!(seconds(default.view(at(0.0)).last_sync), Some(-86_400.0));
        assert_eq!(seconds(default.view(at(0.0)).last_trigger), Some(-86_400.0));
    }

    #[test]
    fn the_order_of_409_and_429() {
        for (order, answer) in [
            (Order::ConflictFirst, Answer::Running),
            (Order::WindowFirst, Answer::TooSoon { until: at(600.0) }),
        ] {
            let mut tenant = tenant(Behaviour { order, ..fresh() });
            tenant.post(at(0.0));
            assert_eq!(tenant.post(at(5.0)), answer);
        }
    }

    #[test]
    fn a_conflict_from_the_start_only() {
        let mut tenant = tenant(Behaviour { conflict_from: ConflictFrom::Start, ..fresh() });
        tenant.post(at(0.0));
        assert_eq!(tenant.post(at(0.5)), Answer::TooSoon { until: at(600.0) });
        assert_eq!(tenant.post(at(1.0)), Answer::Running);
    }

    #[test]
    fn what_last_sync_marks() {
        let table = [
            (Marks::Acceptance, [Some(0.0), Some(0.0), Some(0.0), Some(0.0)]),
            (Marks::Start, [None, Some(1.0), Some(1.0), Some(1.0)]),
            (Marks::End, [None, None, None, Some(11.0)]),
            (Marks::Both, [None, Some(1.0), Some(1.0), Some(11.0)]),
        ];
        for (last_sync_marks, expected) in table {
            let mut tenant = tenant(Behaviour { last_sync_marks, ..fresh() });
            tenant.post(at(0.0));
            let shown = [0.9, 1.0, 10.9, 11.0].map(|time| seconds(tenant.view(at(time)).last_sync));
            assert_eq!(shown, expected, "{last_sync_marks:?}");
        }
    }

    #[test]
    fn last_sync_may_move_late() {
        let mut tenant = tenant(Behaviour { last_sync_delay: SECOND * 3, ..fresh() });
        tenant.post(at(0.0));
        assert_eq!(tenant.view(at(13.9)).last_sync, None);
        assert_eq!(seconds(tenant.view(at(14.0)).last_sync), Some(11.0));
    }

    #[test]
    fn a_failing_run_and_the_window() {
        for (failure_moves_last_sync, window_from, last_sync, answer) in [
            (true, WindowFrom::Both, Some(11.0), Answer::TooSoon { until: at(611.0) }),
            (false, WindowFrom::Both, None, Answer::TooSoon { until: at(600.0) }),
            (false, WindowFrom::LastSync, None, Answer::Accepted),
        ] {
            let mut tenant =
                tenant(Behaviour { failing_runs: 1, failure_moves_last_sync, window_from, ..fresh() });
            tenant.post(at(0.0));
            let settings = tenant.read(at(12.0));
            assert_eq!((settings.status, seconds(settings.last_sync)), (SyncStatus::Failed, last_sync));
            assert_eq!(tenant.post(at(12.0)), answer);
            assert_eq!(tenant.behaviour().failing_runs, 0);
        }
    }

    #[test]
    fn what_stamps_the_trigger_time() {
        let stamped = |behaviour: Behaviour| {
            let mut tenant = tenant(behaviour);
            tenant.post(at(0.0));
            let accepted = seconds(tenant.view(at(0.0)).last_trigger);
            tenant.post(at(5.0));
            let conflict = seconds(tenant.view(at(5.0)).last_trigger);
            tenant.post(at(20.0));
            [accepted, conflict, seconds(tenant.view(at(20.0)).last_trigger)]
        };
        assert_eq!(stamped(fresh()), [Some(0.0), Some(0.0), Some(0.0)]);
        assert_eq!(stamped(Behaviour { accepted_stamps: false, ..fresh() }), [None, None, None]);
        assert_eq!(
            stamped(Behaviour { conflict_stamps: true, ..fresh() }),
            [Some(0.0), Some(5.0), Some(5.0)]
        );
        assert_eq!(
            stamped(Behaviour { too_soon_stamps: true, ..fresh() }),
            [Some(0.0), Some(0.0), Some(20.0)]
        );
    }

    #[test]
    fn a_refusal_may_extend_the_window() {
        let mut tenant = tenant(Behaviour { refusal_extends_window: true, ..fresh() });
        tenant.post(at(0.0));
        assert_eq!(tenant.post(at(20.0)), Answer::TooSoon { until: at(611.0) });
        assert_eq!(tenant.post(at(30.0)), Answer::TooSoon { until: at(620.0) });
    }

    #[test]
    fn a_failed_status_may_stand() {
        let mut tenant =
            tenant(Behaviour { failed_stands: vec!["5s..60s".parse().expect("a span")], ..fresh() });
        tenant.post(at(0.0));
        let mut shown = |time| (tenant.read(at(time)).status, seconds(tenant.view(at(time)).last_sync));
        assert_eq!(shown(4.0), (SyncStatus::InProgress, None));
        assert_eq!(shown(5.0), (SyncStatus::Failed, None));
        assert_eq!(shown(30.0), (SyncStatus::Failed, Some(11.0)));
        assert_eq!(shown(60.0), (SyncStatus::Completed, Some(11.0)));
    }

    #[test]
    fn replicas_lag() {
        let lagging = Behaviour { replica_lag: SECOND * 4, ..fresh() };
        let mut all = tenant(lagging.clone());
        all.post(at(0.0));
        assert_eq!((all.read(at(3.9)).last_trigger, all.read(at(4.9)).status), (None, SyncStatus::Completed));
        assert_eq!(all.read(at(5.0)).status, SyncStatus::InProgress);
        let mut alternating = tenant(Behaviour { replica_reads: ReplicaReads::Alternating, ..lagging });
        alternating.post(at(0.0));
        let mut read = || alternating.read(at(2.0)).status;
        assert_eq!(
            [read(), read(), read()],
            [SyncStatus::InProgress, SyncStatus::Completed, SyncStatus::InProgress]
        );
    }

    #[test]
    fn the_service_syncs_by_itself() {
        let own_syncs = vec![SECOND * 100, SECOND * 50, SECOND * 105];
        let mut tenant = tenant(Behaviour { own_syncs, ..fresh() });
        assert_eq!(tenant.read(at(49.9)).last_sync, None);
        assert_eq!(tenant.read(at(50.0)).status, SyncStatus::InProgress);
        // The third met the second, and did not happen.
        let settings = tenant.read(at(200.0));
        assert_eq!((seconds(settings.last_sync), settings.last_trigger), (Some(110.0), None));
        assert_eq!(tenant.post(at(200.0)), Answer::TooSoon { until: at(710.0) });
        assert!(tenant.own_sync(at(300.0)));
        assert!(!tenant.own_sync(at(301.0)));
        assert_eq!(tenant.post(at(305.0)), Answer::Running);
    }

    #[test]
    fn the_status_before_the_first_run() {
        for idle_status in [SyncStatus::Unknown, SyncStatus::Failed] {
            let mut tenant = tenant(Behaviour { idle_status, ..fresh() });
            assert_eq!(tenant.read(at(0.0)).status, idle_status);
        }
    }

    #[test]
    fn endless_counts_do_not_end() {
        let mut behaviour = fresh();
        behaviour.throttled_requests = u32::MAX;
        let mut tenant = tenant(behaviour);
        assert!(tenant.is_throttled() && tenant.is_throttled());
        tenant.behaviour_mut().throttled_requests = 1;
        assert!(tenant.is_throttled() && !tenant.is_throttled());
    }

    #[test]
    fn the_forms_of_retry_after() {
        let of = |form| retry_after(&form, at(0.0), at(599.5));
        let table = [
            (RetryAfter::Absent, None),
            (RetryAfter::Seconds, Some("600")),
            (RetryAfter::Date, Some("Fri, 04 Oct 2024 00:09:59 GMT")),
            (RetryAfter::Zero, Some("0")),
            (RetryAfter::Negative, Some("-5")),
            (RetryAfter::Past, Some("Thu, 03 Oct 2024 23:00:00 GMT")),
            (RetryAfter::Garbage, Some("a while")),
            (RetryAfter::Huge, Some("99999999999999999999999")),
            (RetryAfter::Text("7".to_owned()), Some("7")),
        ];
        for (form, expected) in table {
            assert_eq!(of(form.clone()).as_deref(), expected, "{form:?}");
        }
    }

    #[test]
    fn times_on_the_wire() {
        assert_eq!(wire_time(None), "0001-01-01T00:00:00Z");
        assert_eq!(wire_time(Some(at(1.5))), "2024-10-04T00:00:01.5000000Z");
    }
}
