//! A model test: the machine against thousands of the emulator's tenants, in virtual time. All that is documented
//! nowhere is drawn at random.
//!
//! What the machine promises rests on these bounds, and the model draws up to them:
//! - The status follows a start that L tells within five seconds, the lag of the replicas included; or both are shown
//!   together, however late, and then they may lag by almost twenty seconds.
//! - Where failing runs move no time and replicas lag, `inProgress` comes within twenty seconds less that lag.
//! - L moves within twenty seconds after an end, the lag included.
//! - Either of two syncs follows the other at once within those five seconds, or a lag and a minute later, or each moves
//!   L at its end and the reading before the trigger is of now: then one that ended since that reading counts as joined.
//! - That reading may lack the sync before by any age after a 204, if the 204 has a `Date`, or moves T and is shown within
//!   half a second.
//! - The window counts from the acceptance of the last sync, from what it wrote to L, or from its end, and is 540
//!   seconds at least.
//! - After a lost reply a sync that ended a lag before the reading before the trigger counts as joined; what T tells of
//!   another's trigger counts as ours; and a 429 to the second trigger makes the wait begin anew.
//! - Where another sync ends between ours and a look, its status may be told for ours: readings show but the last.

mod checks;
mod conditions;
mod random;
mod tenant;
mod unknowns;

use std::collections::BTreeMap;
use std::fmt::Arguments;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Command, Event, Goal, Machine, StopReason, Terms};
use crate::outcome::SyncStatus;
use crate::service::retry::Obstacle;
use crate::wait::Phase;
use checks::Checks;
use conditions::{Conditions, conditions};
use random::Random;
use tenant::{Drawn, Fate, duration};
use unknowns::SECOND;

const TIMELINES: u64 = 50_000;

/// The ends that the timelines must come to, each of them often.
const KINDS: [&str; 9] = [
    "Completed",
    "JoinedCompleted",
    "UpToDate",
    "SyncFailed",
    "Unconfirmed",
    "TooSoon",
    "DeadlinePassed",
    "RequestFailed",
    "TriggerMayHaveRun",
];

/// What is played: the machine, or one that is known to be wrong.
trait Rule {
    fn next(&mut self, now: Duration, seen: Event) -> Command;
}

impl Rule for Machine {
    fn next(&mut self, now: Duration, seen: Event) -> Command {
        Machine::next(self, now, seen)
    }
}

/// The goal as the caller gives it. Its clock is the service's if no `Date` tells the difference.
fn goal(random: &mut Random, conditions: &Conditions, tenant: &Drawn) -> (Goal, SystemTime) {
    let Some(change) = conditions.change else { return (Goal::SyncAndWait, UNIX_EPOCH) };
    let days = if tenant.unknowns.has_date { random.between(-4000, 4000) } else { 0 };
    let now = tenant.clock() + days * 86_400 * SECOND;
    let time = |milliseconds: i64| UNIX_EPOCH + duration(milliseconds);
    (Goal::SyncSince(time(now + change)), time(now))
}

/// A wait as it is driven, with virtual time.
struct Play {
    now: i64,
    random: Random,
    conditions: Conditions,
    tenant: Drawn,
    checks: Checks,
    /// What happened, if it is to be told.
    log: Option<Vec<String>>,
}

/// The end; or the seed, what was wrong, and all that happened.
fn play<M: Rule>(seed: u64, machine: impl Fn(Terms) -> M) -> Result<StopReason, String> {
    // A log nearly doubles the time, so only a violation is played again with one.
    play_once(seed, &machine, None).or_else(|_| play_once(seed, &machine, Some(Vec::new())))
}

fn play_once<M: Rule>(
    seed: u64,
    machine: impl Fn(Terms) -> M,
    log: Option<Vec<String>>,
) -> Result<StopReason, String> {
    let mut random = Random(seed);
    let conditions = conditions(&mut random);
    let mut unknowns = unknowns::unknowns(&mut random);
    unknowns::extremes(&mut random, conditions.trigger_faults == 0, &mut unknowns);
    let tenant = Drawn::new(unknowns, Random(random.number()));
    let checks = Checks::new(&conditions);
    let jitter = random.between(0, 4999);
    let (goal, began) = goal(&mut random, &conditions, &tenant);
    let mut machine = machine(Terms {
        goal,
        began,
        deadline: duration(conditions.deadline),
        max_retries: 0,
        trigger_only: false,
        jitter: duration(jitter),
        chance: 0,
    });
    let mut play = Play { now: 0, random, conditions, tenant, checks, log };
    play.run(&mut machine).map_err(|what| format!("seed {seed}: {what}\n{}", play.story()))
}

impl Play {
    fn run(&mut self, machine: &mut impl Rule) -> Result<StopReason, String> {
        let mut seen = Event::Due;
        loop {
            let todo = machine.next(duration(self.now), seen);
            self.log(format_args!("{todo:?}"));
            self.checks.todo(self.now, &todo, &self.tenant)?;
            seen = match todo {
                Command::ReadSettings => self.read(),
                Command::AskForToken => Event::NoToken,
                Command::SendTrigger => self.trigger(),
                Command::Pause { until, .. } => {
                    self.now = self.now.max(until.as_millis() as i64) + self.lateness();
                    Event::Due
                }
                Command::Stop(end) => return Ok(end),
            };
        }
    }

    /// No step comes exactly in time.
    fn lateness(&mut self) -> i64 {
        let most = match self.conditions.late {
            late if self.random.chance(late) => self.random.one_of(&[100, 2000, 30_000, 900_000]),
            _ => 3,
        };
        self.random.between(0, most)
    }

    fn log(&mut self, what: Arguments<'_>) {
        if let Some(log) = &mut self.log {
            log.push(format!("{:>9} {what}", self.now));
        }
    }

    fn story(&self) -> String {
        let Play { conditions, tenant, log, .. } = self;
        let log = log.as_deref().unwrap_or_default();
        let syncs: Vec<_> = tenant.syncs.iter().map(|sync| format!("{sync:?}")).collect();
        format!("{conditions:?}\n{:?}\n{}\n{}", tenant.unknowns, syncs.join("\n"), log.join("\n"))
    }

    /// A request: when the service sees it, and whether a reply comes before the deadline.
    fn exchange(&mut self) -> (i64, bool) {
        let left = (self.conditions.deadline - self.now).clamp(0, 30 * SECOND);
        let takes = self.random.between(1, self.conditions.slowest);
        let at = self.now + self.random.between(0, takes);
        self.now += takes.min(left);
        (at, takes <= left)
    }

    fn read(&mut self) -> Event {
        let (at, is_answered) = self.exchange();
        let is_out = self.conditions.is_out(at) || self.random.chance(self.conditions.read_faults);
        if !is_answered || is_out {
            let retry_after = self.random.one_of(&[None, None, Some(Duration::from_secs(7))]);
            let retry_after = retry_after.filter(|_| is_answered);
            self.checks.not_read(self.now, retry_after);
            self.log(format_args!("not read, {retry_after:?}"));
            return Event::ReadFailedForNow(Obstacle { retry_after, ..Obstacle::default() });
        }
        if !self.conditions.may_read {
            self.checks.read_refused();
            return Event::ReadForbidden;
        }
        let (state, settings) = self.tenant.read(at, self.checks.is_before_trigger());
        let date = self.tenant.date(at);
        self.log(format_args!("{state:?}"));
        self.checks.reading(self.now, at, &state, &settings, &self.tenant);
        Event::SettingsRead { settings, date }
    }

    fn trigger(&mut self) -> Event {
        let (at, is_answered) = self.exchange();
        let is_faulty = self.random.chance(self.conditions.trigger_faults);
        // Before the service or behind it, unless it says itself that nothing was done.
        if is_faulty && self.random.chance(20) {
            self.log(format_args!("not sent"));
            let retry_after = self.random.one_of(&[None, None, Some(Duration::from_secs(7))]);
            self.checks.not_sent(self.now, retry_after);
            return Event::TriggerFailedForNow(Obstacle {
                retry_after,
                is_repeatable: true,
                is_starting: false,
            });
        }
        let is_lost_before = is_faulty && self.random.chance(50);
        let fate = (!is_lost_before).then(|| self.tenant.trigger(at));
        self.log(format_args!("{fate:?} lost: {}", is_faulty || !is_answered));
        let Some(fate) = fate.filter(|_| is_answered && !is_faulty) else {
            self.checks.lost(self.now, &self.tenant);
            return Event::TriggerMayHaveRun;
        };
        self.checks.answered(self.now, at, fate, &self.tenant);
        let date = self.tenant.date(at);
        match fate {
            Fate::Accepted(_) => Event::TriggerAccepted { date },
            Fate::Running => Event::SyncAlreadyRunning,
            Fate::TooSoon(wait) => {
                Event::TriggerTooSoon { retry_after: wait.map(|wait| Duration::from_secs(wait as u64)), date }
            }
        }
    }
}

fn kind(end: &StopReason) -> String {
    format!("{end:?}").split('(').next().unwrap().to_owned()
}

/// All of them, or what AUTOPILOT_SYNC_MODEL_SEED names: one to be replayed, or a range like `50000..1000000`.
fn seeds() -> Range<u64> {
    let Ok(named) = std::env::var("AUTOPILOT_SYNC_MODEL_SEED") else { return 0..TIMELINES };
    let seed = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("no seed: {text}"));
    match named.split_once("..") {
        Some((first, end)) => seed(first)..seed(end),
        None => seed(&named)..seed(&named) + 1,
    }
}

/// Reads, triggers, looks every two seconds, and believes the first `completed`, as clients in the field do.
struct Naive {
    goal: Goal,
    deadline: Duration,
    is_begun: bool,
    is_triggered: bool,
}

impl Rule for Naive {
    fn next(&mut self, now: Duration, seen: Event) -> Command {
        match seen {
            Event::Due if !std::mem::replace(&mut self.is_begun, true) => Command::ReadSettings,
            Event::SettingsRead { settings, .. }
                if self.goal != Goal::SyncAndWait
                    && !self.is_triggered
                    && settings.status() == Some(&SyncStatus::Completed) =>
            {
                Command::Stop(StopReason::UpToDate)
            }
            Event::SettingsRead { .. } if !std::mem::replace(&mut self.is_triggered, true) => {
                Command::SendTrigger
            }
            Event::Due => Command::ReadSettings,
            Event::SettingsRead { settings, .. } if settings.status() == Some(&SyncStatus::Completed) => {
                Command::Stop(StopReason::Completed)
            }
            Event::TriggerAccepted { .. } | Event::SettingsRead { .. } | Event::ReadFailedForNow(_) => {
                let until = now + Duration::from_secs(2);
                let pause = Command::Pause { until, next_step: until, phase: Phase::Watching };
                if until < self.deadline { pause } else { Command::Stop(StopReason::DeadlinePassed) }
            }
            Event::TriggerTooSoon { .. } => Command::Stop(StopReason::TooSoon(None)),
            _ => Command::Stop(StopReason::RequestFailed),
        }
    }
}

#[test]
fn the_machine_keeps_its_promise() {
    let mut ends = BTreeMap::<String, u32>::new();
    let mut violations = Vec::new();
    let seeds = seeds();
    for seed in seeds.clone() {
        match play(seed, Machine::new) {
            Ok(end) => *ends.entry(kind(&end)).or_default() += 1,
            Err(what) => violations.push(what),
        }
    }
    let first: Vec<_> = violations.iter().take(40).map(|what| what.lines().next().unwrap()).collect();
    assert!(violations.is_empty(), "{}\n\n{}", first.join("\n"), violations[0]);
    // Nothing is promised by timelines that never come to it.
    let are_few = seeds.end - seeds.start < TIMELINES;
    for end in KINDS {
        assert!(are_few || ends.get(end).is_some_and(|count| *count > 100), "{end}: {ends:?}");
    }
}

#[test]
fn a_naive_machine_does_not() {
    let naive = |Terms { goal, deadline, .. }| Naive { goal, deadline, is_begun: false, is_triggered: false };
    let violations: Vec<_> = (0..4000).filter_map(|seed| play(seed, naive).err()).collect();
    let count = |what: &str| violations.iter().filter(|violation| violation.contains(what)).count();
    assert!(violations.len() > 200, "{}", violations.len());
    for what in ["but it runs until", "ended otherwise", "asked not to before", "not grown", "recorded since"]
    {
        assert!(count(what) > 2, "{what}: {}", count(what));
    }
}
