//! The service of a timeline: one tenant, every unknown of it drawn at random. Times are milliseconds from the
//! beginning of the wait; its clock runs elsewhere.

use std::collections::HashMap;

use super::super::tests;
use crate::settings::Settings;
use crate::time::Time;

pub(super) const SECOND: i64 = 1000;

/// splitmix64: small, and the same everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// From one to the other, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    pub(super) fn percent(&mut self, chance: i64) -> bool {
        self.between(0, 99) < chance
    }

    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.between(0, all.len() as i64 - 1) as usize]
    }
}

/// When a run moves L.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Acceptance,
    Start,
    End,
    StartAndEnd,
}

/// How far a reading lies behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lag {
    Even(i64),
    /// Of each reading its own.
    Uneven(i64),
    /// Two replicas in turn.
    InTurn(i64),
    /// Only the first reading, but by more than the window.
    OldBaseline(i64),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum RetryAfter {
    Never,
    Exact,
    Longer,
    Shorter,
}

/// What is documented nowhere.
#[derive(Debug)]
pub(super) struct Habits {
    pub(super) mark: Mark,
    failures_move: bool,
    stamps_204: bool,
    stamps_409: bool,
    stamps_429: bool,
    conflict_first: bool,
    window: i64,
    /// Else from the end of the run before.
    window_from_times: bool,
    starts_after: i64,
    pub(super) shown_after: i64,
    longest_run: i64,
    failing_percent: i64,
    pub(super) lag: Lag,
    digits: [(u32, u32); 2],
    pub(super) offset: i64,
    skew: i64,
    dates_percent: i64,
    pub(super) slowest_reply: i64,
    pub(super) retry_after: RetryAfter,
    pub(super) throttles_percent: i64,
    pub(super) odd_status_percent: i64,
    pub(super) fails_percent: i64,
    pub(super) loses_percent: i64,
    pub(super) may_read: bool,
}

impl Habits {
    /// Every combination within what the machine promises to bear: [`super::the_promise`].
    fn draw(random: &mut Random) -> Habits {
        let mark = random.pick(&[Mark::Acceptance, Mark::Start, Mark::End, Mark::End, Mark::StartAndEnd]);
        let starts_after = random.pick(&[0, 0, 500, 3000]);
        let follows = mark != Mark::End && random.percent(50);
        let (starts_after, shown_after) = match (mark, follows) {
            (Mark::End, _) => (starts_after, random.pick(&[0, 1500, 10 * SECOND, 70 * SECOND, 200 * SECOND])),
            (Mark::Acceptance, true) => (random.between(0, 1500), random.between(1, 1800)),
            (Mark::Acceptance, false) => (0, 0),
            (_, true) => (starts_after, random.between(1, 3300)),
            (_, false) => (starts_after, 0),
        };
        let lag = match random.between(0, 9) {
            0 => Lag::OldBaseline(random.between(700, 3000) * SECOND),
            1..=4 => Lag::Even(random.pick(&[0, 0, 1000, 8000])),
            _ if follows => Lag::Even(random.between(0, 8000)),
            5..=7 => Lag::Uneven(random.between(0, 8000)),
            _ => Lag::InTurn(random.between(0, 8000)),
        };
        let is_old = matches!(lag, Lag::OldBaseline(_));
        let precision = |random: &mut Random| (random.between(0, 7) as u32, random.between(0, 7) as u32);
        let one = precision(random);
        let window_from_times = random.percent(50);
        Habits {
            mark,
            failures_move: random.percent(50),
            stamps_204: random.percent(70),
            stamps_409: random.percent(25),
            stamps_429: random.percent(25),
            conflict_first: random.percent(50),
            window: 600 * SECOND + random.between(-15, 15) * SECOND,
            window_from_times,
            starts_after,
            shown_after,
            longest_run: if window_from_times { 480 } else { random.pick(&[3, 30, 300, 1500]) },
            failing_percent: random.pick(&[0, 20, 60]),
            lag,
            digits: [one, if random.percent(70) { one } else { precision(random) }],
            offset: random.between(-400, 400) * 86_400 * SECOND + random.between(0, 999),
            skew: random.pick(&[0, 0, -250, 250]) * SECOND,
            dates_percent: if is_old { 100 } else { random.pick(&[0, 50, 100, 100]) },
            slowest_reply: if follows { 1500 } else { random.pick(&[300, 1500, 10_000]) },
            retry_after: random.pick(&[
                RetryAfter::Never,
                RetryAfter::Never,
                RetryAfter::Exact,
                RetryAfter::Longer,
                RetryAfter::Shorter,
            ]),
            throttles_percent: random.pick(&[0, 0, 10, 40]),
            odd_status_percent: random.pick(&[0, 0, 3]),
            fails_percent: random.pick(&[0, 5, 30]),
            loses_percent: if is_old { 0 } else { random.pick(&[0, 10, 50]) },
            may_read: random.percent(96),
        }
    }
}

/// What the resource says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) status: Option<&'static str>,
    pub(super) sync: Option<i64>,
    pub(super) manual: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) accepted: i64,
    pub(super) end: i64,
    pub(super) completes: bool,
    is_ours: bool,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Others { is_manual: bool },
    Start,
    Show,
    Finish,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    /// The run that it began.
    Accepted(usize),
    /// The run that it met.
    Running(usize),
    /// The window opens then.
    TooSoon(i64),
}

/// A time as one replica writes it: cut off after so many digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shown {
    pub(super) at: i64,
    digits: u32,
}

impl Shown {
    fn new(at: i64, digits: u32) -> Shown {
        let unit = 10_i64.pow(3 - digits.min(3));
        Shown { at: at.div_euclid(unit) * unit, digits }
    }

    fn text(self) -> String {
        let sign = if self.at < 0 { "-" } else { "" };
        let (whole, thousandths) = (self.at.abs() / SECOND, self.at.abs() % SECOND);
        let digits = format!("{thousandths:03}0000");
        match &digits[..self.digits as usize] {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        }
    }

    /// At the coarser precision; never is before all.
    pub(super) fn compare(one: Option<Shown>, other: Option<Shown>) -> std::cmp::Ordering {
        let (Some(one), Some(other)) = (one, other) else { return one.is_some().cmp(&other.is_some()) };
        let digits = one.digits.min(other.digits);
        Shown::new(one.at, digits).at.cmp(&Shown::new(other.at, digits).at)
    }
}

pub(super) struct Service {
    pub(super) habits: Habits,
    pub(super) runs: Vec<Run>,
    now: Record,
    history: Vec<(i64, Record)>,
    /// In order of time.
    coming: Vec<(i64, Event)>,
    is_busy: bool,
    /// After a failed run of ours the others keep still.
    is_quiet: bool,
    last_end: i64,
    /// Whether L or T tell of the last run.
    times_tell: bool,
    readings: u32,
    read: HashMap<(Option<&'static str>, Option<Shown>, Option<Shown>), Settings>,
}

const LONG_AGO: i64 = -100_000 * SECOND;

impl Service {
    pub(super) fn draw(random: &mut Random) -> Service {
        let habits = Habits::draw(random);
        let is_old = matches!(habits.lag, Lag::OldBaseline(_));
        let is_new = random.percent(5);
        let time = |back: i64| (!is_new).then_some(LONG_AGO - back * SECOND);
        let (sync, manual) = (time(0), time(random.between(0, 5000)));
        let now = Record { status: Some(if is_new { "unknown" } else { "completed" }), sync, manual };
        let mut service = Service {
            habits,
            runs: Vec::new(),
            now,
            history: vec![(i64::MIN, now)],
            coming: Vec::new(),
            is_busy: false,
            is_quiet: false,
            last_end: 2 * LONG_AGO,
            times_tell: true,
            readings: 0,
            read: HashMap::new(),
        };
        if !is_new && random.percent(80) {
            let (from, to) = random.pick(&[(1, 300), (1, 2000), (1000, 6000)]);
            let before = -random.between(from, to) * SECOND;
            service.expect(before, Event::Others { is_manual: random.percent(50) });
            service.advance(before, random);
            // With a baseline that is older than the window nothing may run but what is ours.
            service.advance(if is_old { before } else { -60 * SECOND }, random);
        }
        for _ in 0..if is_old { 0 } else { random.between(0, 6) } {
            let (from, to) = random.pick(&[(-60, 30), (0, 200), (0, 2000)]);
            let is_manual = random.percent(30);
            service.expect(random.between(from * SECOND, to * SECOND), Event::Others { is_manual });
        }
        service.advance(0, random);
        service
    }

    fn expect(&mut self, at: i64, event: Event) {
        let place = self.coming.partition_point(|(other, _)| *other <= at);
        self.coming.insert(place, (at, event));
    }

    fn record(&mut self, at: i64, change: impl FnOnce(&mut Record)) {
        change(&mut self.now);
        self.history.push((at, self.now));
    }

    pub(super) fn advance(&mut self, to: i64, random: &mut Random) {
        while self.coming.first().is_some_and(|(at, _)| *at <= to) {
            let (at, event) = self.coming.remove(0);
            self.happen(at, event, random);
        }
    }

    fn happen(&mut self, at: i64, event: Event, random: &mut Random) {
        let mark = self.habits.mark;
        match event {
            Event::Others { is_manual } => {
                let is_apart = at >= self.last_end + 120 * SECOND && (!is_manual || at >= self.opens());
                if is_apart && !self.is_busy && !self.is_quiet {
                    self.begin(at, is_manual, false, random);
                }
            }
            Event::Start => self.record(at, |now| {
                if matches!(mark, Mark::Start | Mark::StartAndEnd) {
                    now.sync = Some(at);
                }
            }),
            Event::Show => self.record(at, |now| now.status = Some("inProgress")),
            Event::Finish => {
                let run = self.runs.last().expect("it began").clone();
                let moves = matches!(mark, Mark::End | Mark::StartAndEnd)
                    && (run.completes || self.habits.failures_move);
                self.record(at, |now| {
                    now.status = Some(if run.completes { "completed" } else { "failed" });
                    if moves {
                        now.sync = Some(at);
                    }
                });
                self.times_tell |= moves || mark != Mark::End;
                (self.is_busy, self.last_end) = (false, at);
                self.is_quiet |= run.is_ours && !run.completes;
            }
        }
    }

    fn begin(&mut self, at: i64, is_manual: bool, is_ours: bool, random: &mut Random) -> usize {
        let habits = &self.habits;
        let start = at + if is_manual { habits.starts_after } else { 0 };
        let end = start + random.between(50, habits.longest_run * SECOND);
        let shown = start + habits.shown_after;
        let (stamps, marks) = (is_manual && habits.stamps_204, habits.mark == Mark::Acceptance);
        let completes = !random.percent(habits.failing_percent);
        (self.is_busy, self.times_tell) = (true, stamps);
        self.record(at, |now| {
            now.manual = if stamps { Some(at) } else { now.manual };
            now.sync = if marks { Some(at) } else { now.sync };
        });
        self.runs.push(Run { accepted: at, end, completes, is_ours });
        self.expect(start, Event::Start);
        if shown < end {
            self.expect(shown, Event::Show);
        }
        self.expect(end, Event::Finish);
        self.runs.len() - 1
    }

    /// When the window opens.
    fn opens(&self) -> i64 {
        let from_times = self.now.sync.max(self.now.manual).filter(|_| self.times_tell);
        let from = if self.habits.window_from_times { from_times } else { None };
        from.unwrap_or(self.last_end) + self.habits.window
    }

    pub(super) fn trigger(&mut self, at: i64, random: &mut Random) -> Answer {
        self.advance(at, random);
        let opens = self.opens();
        let stamp = match (self.is_busy, opens > at) {
            (true, is_closed) if self.habits.conflict_first || !is_closed => {
                (Answer::Running(self.runs.len() - 1), self.habits.stamps_409)
            }
            (_, true) => (Answer::TooSoon(opens), self.habits.stamps_429),
            _ => return Answer::Accepted(self.begin(at, true, true, random)),
        };
        if stamp.1 {
            self.record(at, |now| now.manual = Some(at));
        }
        stamp.0
    }

    /// The oldest that a reading can be when it arrives.
    pub(super) fn oldest(&self) -> i64 {
        let lag = match self.habits.lag {
            Lag::Even(lag) | Lag::Uneven(lag) | Lag::InTurn(lag) => lag,
            Lag::OldBaseline(_) => 0,
        };
        lag + self.habits.slowest_reply
    }

    /// What a reading says, and of when.
    pub(super) fn read(&mut self, at: i64, random: &mut Random) -> Sight {
        self.advance(at, random);
        self.readings += 1;
        let lag = match self.habits.lag {
            Lag::Even(lag) => lag,
            Lag::Uneven(most) => random.between(0, most),
            Lag::InTurn(lag) => lag * i64::from(self.readings % 2),
            Lag::OldBaseline(lag) if self.readings == 1 => lag,
            Lag::OldBaseline(_) => 0,
        };
        let of = at - lag;
        let index = self.history.partition_point(|(since, _)| *since <= of) - 1;
        let mut record = self.history[index].1;
        let is_odd = random.percent(self.habits.odd_status_percent);
        if is_odd {
            record.status = random.pick(&[Some("unknown"), Some("paused"), None]);
        }
        let digits = random.pick(&self.habits.digits);
        let offset = self.habits.offset;
        let sync = record.sync.map(|at| Shown::new(at + offset, digits.0));
        let manual = record.manual.map(|at| Shown::new(at + offset, digits.1));
        Sight { of, status: record.status, sync, manual, is_odd }
    }

    pub(super) fn settings(&mut self, sight: &Sight) -> Settings {
        let key = (sight.status, sight.sync, sight.manual);
        let text = |shown: Option<Shown>| shown.map(Shown::text);
        self.read
            .entry(key)
            .or_insert_with(|| tests::settings(key.0, text(key.1).as_deref(), text(key.2).as_deref()))
            .clone()
    }

    /// A reply's `Date`, by its own clock, and what that says in milliseconds.
    pub(super) fn date(&self, at: i64, random: &mut Random) -> Option<i64> {
        let date = (at + self.habits.offset + self.habits.skew).div_euclid(SECOND) * SECOND;
        random.percent(self.habits.dates_percent).then_some(date)
    }
}

pub(super) fn time(date: i64) -> Time {
    Time::parse(&tests::written("0")).expect("a time").plus_seconds(date.div_euclid(SECOND))
}

/// A reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sight {
    /// The time of which it tells.
    pub(super) of: i64,
    pub(super) status: Option<&'static str>,
    pub(super) sync: Option<Shown>,
    pub(super) manual: Option<Shown>,
    pub(super) is_odd: bool,
}

impl Sight {
    pub(super) fn is_running(&self) -> bool {
        self.status == Some("inProgress")
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.status, Some("completed" | "failed"))
    }

    pub(super) fn lags_behind(&self, other: &Sight) -> bool {
        Shown::compare(self.sync, other.sync).is_lt() || Shown::compare(self.manual, other.manual).is_lt()
    }

    /// The later of L and T; where they are the same at the coarser precision, the earlier writing of it.
    pub(super) fn later(&self) -> Option<i64> {
        let at = |shown: Option<Shown>| shown.map(|shown| shown.at);
        match Shown::compare(self.sync, self.manual) {
            std::cmp::Ordering::Less => at(self.manual),
            std::cmp::Ordering::Greater => at(self.sync),
            std::cmp::Ordering::Equal => at(self.sync).min(at(self.manual)),
        }
    }
}
