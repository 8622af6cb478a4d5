//! The wait's state machine, against a service that says whatever it likes.
//!
//! An input is the deadline in tens of seconds, then five bytes for each thing that is seen: what it is, how long it took,
//! and the times in it. Where the input is over, every request fails.

use std::time::Duration;

use super::a_token;
use crate::outcome::Trigger;
use crate::outcome::{Settings, SyncStatus};
use crate::text::time::{self, Time};
use crate::wait::Phase;
use crate::wait::machine::{Do, End, Seen, Wait};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// More than there are looks in the longest wait.
const MOST_STEPS: usize = 4000;

pub fn wait(data: &[u8]) {
    let (deadline, data) = data.split_first().unwrap_or((&90, &[]));
    let deadline = seconds(10 * u64::from(*deadline) + 1);
    let jitter = Duration::from_millis(4999);
    let mut wait = Wait::new(deadline, jitter);
    let mut history = History::new(deadline);
    let mut events = data.chunks_exact(5).map(|event| event.try_into().expect("five bytes"));
    let (mut now, mut seen) = (Duration::ZERO, Seen::Nothing);
    for _ in 0..MOST_STEPS {
        let todo = wait.next(now, seen);
        history.asked(now, &todo, wait.known_trigger());
        let event: Option<[u8; 5]> = if matches!(todo, Do::Pause { .. }) { None } else { events.next() };
        now += Duration::from_millis(event.map_or(100, |event| u64::from(event[1]) * 50));
        seen = match todo {
            Do::Read { .. } => event.map_or(Seen::ReadFailed { retry_after: None }, read),
            Do::Trigger => event.map_or(Seen::NotTriggered, triggered),
            Do::Pause { until, .. } => {
                now = until;
                Seen::Nothing
            }
            Do::End(_) => {
                assert_eq!(wait.next(now, Seen::Nothing), Do::End(End::LastRequest));
                return;
            }
        };
        history.seen(now, &seen);
    }
    panic!("it does not end");
}

/// A reading, or why there is none.
fn read([what, _, sync, manual, date]: [u8; 5]) -> Seen {
    let status = match what % 16 {
        0 => return Seen::ReadRefused,
        1 => return Seen::ReadEnded,
        2 => return Seen::ReadFailed { retry_after: retry_after(date) },
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
    let settings = Settings::read(body.as_bytes(), a_token()).expect("settings");
    Seen::Reading { settings, date: told(date) }
}

fn triggered([what, _, _, retry, date]: [u8; 5]) -> Seen {
    match what % 8 {
        0 => Seen::NotTriggered,
        1 | 2 => Seen::MayHaveRun,
        3 => Seen::AlreadyRunning,
        4 => Seen::TooSoon { retry_after: retry_after(retry), date: told(date) },
        _ => Seen::Accepted { date: told(date) },
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

fn told(byte: u8) -> Option<Time> {
    Time::parse(&written(byte)).filter(|time| !time.is_never())
}

fn retry_after(byte: u8) -> Option<Duration> {
    (byte != 0).then(|| seconds(u64::from(byte) * 5))
}

/// What became of the last trigger, as the machine was told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    None,
    Accepted(Option<Time>),
    Joined,
    MayHaveRun,
    TooSoon,
}

/// What the machine asked for, and was told.
struct History {
    deadline: Duration,
    /// Of the last look, or of what it counts from.
    looked: Duration,
    is_looking: bool,
    not_before: Duration,
    answer: Answer,
    answered: Duration,
    /// When the trigger was sent whose fate is unknown, and how often it was sent again.
    lost: Option<(Duration, u32)>,
    asked_to_wait: Option<Duration>,
    baseline: Option<Settings>,
    /// The highest of both times.
    highest: (Option<Time>, Option<Time>),
    /// Since the trigger: the readings that are not behind.
    readings: Vec<(Duration, Settings)>,
    /// The last thing that was told can precede a trigger.
    may_trigger: bool,
}

impl History {
    fn new(deadline: Duration) -> History {
        History {
            deadline,
            looked: Duration::ZERO,
            is_looking: false,
            not_before: Duration::ZERO,
            answer: Answer::None,
            answered: Duration::ZERO,
            lost: None,
            asked_to_wait: None,
            baseline: None,
            highest: (None, None),
            readings: Vec::new(),
            may_trigger: false,
        }
    }

    fn asked(&mut self, now: Duration, todo: &Do, trigger: Option<Trigger>) {
        match todo {
            Do::Read { retries } => {
                if !retries {
                    self.assert_look(now);
                }
            }
            Do::Trigger => self.assert_trigger(now),
            Do::Pause { until, phase } => {
                assert!(now <= *until && *until < self.deadline, "pauses until {until:?} at {now:?}");
                let longest = self.not_before.max(now + seconds(15));
                assert!(*phase == Phase::Window || *until <= longest, "sleeps until {until:?} at {now:?}");
            }
            Do::End(end) => self.assert_end(now, end, trigger),
        }
    }

    fn seen(&mut self, now: Duration, seen: &Seen) {
        self.may_trigger = matches!(seen, Seen::Reading { .. } | Seen::ReadRefused);
        match seen {
            Seen::Nothing | Seen::ReadEnded | Seen::NotTriggered => {}
            Seen::ReadFailed { retry_after } => self.not_before = now + retry_after.unwrap_or_default(),
            Seen::ReadRefused => self.baseline = None,
            Seen::Reading { settings, .. } => self.take(now, settings),
            Seen::Accepted { date } => self.answered(now, Answer::Accepted(*date)),
            Seen::AlreadyRunning => self.answered(now, Answer::Joined),
            Seen::MayHaveRun => {
                self.answered(now, Answer::MayHaveRun);
                self.lost = Some(self.lost.map_or((now, 0), |(_, repeats)| (now, repeats)));
            }
            Seen::TooSoon { retry_after, .. } => {
                self.answered(now, Answer::TooSoon);
                (self.lost, self.asked_to_wait) = (None, retry_after.map(|wait| now + wait));
            }
        }
    }

    fn answered(&mut self, now: Duration, answer: Answer) {
        (self.answer, self.answered, self.looked, self.not_before) = (answer, now, now, now);
        self.readings.clear();
    }

    fn take(&mut self, now: Duration, settings: &Settings) {
        let (sync, manual) = (settings.last_sync(), settings.last_manual_sync());
        let is_behind = |time, highest| time::compare(time, highest).is_lt();
        if is_behind(sync, self.highest.0) || is_behind(manual, self.highest.1) {
            return;
        }
        self.highest = (sync, manual);
        if matches!(self.answer, Answer::None | Answer::TooSoon) {
            self.baseline = Some(settings.clone());
            if self.answer == Answer::TooSoon && is_running(settings) {
                self.answered(now, Answer::Joined);
            }
        }
        self.readings.push((now, settings.clone()));
    }

    /// Looks are a second apart at least, and not before the time that was asked for.
    fn assert_look(&mut self, now: Duration) {
        assert!(now >= self.looked + seconds(1) && now >= self.not_before, "looks at {now:?}");
        assert!(now < self.deadline, "looks at {now:?}, past the deadline");
        self.looked = now;
    }

    /// A trigger follows a reading. It is never sent after one that was accepted, once at most after one that may have
    /// run, and then only if thirty seconds show no effect.
    fn assert_trigger(&mut self, now: Duration) {
        assert!(self.may_trigger, "triggers without a reading");
        match self.answer {
            Answer::None => assert!(self.lost.is_none()),
            Answer::TooSoon => assert!(self.asked_to_wait.is_none_or(|asked| now >= asked)),
            Answer::MayHaveRun => {
                let (since, repeats) = self.lost.as_mut().expect("it is noted");
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

    fn assert_end(&self, now: Duration, end: &End, trigger: Option<Trigger>) {
        match end {
            End::Completed => {
                assert_eq!(trigger, Some(Trigger::Accepted));
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Completed, trigger);
            }
            End::JoinedCompleted => {
                assert_eq!(trigger, Some(Trigger::Joined));
                assert!(matches!(self.answer, Answer::Joined | Answer::MayHaveRun), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Completed, trigger);
            }
            End::Failed => {
                assert!(!matches!(self.answer, Answer::None | Answer::TooSoon), "{:?}", self.answer);
                self.assert_proved(SyncStatus::Failed, trigger);
            }
            End::Unconfirmed => {
                assert!(matches!(self.answer, Answer::Accepted(_) | Answer::Joined | Answer::MayHaveRun));
                let is_seen = self.readings.iter().any(|(_, settings)| is_running(settings));
                let is_long = now >= self.answered + seconds(120);
                assert!(self.baseline.is_none() || (is_long && !is_seen), "unconfirmed at {now:?}");
            }
            End::TooSoon(next) => {
                assert_eq!(self.answer, Answer::TooSoon);
                let asked = self.asked_to_wait;
                assert!(*next >= asked, "{next:?} before {asked:?}");
                assert!(next.is_some() || self.baseline.is_none());
            }
            End::Deadline => {
                let next = (self.looked + seconds(1)).max(self.not_before).max(now + seconds(1));
                assert!(next >= self.deadline, "gives up at {now:?}");
            }
            End::LastTrigger => assert_eq!(self.answer, Answer::MayHaveRun),
            End::LastRequest => {}
        }
    }

    /// The end that is told was read last, after the answer. Either L has moved since the baseline, not before the trigger
    /// that T tells of, and not minutes before the answer; or the sync was seen in progress. It has stood for a while,
    /// unless L has moved since that sight, and the sync was triggered here.
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
        let mut running = self.readings.iter().map(|(_, settings)| settings).filter(|seen| is_running(seen));
        let seen = running.next_back();
        let was_running = self.answer == Answer::Joined && is_running(baseline);
        assert!(has_moved || seen.is_some() || was_running, "the sync before is told for this one");
        let writes_its_end = |seen: &Settings| time::compare(sync, seen.last_sync()).is_gt();
        if !has_moved || trigger != Some(Trigger::Accepted) || !seen.is_some_and(writes_its_end) {
            self.assert_stands(last, has_moved);
        }
    }

    /// From the reply of the first reading to the request of the last.
    fn assert_stands(&self, last: &Settings, has_moved: bool) {
        let is_same = |(_, settings): &&(Duration, Settings)| {
            settings.status() == last.status()
                && time::compare(settings.last_sync(), last.last_sync()).is_eq()
        };
        let standing: Vec<_> = self.readings.iter().rev().take_while(is_same).collect();
        let [_, .., (begin, _)] = standing[..] else { panic!("one reading proves it") };
        let (least, readings) = if has_moved { (seconds(5), 2) } else { (seconds(20), 4) };
        let stands = self.looked - *begin;
        assert!(stands >= least && standing.len() >= readings, "stands for {stands:?}");
    }
}

fn is_running(settings: &Settings) -> bool {
    settings.status() == Some(&SyncStatus::InProgress)
}
