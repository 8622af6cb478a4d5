//! The wait's state machine, with a service that answers anything.
//!
//! An input is the deadline in tens of seconds, then five bytes for each event: what it is, how long it took, and the
//! times in it. When the input is over, every request fails.

use std::time::Duration;

use crate::outcome::Trigger;
use crate::outcome::{Settings, SyncStatus};
use crate::text::time::{self, Time};
use crate::wait::Phase;
use crate::wait::machine::{Command, Event, Goal, Machine, StopReason};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// More than the longest wait needs.
const MOST_STEPS: usize = 4000;

pub fn wait(data: &[u8]) {
    let (deadline, data) = data.split_first().unwrap_or((&90, &[]));
    let deadline = seconds(10 * u64::from(*deadline) + 1);
    let jitter = Duration::from_millis(4999);
    let mut machine = Machine::new(Goal::Sync, deadline, jitter);
    let mut history = History::new(deadline);
    let mut inputs = data.chunks_exact(5).map(|input| input.try_into().expect("five bytes"));
    let (mut now, mut event) = (Duration::ZERO, Event::Due);
    for _ in 0..MOST_STEPS {
        let command = machine.next(now, event);
        history.ordered(now, &command, machine.known_trigger());
        let input: Option<[u8; 5]> =
            if matches!(command, Command::Pause { .. }) { None } else { inputs.next() };
        now += Duration::from_millis(input.map_or(100, |input| u64::from(input[1]) * 50));
        event = match command {
            Command::ReadSettings { .. } => input.map_or(Event::ReadFailedForNow { retry_after: None }, read),
            Command::SendTrigger => input.map_or(Event::TriggerFailed, triggered),
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
        2 => return Event::ReadFailedForNow { retry_after: retry_after(date) },
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

fn date_of(byte: u8) -> Option<Time> {
    Time::parse(&written(byte)).filter(|time| !time.is_never())
}

fn retry_after(byte: u8) -> Option<Duration> {
    (byte != 0).then(|| seconds(u64::from(byte) * 5))
}

/// The answer to the last trigger, as the machine knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    None,
    Accepted(Option<Time>),
    Joined,
    MayHaveRun,
    TooSoon,
}

/// The machine's commands and events.
struct History {
    deadline: Duration,
    /// When the last reading was requested, or the trigger answered.
    last_reading: Duration,
    not_before: Duration,
    answer: Answer,
    answered: Duration,
    /// When a trigger was sent that may have run, and how often it was sent again.
    uncertain: Option<(Duration, u32)>,
    asked_to_wait: Option<Duration>,
    baseline: Option<Settings>,
    /// The last reading that is not stale.
    latest: Option<Settings>,
    /// The last reading was refused.
    is_forbidden: bool,
    /// The very first reading.
    first: Option<Settings>,
    /// The newest value of both times.
    newest: (Option<Time>, Option<Time>),
    /// The readings since the trigger that are not stale.
    readings: Vec<(Duration, Settings)>,
    /// A trigger may follow the last event.
    may_trigger: bool,
}

impl History {
    fn new(deadline: Duration) -> History {
        History {
            deadline,
            last_reading: Duration::ZERO,
            not_before: Duration::ZERO,
            answer: Answer::None,
            answered: Duration::ZERO,
            uncertain: None,
            asked_to_wait: None,
            baseline: None,
            latest: None,
            is_forbidden: false,
            first: None,
            newest: (None, None),
            readings: Vec::new(),
            may_trigger: false,
        }
    }

    fn ordered(&mut self, now: Duration, command: &Command, trigger: Option<Trigger>) {
        match command {
            Command::ReadSettings { with_retries } => {
                if !with_retries {
                    self.assert_reading(now);
                }
            }
            Command::SendTrigger => self.assert_trigger(now),
            Command::Pause { until, phase, .. } => {
                assert!(now <= *until && *until < self.deadline, "pauses until {until:?} at {now:?}");
                let is_before = matches!(self.answer, Answer::None | Answer::TooSoon);
                assert!(is_before || *phase == Phase::Watching, "{phase:?} after {:?}", self.answer);
                let longest = self.not_before.max(now + seconds(if is_before { 62 } else { 15 }));
                assert!(*until <= longest, "sleeps until {until:?} at {now:?}");
            }
            Command::Stop(reason) => self.assert_stop(now, reason, trigger),
        }
    }

    fn told(&mut self, now: Duration, event: &Event) {
        self.may_trigger = matches!(event, Event::SettingsRead { .. } | Event::ReadForbidden);
        match event {
            Event::Due | Event::CannotConnect | Event::ReadFailedForGood | Event::TriggerFailed => {}
            Event::ReadFailedForNow { retry_after } => {
                self.not_before = now + retry_after.unwrap_or_default()
            }
            Event::ReadForbidden => self.is_forbidden = true,
            Event::SettingsRead { settings, .. } => self.take(now, settings),
            Event::TriggerAccepted { date } => self.answered(now, Answer::Accepted(*date)),
            Event::SyncAlreadyRunning => self.answered(now, Answer::Joined),
            Event::TriggerMayHaveRun => {
                self.answered(now, Answer::MayHaveRun);
                self.uncertain = Some(self.uncertain.map_or((now, 0), |(_, repeats)| (now, repeats)));
            }
            Event::TriggerTooSoon { retry_after, .. } => {
                self.answered(now, Answer::TooSoon);
                (self.uncertain, self.asked_to_wait) = (None, retry_after.map(|wait| now + wait));
            }
        }
    }

    fn answered(&mut self, now: Duration, answer: Answer) {
        (self.answer, self.answered, self.last_reading, self.not_before) = (answer, now, now, now);
        self.readings.clear();
    }

    fn take(&mut self, now: Duration, settings: &Settings) {
        self.is_forbidden = false;
        let (sync, manual) = (settings.last_sync(), settings.last_manual_sync());
        let is_stale = |time, newest| time::compare(time, newest).is_lt();
        if is_stale(sync, self.newest.0) || is_stale(manual, self.newest.1) {
            return;
        }
        self.newest = (sync, manual);
        self.latest = Some(settings.clone());
        self.first.get_or_insert_with(|| settings.clone());
        if matches!(self.answer, Answer::None | Answer::TooSoon) {
            self.baseline = Some(settings.clone());
            if self.answer == Answer::TooSoon && is_running(settings) {
                self.answered(now, Answer::Joined);
            }
        }
        // In the window, a status that is no end decides nothing, so it interrupts nothing.
        if self.answer != Answer::TooSoon || has_ended(settings) {
            self.readings.push((now, settings.clone()));
        }
    }

    /// Readings are at least a second apart, and not before the time that the service asked for.
    fn assert_reading(&mut self, now: Duration) {
        assert!(now >= self.last_reading + seconds(1) && now >= self.not_before, "reads at {now:?}");
        assert!(now < self.deadline, "reads at {now:?}, past the deadline");
        self.last_reading = now;
    }

    /// A trigger follows a reading. None follows an accepted one. At most one follows a trigger that may have run, and
    /// only if thirty seconds show no effect.
    fn assert_trigger(&mut self, now: Duration) {
        assert!(self.may_trigger, "triggers without a reading");
        if matches!(self.answer, Answer::None | Answer::TooSoon) {
            self.baseline = self.latest.clone().filter(|_| !self.is_forbidden);
        }
        match self.answer {
            Answer::None => assert!(self.uncertain.is_none()),
            Answer::TooSoon => assert!(self.asked_to_wait.is_none_or(|asked| now >= asked)),
            Answer::MayHaveRun => {
                let (since, repeats) = self.uncertain.as_mut().expect("it is noted");
                assert!(now >= *since + seconds(30) && *repeats == 0, "sends it again at {now:?}");
                *repeats += 1;
                let shows = |(_, settings): &(_, Settings)| is_running(settings) || self.has_moved(settings);
                assert!(!self.readings.iter().any(shows), "sends it again, though it shows an effect");
                self.baseline = self.readings.last().map(|(_, settings)| settings.clone());
            }
            answer => panic!("triggers after {answer:?}"),
        }
        self.readings.clear();
    }

    fn has_moved(&self, settings: &Settings) -> bool {
        let Some(baseline) = &self.baseline else { return true };
        time::compare(settings.last_sync(), baseline.last_sync()).is_gt()
            || time::compare(settings.last_manual_sync(), baseline.last_manual_sync()).is_gt()
    }

    fn assert_stop(&self, now: Duration, reason: &StopReason, trigger: Option<Trigger>) {
        match reason {
            StopReason::Completed => {
                assert_eq!(trigger, Some(Trigger::Accepted));
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Completed, trigger);
            }
            StopReason::JoinedCompleted if self.answer == Answer::TooSoon => {
                assert_eq!(trigger, Some(Trigger::Joined));
                let (_, last) = self.readings.last().expect("an end is read");
                assert_eq!(last.status(), Some(&SyncStatus::Completed));
                let first = self.first.as_ref().expect("it is newer than the first");
                assert!(time::compare(last.last_sync(), first.last_sync()).is_gt());
                self.assert_confirmed(last, true);
            }
            StopReason::JoinedCompleted => {
                assert_eq!(trigger, Some(Trigger::Joined));
                assert!(matches!(self.answer, Answer::Joined | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Completed, trigger);
            }
            StopReason::SyncFailed => {
                assert!(!matches!(self.answer, Answer::None | Answer::TooSoon), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Failed, trigger);
            }
            StopReason::Unconfirmed => {
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::Joined | Answer::MayHaveRun));
                let is_seen = self.readings.iter().any(|(_, settings)| is_running(settings));
                let is_long = now >= self.answered + seconds(120);
                assert!(self.baseline.is_none() || (is_long && !is_seen), "unconfirmed at {now:?}");
            }
            StopReason::TooSoon(next) => {
                assert_eq!(self.answer, Answer::TooSoon);
                let asked = self.asked_to_wait;
                assert!(*next >= asked, "{next:?} before {asked:?}");
                assert!(next.is_some() || self.baseline.is_none() || self.is_forbidden);
            }
            StopReason::DeadlinePassed => {
                let next = (self.last_reading + seconds(1)).max(self.not_before).max(now + seconds(1));
                assert!(next >= self.deadline, "gives up at {now:?}");
            }
            StopReason::TriggerMayHaveRun => assert_eq!(self.answer, Answer::MayHaveRun),
            StopReason::RequestFailed => {}
            StopReason::UpToDate => panic!("no change was named"),
            StopReason::Cancelled => panic!("nobody cancelled it"),
        }
    }

    /// The last reading shows this end. Either `lastSyncDateTime` moved since the baseline, is not before the last
    /// trigger and not minutes before the answer; or the sync was seen in progress. Other readings confirm it, unless
    /// the sync was triggered here and `lastSyncDateTime` moved after it was seen in progress.
    fn assert_proved(&self, status: SyncStatus, trigger: Option<Trigger>) {
        let (_, last) = self.readings.last().expect("an end is read");
        assert_eq!(last.status(), Some(&status));
        let baseline = self.baseline.as_ref().expect("an end is proved by comparison");
        let (sync, manual) = (last.last_sync(), last.last_manual_sync());
        let is_new = time::compare(sync, baseline.last_sync()).is_gt();
        let is_of_this_trigger =
            time::compare(manual, baseline.last_manual_sync()).is_eq() || time::compare(sync, manual).is_ge();
        let is_recent = match self.answer {
            Answer::Accepted(Some(date)) => time::compare(sync, Some(date.plus_seconds(-300))).is_ge(),
            _ => true,
        };
        let has_moved = is_new && is_of_this_trigger && is_recent;
        let mut running =
            self.readings.iter().map(|(_, settings)| settings).filter(|settings| is_running(settings));
        let in_progress = running.next_back();
        let was_running = self.answer == Answer::Joined && is_running(baseline);
        assert!(has_moved || in_progress.is_some() || was_running, "the previous sync counts for this one");
        let moved_since = |earlier: &Settings| time::compare(sync, earlier.last_sync()).is_gt();
        if !has_moved || trigger != Some(Trigger::Accepted) || !in_progress.is_some_and(moved_since) {
            self.assert_confirmed(last, has_moved);
        }
    }

    /// The time counts from the reply of the first reading to the request of the last.
    fn assert_confirmed(&self, last: &Settings, has_moved: bool) {
        let is_same = |(_, settings): &&(Duration, Settings)| {
            settings.status() == last.status()
                && time::compare(settings.last_sync(), last.last_sync()).is_eq()
        };
        let same: Vec<_> = self.readings.iter().rev().take_while(is_same).collect();
        let [_, .., (begin, _)] = same[..] else { panic!("one reading proves it") };
        let (least, readings) = if has_moved { (seconds(5), 2) } else { (seconds(20), 4) };
        let time = self.last_reading - *begin;
        assert!(time >= least && same.len() >= readings, "confirmed for {time:?} only");
    }
}

fn is_running(settings: &Settings) -> bool {
    settings.status() == Some(&SyncStatus::InProgress)
}

fn has_ended(settings: &Settings) -> bool {
    matches!(settings.status(), Some(SyncStatus::Completed | SyncStatus::Failed))
}
