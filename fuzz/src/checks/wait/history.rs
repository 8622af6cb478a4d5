//! What the machine ordered and was told, and what must hold for it.

use std::mem;
use std::time::Duration;

use super::change::Change;
use super::seconds;
use crate::outcome::{Settings, SyncStatus, Trigger};
use crate::text::time::{self, Time};
use crate::wait::Phase;
use crate::wait::machine::{Command, Event, StopReason};

/// The answer to the last trigger, as the machine knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    None,
    Accepted(Option<Time>),
    Joined,
    /// None: the first reading showed a sync that began too early to count.
    Earlier,
    MayHaveRun,
    /// A 429, or a trigger that failed for now. Or the sync that was watched has ended, but does not count, and its window lasts.
    TooSoon,
}

/// The machine's commands and events.
pub(super) struct History {
    deadline: Duration,
    change: Change,
    /// When the last reading was requested, or the trigger answered.
    last_reading: Duration,
    not_before: Duration,
    answer: Answer,
    answered: Duration,
    /// When a trigger was sent that may have run, and how often it was sent again.
    uncertain: Option<(Duration, u32)>,
    asked_to_wait: Option<Duration>,
    baseline: Option<Settings>,
    /// The last reading that is not stale, and its `Date`.
    latest: Option<Settings>,
    date: Option<Time>,
    /// The last reading was refused.
    is_forbidden: bool,
    /// The reading just before the last trigger, unless it was refused, or the first one. A newer sync was recorded since.
    known: Option<Settings>,
    /// The newest value of both times.
    newest: (Option<Time>, Option<Time>),
    /// The readings since the trigger that are not stale.
    readings: Vec<(Duration, Settings)>,
    /// A trigger may follow the last event.
    may_trigger: bool,
    /// The first reading, and one after a 429.
    may_read_at_once: bool,
}

impl History {
    pub(super) fn new(deadline: Duration, change: Change) -> History {
        History {
            deadline,
            change,
            last_reading: Duration::ZERO,
            not_before: Duration::ZERO,
            answer: Answer::None,
            answered: Duration::ZERO,
            uncertain: None,
            asked_to_wait: None,
            baseline: None,
            latest: None,
            date: None,
            is_forbidden: false,
            known: None,
            newest: (None, None),
            readings: Vec::new(),
            may_trigger: false,
            may_read_at_once: true,
        }
    }

    pub(super) fn ordered(&mut self, now: Duration, command: &Command, trigger: Option<Trigger>) {
        let goes_on = match command {
            Command::Pause { phase, .. } => *phase == Phase::Window,
            Command::SendTrigger | Command::Stop(StopReason::TooSoon(_)) => true,
            _ => false,
        };
        if goes_on && self.change.is_named() && self.has_watched() {
            self.begin_anew();
        }
        match command {
            Command::ReadSettings => {
                if !mem::take(&mut self.may_read_at_once) {
                    self.assert_reading(now);
                }
                self.last_reading = now;
            }
            Command::AskForToken => {}
            Command::SendTrigger => self.assert_trigger(now),
            Command::Pause { until, phase, .. } => {
                assert!(now <= *until && *until < self.deadline, "pauses until {until:?} at {now:?}");
                let is_before = self.is_before_trigger();
                assert!(is_before || *phase == Phase::Watching, "{phase:?} after {:?}", self.answer);
                let longest = self.not_before.max(now + seconds(if is_before { 62 } else { 15 }));
                assert!(*until <= longest, "sleeps until {until:?} at {now:?}");
            }
            Command::Stop(reason) => self.assert_stop(now, reason, trigger),
        }
    }

    pub(super) fn told(&mut self, now: Duration, event: &Event) {
        self.may_trigger = matches!(event, Event::SettingsRead { .. } | Event::ReadForbidden);
        match event {
            Event::Due | Event::CannotConnect | Event::ReadFailedForGood | Event::TriggerFailed => {}
            Event::TokenRefused | Event::NoToken => panic!("no token was refused"),
            Event::ReadFailedForNow(obstacle) => {
                self.not_before = now + obstacle.retry_after.unwrap_or_default()
            }
            Event::TriggerFailedForNow(_) if self.answer == Answer::MayHaveRun => {}
            Event::TriggerFailedForNow(obstacle) => {
                let asked = now + obstacle.retry_after.unwrap_or_default();
                self.answered(now, Answer::TooSoon);
                (self.not_before, self.asked_to_wait) = (asked, Some(asked));
            }
            Event::ReadForbidden => self.is_forbidden = true,
            Event::SettingsRead { settings, date } => self.take(now, settings, *date),
            Event::TriggerAccepted { date } => self.answered(now, Answer::Accepted(*date)),
            Event::SyncAlreadyRunning => self.answered(now, Answer::Joined),
            Event::TriggerMayHaveRun => {
                self.answered(now, Answer::MayHaveRun);
                self.uncertain = Some(self.uncertain.map_or((now, 0), |(_, repeats)| (now, repeats)));
            }
            Event::TriggerTooSoon { retry_after, .. } => {
                self.answered(now, Answer::TooSoon);
                self.may_read_at_once = true;
                (self.uncertain, self.asked_to_wait) = (None, retry_after.map(|wait| now + wait));
            }
        }
    }

    fn answered(&mut self, now: Duration, answer: Answer) {
        (self.answer, self.answered, self.last_reading, self.not_before) = (answer, now, now, now);
        self.readings.clear();
    }

    fn take(&mut self, now: Duration, settings: &Settings, date: Option<Time>) {
        self.is_forbidden = false;
        let (sync, manual) = (settings.last_sync_time(), settings.last_manual_sync_time());
        let is_stale = |time, newest| time::compare(time, newest).is_lt();
        if is_stale(sync, self.newest.0) || is_stale(manual, self.newest.1) {
            return;
        }
        self.newest = (sync, manual);
        self.latest = Some(settings.clone());
        self.date = date;
        let is_first = self.known.is_none();
        if is_first {
            self.known = Some(settings.clone());
            self.change.told(date, self.last_reading);
        }
        self.watch(now, settings, is_first);
        // Before a trigger, a status that is no end decides nothing, so it interrupts nothing.
        if !self.is_before_trigger() || has_ended(settings) {
            self.readings.push((now, settings.clone()));
        }
    }

    /// Takes the reading for the baseline, or for the beginning of a watch. A sync that runs before the trigger is
    /// joined, except by the first reading and before the first trigger if any sync will do: then the trigger joins it.
    fn watch(&mut self, now: Duration, settings: &Settings, is_first: bool) {
        if self.is_before_trigger() {
            self.baseline = Some(settings.clone());
            let has_known = self.answer == Answer::TooSoon && !is_first;
            if is_running(settings) && (has_known || self.change.is_named()) {
                let is_early = is_first && !self.change.is_before_start(settings);
                self.answered(now, if is_early { Answer::Earlier } else { Answer::Joined });
            }
        } else if self.answer == Answer::Earlier && is_running(settings) && self.change.counts(settings) {
            // Another one has followed.
            self.baseline = Some(settings.clone());
            (self.answer, self.answered) = (Answer::Joined, now);
            self.readings.clear();
        }
    }

    fn is_before_trigger(&self) -> bool {
        matches!(self.answer, Answer::None | Answer::TooSoon)
    }

    fn is_new(&self, settings: &Settings) -> bool {
        let known = self.known.as_ref().expect("there was a reading before");
        time::compare(settings.last_sync_time(), known.last_sync_time()).is_gt()
    }

    /// A sync was joined, or its end awaited.
    fn has_watched(&self) -> bool {
        match self.answer {
            Answer::Joined | Answer::Earlier => true,
            Answer::MayHaveRun => self.effect().is_some(),
            _ => false,
        }
    }

    /// The sync that was watched has ended, but it does not count.
    fn begin_anew(&mut self) {
        let (_, last) = self.readings.last().expect("an end is read");
        if self.answer == Answer::Earlier {
            assert!(has_ended(last), "{last:?} is no end");
            self.assert_proved(last.status(), None);
        } else {
            assert!(!self.change.counts(last), "{last:?} counts");
            self.assert_proved(Some(&SyncStatus::Completed), Some(Trigger::Joined));
        }
        if self.answer == Answer::MayHaveRun {
            let moved = |(effect, baseline): (&Settings, &Settings)| {
                time::compare(effect.last_manual_sync_time(), baseline.last_manual_sync_time()).is_gt()
            };
            let is_ours = self.effect().zip(self.baseline.as_ref()).is_some_and(moved);
            assert!(!is_ours, "goes on after its own trigger");
        }
        (self.answer, self.uncertain) = (Answer::TooSoon, None);
        self.known = self.latest.clone();
        self.readings.clear();
    }

    /// Readings are at least a second apart, and not before the time that the service asked for.
    fn assert_reading(&self, now: Duration) {
        assert!(now >= self.last_reading + seconds(1) && now >= self.not_before, "reads at {now:?}");
        assert!(now < self.deadline, "reads at {now:?}, past the deadline");
    }

    /// A trigger follows a reading, and the change. None follows an accepted one, or the end of a sync that counts. At
    /// most one follows a trigger that may have run, and only if thirty seconds show no effect.
    fn assert_trigger(&mut self, now: Duration) {
        assert!(self.may_trigger, "triggers without a reading");
        assert!(now >= self.change.from_start(), "triggers at {now:?}, before the change");
        if self.is_before_trigger() {
            assert!(self.is_forbidden || !self.may_be_enough(), "triggers, though a sync may be enough");
            self.baseline = self.latest.clone().filter(|_| !self.is_forbidden);
        }
        if !self.is_forbidden {
            self.known = self.latest.clone();
        }
        match self.answer {
            Answer::None => assert!(self.uncertain.is_none()),
            Answer::TooSoon => assert!(self.asked_to_wait.is_none_or(|asked| now >= asked)),
            Answer::MayHaveRun => {
                let (since, repeats) = self.uncertain.as_mut().expect("it is noted");
                assert!(now >= *since + seconds(30) && *repeats == 0, "sends it again at {now:?}");
                *repeats += 1;
                assert!(self.effect().is_none(), "sends it again, though it shows an effect");
                self.baseline = self.readings.last().map(|(_, settings)| settings.clone());
            }
            answer => panic!("triggers after {answer:?}"),
        }
        self.readings.clear();
    }

    /// The last reading of an end shows one that counts, if it stands.
    fn may_be_enough(&self) -> bool {
        let is_enough = |(_, last): &(_, Settings)| {
            let is_known = self.answer == Answer::None || self.is_new(last);
            last.status() == Some(&SyncStatus::Completed) && self.change.counts(last) && is_known
        };
        self.change.is_named() && self.readings.last().is_some_and(is_enough)
    }

    /// The first reading since the trigger that shows a sync.
    fn effect(&self) -> Option<&Settings> {
        let mut readings = self.readings.iter().map(|(_, settings)| settings);
        readings.find(|settings| is_running(settings) || self.has_moved(settings))
    }

    fn has_moved(&self, settings: &Settings) -> bool {
        let Some(baseline) = &self.baseline else { return true };
        time::compare(settings.last_sync_time(), baseline.last_sync_time()).is_gt()
            || time::compare(settings.last_manual_sync_time(), baseline.last_manual_sync_time()).is_gt()
    }

    fn assert_stop(&self, now: Duration, reason: &StopReason, trigger: Option<Trigger>) {
        match reason {
            StopReason::Completed => {
                assert_eq!(trigger, Some(Trigger::Accepted));
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(Some(&SyncStatus::Completed), trigger);
            }
            StopReason::JoinedCompleted if self.is_before_trigger() => {
                assert!(self.answer == Answer::TooSoon || self.change.is_named());
                assert_eq!(trigger, Some(Trigger::Joined));
                let last = self.assert_recorded();
                assert!(self.is_new(last), "{last:?} was known");
                self.assert_confirmed(last, true);
            }
            StopReason::JoinedCompleted => {
                assert_eq!(trigger, Some(Trigger::Joined));
                assert!(matches!(self.answer, Answer::Joined | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(Some(&SyncStatus::Completed), trigger);
                if self.change.is_named() {
                    self.assert_recorded();
                }
            }
            StopReason::UpToDate => self.assert_up_to_date(trigger),
            StopReason::SyncFailed => {
                let has_none = self.is_before_trigger() || self.answer == Answer::Earlier;
                assert!(!has_none, "{:?}", self.answer);
                self.assert_proved(Some(&SyncStatus::Failed), trigger);
            }
            StopReason::Unconfirmed => {
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::Joined | Answer::MayHaveRun));
                let is_seen = self.readings.iter().any(|(_, settings)| is_running(settings));
                let is_long = now >= self.answered + seconds(120);
                assert!(self.baseline.is_none() || (is_long && !is_seen), "unconfirmed at {now:?}");
            }
            StopReason::TooSoon(next) => self.assert_too_soon(now, *next),
            StopReason::DeadlinePassed => {
                let next = (self.last_reading + seconds(1)).max(self.not_before).max(now + seconds(1));
                assert!(next >= self.deadline, "gives up at {now:?}");
            }
            StopReason::TriggerMayHaveRun => assert_eq!(self.answer, Answer::MayHaveRun),
            StopReason::RequestFailed => {}
            StopReason::Read | StopReason::Accepted | StopReason::AlreadyRunning | StopReason::Cancelled => {
                panic!("the end of another goal")
            }
        }
    }

    /// Nothing was triggered, and the first reading showed a completed sync that counts. It is so old that its status
    /// cannot be late, or other readings confirm it.
    fn assert_up_to_date(&self, trigger: Option<Trigger>) {
        assert!(self.change.is_named(), "no change was named");
        assert_eq!((self.answer, trigger), (Answer::None, None));
        let last = self.assert_recorded();
        assert!(!self.is_new(last), "{last:?} was not known");
        let times = last.last_sync_unix_ms().zip(self.date.map(Time::unix_milliseconds));
        let age = times.map(|(sync, date)| date.div_euclid(1000) - sync.div_euclid(1000));
        if age.is_none_or(|age| age < 300) {
            self.assert_confirmed(last, true);
        }
    }

    /// The last reading shows a completed sync that counts.
    fn assert_recorded(&self) -> &Settings {
        let (_, last) = self.readings.last().expect("an end is read");
        assert_eq!(last.status(), Some(&SyncStatus::Completed));
        assert!(self.change.counts(last), "{last:?} does not count");
        last
    }

    /// The service refused the trigger until then, or the change is still ahead. A wait for a change looks on until its
    /// deadline.
    fn assert_too_soon(&self, now: Duration, next: Option<Duration>) {
        let may_read = self.baseline.is_some() && !self.is_forbidden;
        if self.answer == Answer::None {
            let change = self.change.from_start();
            assert!(now < change && next == Some(change), "{next:?} for {change:?}");
        } else {
            assert_eq!(self.answer, Answer::TooSoon);
            let asked = self.asked_to_wait;
            assert!(next >= asked, "{next:?} before {asked:?}");
            assert!(next.is_some() || !may_read);
        }
        let is_over = (now + seconds(2)).max(self.not_before) >= self.deadline;
        assert!(!self.change.is_named() || !may_read || is_over, "gives up at {now:?}");
    }

    /// The last reading shows this end. Either `lastSyncDateTime` moved since the baseline, is not before the last
    /// trigger and not minutes before the answer; or the sync was seen in progress. Other readings confirm it, unless
    /// the sync was triggered here and `lastSyncDateTime` moved after it was seen in progress. The start of an earlier
    /// sync may have moved it, so that proves nothing.
    fn assert_proved(&self, status: Option<&SyncStatus>, trigger: Option<Trigger>) {
        let (_, last) = self.readings.last().expect("an end is read");
        assert_eq!(last.status(), status);
        let baseline = self.baseline.as_ref().expect("an end is proved by comparison");
        let (sync, manual) = (last.last_sync_time(), last.last_manual_sync_time());
        let is_new = time::compare(sync, baseline.last_sync_time()).is_gt();
        let is_of_this_trigger = time::compare(manual, baseline.last_manual_sync_time()).is_eq()
            || time::compare(sync, manual).is_ge();
        let is_recent = match self.answer {
            Answer::Accepted(Some(date)) => time::compare(sync, Some(date.plus_seconds(-300))).is_ge(),
            _ => true,
        };
        let has_moved = is_new && is_of_this_trigger && is_recent && self.answer != Answer::Earlier;
        let mut running =
            self.readings.iter().map(|(_, settings)| settings).filter(|settings| is_running(settings));
        let in_progress = running.next_back();
        let was_running = matches!(self.answer, Answer::Joined | Answer::Earlier) && is_running(baseline);
        assert!(has_moved || in_progress.is_some() || was_running, "the previous sync counts for this one");
        let moved_since = |earlier: &Settings| time::compare(sync, earlier.last_sync_time()).is_gt();
        if !has_moved || trigger != Some(Trigger::Accepted) || !in_progress.is_some_and(moved_since) {
            self.assert_confirmed(last, has_moved);
        }
    }

    /// The time counts from the reply of the first reading to the request of the last.
    fn assert_confirmed(&self, last: &Settings, has_moved: bool) {
        let is_same = |(_, settings): &&(Duration, Settings)| {
            settings.status() == last.status()
                && time::compare(settings.last_sync_time(), last.last_sync_time()).is_eq()
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
