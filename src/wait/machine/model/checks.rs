//! What a wait must keep to, whatever the service does.

use std::time::Duration;

use super::conditions::Conditions;
use super::tenant::{Drawn, Fate, Snapshot, Sync};
use super::unknowns::SECOND;
use crate::outcome::Settings;
use crate::text::time::{self, Time};
use crate::wait::Phase;
use crate::wait::machine::{Command, StopReason};

/// More than an hour of polls and every window need.
const MOST_STEPS: u32 = 2000;

/// How the trigger ended up, for the judgement of the wait's end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    None,
    /// 204: this run is ours.
    Accepted(usize),
    /// A sync that ran at this time or later.
    Joined(i64),
    /// The reply was lost; what has run since then may be ours.
    Lost(i64),
}

/// What was given to the machine, and what it did.
pub(super) struct Checks {
    deadline: i64,
    may_read: bool,
    /// Every reading succeeds, and none takes long.
    reads_well: bool,
    /// When the change was, if a sync since then is waited for.
    change: Option<i64>,
    steps: u32,
    /// The first reading, and one after a 429.
    may_look_at_once: bool,
    /// Since the last trigger.
    is_read: bool,
    answer: Answer,
    answered_at: i64,
    /// When the last trigger was sent.
    sent_at: i64,
    /// The trigger was not sent, and that is the end.
    is_not_sent: bool,
    /// The very first reading.
    first: Option<Snapshot>,
    /// How long the first reading took, with its retries.
    first_took: i64,
    /// The last reading that did not lag.
    last: Option<Snapshot>,
    /// The last sync that was shown in progress with a start since the change.
    began_since: Option<usize>,
    /// The last reading before the last trigger, and whether it was thorough.
    baseline: Option<Snapshot>,
    /// The highest L and T as they were written, by which a lagging reading is known.
    highest: (Option<Time>, Option<Time>),
    /// L and T of the last one that did not lag.
    times: (Option<i64>, Option<i64>),
    looks: Vec<i64>,
    held_until: i64,
    /// Since the last trigger of unknown fate: when, how many since, whether an effect was shown.
    lost: Option<(i64, u32, bool)>,
    /// Since the last 429: when, and the earliest time of the next trigger.
    refused: Option<Refused>,
    saw_running: bool,
    /// The settled end that the last reading shows, if it does.
    settled: Option<Settled>,
}

/// An end that readings show, one after the other.
#[derive(Debug)]
struct Settled {
    status: &'static str,
    sync: Option<i64>,
    since: i64,
    readings: u32,
}

struct Refused {
    at: i64,
    asked: Option<i64>,
    not_before: i64,
    /// What the window is has been settled, until a time moves or while a sync is watched.
    is_waiting: bool,
}

type Verdict = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

impl Checks {
    pub(super) fn new(conditions: &Conditions) -> Checks {
        let Conditions { deadline, slowest, late, may_read, read_faults, change, ref outages, .. } =
            *conditions;
        Checks {
            deadline,
            may_read,
            change,
            reads_well: read_faults == 0 && late == 0 && outages.is_empty() && slowest <= 3 * SECOND,
            steps: 0,
            may_look_at_once: true,
            is_read: false,
            answer: Answer::None,
            answered_at: 0,
            sent_at: 0,
            is_not_sent: false,
            first: None,
            first_took: 0,
            last: None,
            began_since: None,
            baseline: None,
            highest: (None, None),
            times: (None, None),
            looks: Vec::new(),
            held_until: 0,
            lost: None,
            refused: None,
            saw_running: false,
            settled: None,
        }
    }

    /// What the machine wants.
    pub(super) fn todo(&mut self, now: i64, todo: &Command, tenant: &Drawn) -> Verdict {
        self.steps += 1;
        ensure(self.steps < MOST_STEPS, || "it does not end".into())?;
        let is_over = matches!(todo, Command::Stop(_));
        ensure(is_over || now <= self.deadline + SECOND, || format!("goes on at {now}, past the deadline"))?;
        match todo {
            Command::SendTrigger => {
                self.looks.clear();
                self.settled = None;
                self.may_trigger(now, tenant)
            }
            Command::ReadSettings if std::mem::take(&mut self.may_look_at_once) => Ok(()),
            Command::ReadSettings => self.may_look(now),
            Command::AskForToken => Err("asks for a token".into()),
            Command::Pause { until, phase, .. } => {
                if *phase == Phase::Window {
                    self.begin_anew();
                    self.refused.iter_mut().for_each(|refused| refused.is_waiting = true);
                }
                let until = until.as_millis() as i64;
                let is_watch = *phase == Phase::Watching && self.answer != Answer::None;
                let longest = if is_watch { 15 } else { 62 };
                let most = self.held_until.max(now + longest * SECOND);
                ensure(now <= until && until < self.deadline && until <= most, || {
                    format!("pauses until {until}")
                })
            }
            Command::Stop(end) => return self.may_end(now, end, tenant),
        }?;
        // What ends before the change is not enough.
        let change = self.change.unwrap_or(0);
        let is_late =
            |end: &Settled| end.readings >= 7 && now - end.since >= 30 * SECOND && end.since > change;
        ensure(!self.settled.as_ref().is_some_and(is_late), || format!("{:?} is not believed", self.settled))
    }

    fn may_trigger(&mut self, now: i64, tenant: &Drawn) -> Verdict {
        self.sent_at = now;
        if let Some(change) = self.change {
            ensure(now >= change, || format!("triggers at {now}, before the change"))?;
            ensure(!self.is_up_to_date(tenant), || "triggers, though it is up to date".into())?;
        }
        ensure(std::mem::take(&mut self.is_read), || "triggers without a reading before".into())?;
        self.begin_anew();
        let is_first = matches!(self.answer, Answer::None | Answer::Lost(_));
        ensure(is_first, || "a second trigger".into())?;
        if let Some((at, count, shows)) = &mut self.lost {
            *count += 1;
            let (at, count, shows) = (*at, *count, *shows);
            ensure(now >= at + 30 * SECOND, || {
                format!("triggers {} ms after one that may have run", now - at)
            })?;
            ensure(!shows, || "triggers though the one before shows an effect".into())?;
            ensure(count <= 1, || "triggers thrice after one that may have run".into())?;
        }
        if let Some(refused) = &self.refused {
            ensure(now >= refused.not_before, || {
                format!("triggers at {now}, refused at {} until {}", refused.at, refused.not_before)
            })?;
        }
        Ok(())
    }

    /// A sync that was joined has ended, but too early to be enough.
    fn begin_anew(&mut self) {
        let has_shown = matches!(self.lost, Some((_, _, true)));
        if self.change.is_some() && (matches!(self.answer, Answer::Joined(_)) || has_shown) {
            (self.answer, self.lost, self.saw_running) = (Answer::None, None, false);
            self.baseline.clone_from(&self.last);
            self.settled = None;
            self.looks.clear();
        }
    }

    fn may_look(&mut self, now: i64) -> Verdict {
        let is_last = now >= self.deadline - 2 * SECOND;
        let least = if is_last { SECOND } else { 2 * SECOND };
        let before = self.looks.last().copied().unwrap_or(i64::MIN / 4).max(self.answered_at);
        ensure(now - before >= least, || format!("looks at {now} after {before}"))?;
        ensure(now >= self.held_until, || {
            format!("looks at {now}, asked not to before {}", self.held_until)
        })?;
        self.looks.push(now);
        // Grown by then, but for the confirming pauses of five seconds and one look that is due at a certain time.
        let is_ahead = self.change.is_some_and(|change| change > self.looks[0]);
        if self.looks.len() > 9 && !is_last && !is_ahead {
            let fourth = self.looks[self.looks.len() - 4];
            ensure(now - fourth >= 12 * SECOND, || format!("looks {:?}: not grown", &self.looks))?;
        }
        Ok(())
    }

    /// A reading was given to the machine.
    pub(super) fn reading(
        &mut self,
        now: i64,
        at: i64,
        state: &Snapshot,
        settings: &Settings,
        tenant: &Drawn,
    ) {
        let date_at = tenant.date_at(at);
        (self.held_until, self.is_read) = (now, true);
        if self.first.is_none() {
            (self.first, self.first_took) = (Some(state.clone()), now);
        }
        let written = (settings.last_sync_time(), settings.last_manual_sync_time());
        let is_behind = |time, highest| time::compare(time, highest).is_lt();
        if is_behind(written.0, self.highest.0) || is_behind(written.1, self.highest.1) {
            return self.count_window(now, date_at, false, tenant);
        }
        self.highest = written;
        self.last = Some(state.clone());
        if state.status == "inProgress" && state.sync >= self.counts_from(tenant) {
            self.began_since = state.sync_by;
        }
        let (sync, manual) = (tenant.cut(state.sync), tenant.cut(state.manual));
        let has_moved = (sync, manual) != self.times;
        self.times = (sync, manual);
        self.count_window(now, date_at, has_moved, tenant);
        let baseline = self.baseline.clone().unwrap_or(state.clone());
        let is_new = sync > tenant.cut(baseline.sync) || manual > tenant.cut(baseline.manual);
        if let Some((_, _, shows)) = &mut self.lost {
            *shows |= is_new || state.status == "inProgress";
        }
        match self.answer {
            Answer::None if self.may_join() && state.status == "inProgress" => {
                (self.answer, self.answered_at) = (Answer::Joined(state.of), now);
                self.looks.clear();
            }
            Answer::None => self.baseline = Some(state.clone()),
            _ => {}
        }
        if self.answer != Answer::None {
            self.saw_running |= state.status == "inProgress";
            self.watch(now, state, &baseline, tenant);
        }
    }

    /// Whether the reading shows the end of what is being watched, for good and so that it can be known.
    fn watch(&mut self, now: i64, state: &Snapshot, baseline: &Snapshot, tenant: &Drawn) {
        let run = match self.answer {
            Answer::Accepted(run) => Some(run),
            Answer::Joined(since) | Answer::Lost(since) => {
                tenant.syncs.iter().position(|run| run.end >= since)
            }
            Answer::None => None,
        };
        let is_over = run.is_some_and(|run| {
            tenant.syncs[run..].iter().all(|run| state.of < run.start || state.of >= run.settled)
                && state.of >= tenant.syncs[run].settled
        });
        let is_its = state.sync_by.zip(run).is_some_and(|(by, run)| by >= run);
        let is_moved = is_its
            && tenant.cut(state.sync) > tenant.cut(baseline.sync)
            && (state.manual == baseline.manual || state.sync >= state.manual);
        let is_visible = is_over && state.status != "paused" && (self.saw_running || is_moved);
        // Another's sync may end meanwhile: then that end has to stand anew.
        let Snapshot { status, sync, .. } = *state;
        let before = self.settled.take().filter(|end| (end.status, end.sync) == (status, sync));
        let end = before.unwrap_or(Settled { status, sync, since: now, readings: 0 });
        self.settled = is_visible.then_some(Settled { readings: end.readings + 1, ..end });
    }

    /// The window, as a reply and its `Date` tell it.
    fn count_window(&mut self, now: i64, date_at: Option<i64>, has_moved: bool, tenant: &Drawn) {
        let last = self.times.0.max(self.times.1);
        let Some(refused) = &mut self.refused else { return };
        let is_settled = refused.is_waiting && !has_moved && self.answer == Answer::None;
        let Some((date, last)) = date_at.zip(last).filter(|_| !is_settled) else { return };
        let opening = now + tenant.since(date, last) + 610 * SECOND - 2 * SECOND;
        // A window that was past was not the reason.
        let is_throttled = !has_moved && refused.asked.is_none() && opening + 3 * SECOND < refused.at;
        let opening = if is_throttled { refused.at + 30 * SECOND } else { opening };
        refused.not_before = opening.max(refused.asked.unwrap_or(refused.at));
    }

    pub(super) fn read_refused(&mut self) {
        self.is_read = true;
    }

    pub(super) fn not_read(&mut self, now: i64, retry_after: Option<Duration>) {
        self.held_until = now + retry_after.map_or(0, |wait| wait.as_millis() as i64);
    }

    /// Whether a reading without a trigger may show enough.
    fn may_join(&self) -> bool {
        self.refused.is_some() || self.change.is_some() || self.is_not_sent
    }

    pub(super) fn is_before_trigger(&self) -> bool {
        self.answer == Answer::None
    }

    pub(super) fn not_sent(&mut self, now: i64, retry_after: Option<Duration>) {
        self.not_read(now, retry_after);
        self.is_not_sent = true;
    }

    /// The trigger was answered, at the service's end at `at`.
    pub(super) fn answered(&mut self, now: i64, at: i64, fate: Fate, tenant: &Drawn) {
        let date_at = tenant.date_at(at);
        self.answered_at = now;
        self.held_until = 0;
        match fate {
            Fate::Accepted(run) => self.answer = Answer::Accepted(run),
            Fate::Running => {
                // Where they follow each other unseen, one that ended since the reading before may be taken for it.
                let before = self.baseline.as_ref().filter(|_| tenant.unknowns.is_fresh_before);
                self.answer = Answer::Joined(before.map_or(at, |state| state.of));
            }
            Fate::TooSoon(wait) => {
                let asked = wait.map(|wait| now + wait * SECOND);
                self.may_look_at_once = true;
                self.answer = Answer::None;
                // It did not run; whether the one before did, if its reply was lost, is no longer asked.
                self.lost = None;
                let not_before = asked.unwrap_or(now);
                self.refused = Some(Refused { at: now, asked, not_before, is_waiting: false });
                self.count_window(now, date_at, false, tenant);
            }
        }
    }

    /// Its reply was lost. What a reading of before may still show may be taken for it: as old as a replica is.
    pub(super) fn lost(&mut self, now: i64, tenant: &Drawn) {
        self.answered_at = now;
        self.held_until = 0;
        let lag = tenant.unknowns.lags[0].max(tenant.unknowns.lags[1]);
        let since = self.baseline.as_ref().map_or(self.sent_at, |state| state.of) - lag;
        if self.lost.is_none() {
            self.answer = Answer::Lost(since);
            self.lost = Some((now, 0, false));
        }
    }

    /// The change by the service's clock, as its `Date` tells that.
    fn counts_from(&self, tenant: &Drawn) -> Option<i64> {
        self.change.map(|change| change + tenant.date_at(0).unwrap_or(0))
    }

    /// Whether the first reading shows that nothing need be triggered, and no later one says otherwise.
    fn is_up_to_date(&self, tenant: &Drawn) -> bool {
        let (Some(first), Some(last), Some(from)) = (&self.first, &self.last, self.counts_from(tenant))
        else {
            return false;
        };
        // The `Date` has whole seconds, and so may the time have.
        let is_enough = first.sync.is_some_and(|sync| sync >= from + self.first_took + 3 * SECOND);
        let is_first = self.refused.is_none() && self.lost.is_none();
        let is_same = (first.sync, first.status) == (last.sync, last.status);
        is_first && is_same && first.status == "completed" && is_enough
    }

    /// The service has recorded a sync since the change. If that ran at the first reading, it began since, or the
    /// service's own times said so.
    fn is_since(&self, now: i64, tenant: &Drawn) -> Verdict {
        let Some(from) = self.counts_from(tenant) else { return Ok(()) };
        let last = self.last.as_ref().ok_or("ended without a reading")?;
        ensure(last.sync.is_some_and(|sync| sync >= from), || {
            format!("{last:?}: not recorded since {from}")
        })?;
        let Some(run) = last.sync_by else { return Ok(()) };
        let first = self.first.as_ref().filter(|first| first.status == "inProgress");
        let of_first = first.and_then(|first| tenant.syncs.iter().rposition(|run| run.start <= first.of));
        let is_told = first.is_some_and(|first| first.sync.max(first.manual) >= Some(from));
        let is_another = of_first != Some(run) || tenant.syncs[run].start >= from;
        let is_told = is_told || self.began_since == Some(run);
        ensure(is_another || is_told, || format!("at {now}: it ran at the first reading"))
    }

    fn may_end(&self, now: i64, end: &StopReason, tenant: &Drawn) -> Verdict {
        if matches!(end, StopReason::JoinedCompleted | StopReason::UpToDate) {
            self.is_since(now, tenant)?;
        }
        let failed = *end == StopReason::SyncFailed;
        match (end, self.answer) {
            (StopReason::Completed | StopReason::SyncFailed, Answer::Accepted(run)) => {
                let [ours, later @ ..] = &tenant.syncs[run..] else { unreachable!() };
                ensure(ours.end <= now, || format!("{end:?} at {now}, but it runs until {}", ours.end))?;
                // What another's sync wrote over cannot be told from ours.
                let is_so = |run: &Sync| run.end <= now && run.failed == failed;
                ensure(is_so(ours) || later.iter().any(is_so), || {
                    format!("{end:?}, but the sync ended otherwise")
                })
            }
            (
                StopReason::JoinedCompleted | StopReason::SyncFailed,
                Answer::Joined(since) | Answer::Lost(since),
            )
            | (StopReason::Completed, Answer::Lost(since)) => {
                let is_so = |run: &Sync| since <= run.settled && run.end <= now && run.failed == failed;
                ensure(tenant.syncs.iter().any(is_so), || {
                    format!("{end:?} at {now}, but none ended so since {since}")
                })
            }
            (StopReason::UpToDate, _) => {
                let last = self.last.as_ref().ok_or("up to date without a reading")?;
                let is_so = match last.sync_by {
                    Some(run) => tenant.syncs[run..].iter().any(|run| run.end <= now && !run.failed),
                    None => last.status == "completed",
                };
                let is_first = self.answer == Answer::None && self.refused.is_none();
                ensure(self.change.is_some() && is_first && is_so, || format!("up to date, but {last:?}"))
            }
            (StopReason::JoinedCompleted, Answer::None) if self.may_join() => {
                let since = self.first.as_ref().map_or(0, |state| state.of);
                let is_so = |run: &Sync| since <= run.settled && run.end <= now && !run.failed;
                ensure(tenant.syncs.iter().any(is_so), || {
                    format!("{end:?} at {now}, but none ended so since {since}")
                })
            }
            (StopReason::Completed | StopReason::JoinedCompleted | StopReason::SyncFailed, answer) => {
                Err(format!("{end:?} after {answer:?}"))
            }
            (StopReason::Unconfirmed, Answer::None) => Err("unconfirmed, without a trigger".into()),
            (StopReason::Unconfirmed, _) if !self.may_read => Ok(()),
            (StopReason::Unconfirmed, _) => {
                let is_shown = self.saw_running || self.settled.is_some();
                ensure(!is_shown, || "unconfirmed, but it was shown".into())?;
                ensure(now >= self.answered_at + 120 * SECOND, || format!("unconfirmed at {now} already"))
            }
            (StopReason::TooSoon(next), _) => {
                self.may_starve(now, tenant)?;
                self.may_be_too_soon(*next)
            }
            (StopReason::DeadlinePassed, _) => {
                let is_time = now.max(self.held_until + SECOND) >= self.deadline - 2 * SECOND;
                ensure(is_time, || format!("gives up at {now} already"))
            }
            (StopReason::TriggerMayHaveRun, Answer::Lost(_)) => Ok(()),
            (StopReason::TriggerMayHaveRun, answer) => Err(format!("the trigger's failure after {answer:?}")),
            (StopReason::RequestFailed, _) => {
                let is_time = now.max(self.held_until) >= self.deadline - 2 * SECOND;
                ensure(is_time || (self.is_not_sent && self.lost.is_some()), || {
                    format!("a failure is the end at {now} already")
                })
            }
            (
                StopReason::Read | StopReason::Accepted | StopReason::AlreadyRunning | StopReason::Cancelled,
                _,
            ) => Err("the end of another goal".into()),
        }
    }

    /// A sync that began in the window and completed a minute before is not missed.
    fn may_starve(&self, now: i64, tenant: &Drawn) -> Verdict {
        let Some(refused) = &self.refused else { return Ok(()) };
        let Some(last) = tenant.syncs.iter().rev().find(|run| run.start <= now) else { return Ok(()) };
        let is_sure = self.reads_well && self.may_read && tenant.unknowns.strange_status == 0;
        let lag = tenant.unknowns.lags[0].max(tenant.unknowns.lags[1]);
        // Its time is after the first reading's `Date`, whatever the difference of their clocks.
        let is_missed = last.start > refused.at.max(self.change.unwrap_or(0)) + 80 * SECOND
            && last.settled + lag + 60 * SECOND < now
            && !last.failed;
        ensure(!(is_sure && is_missed), || format!("starves at {now}, though {last:?} completed"))
    }

    fn may_be_too_soon(&self, next: Option<Duration>) -> Verdict {
        let Some(refused) = &self.refused else {
            // A sync has just ended, or the change is still ahead.
            return ensure(self.may_join(), || "too soon, but it was not refused".into());
        };
        let is_late = next.is_none_or(|next| next.as_millis() as i64 >= refused.not_before);
        ensure(is_late || !self.may_read, || {
            format!("says {next:?}, but refused until {}", refused.not_before)
        })
    }
}
