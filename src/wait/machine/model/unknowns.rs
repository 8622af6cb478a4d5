//! What no documentation tells about the service, drawn for one timeline.

use autopilot_emulator::Marks;

use super::random::Random;

pub(super) const SECOND: i64 = 1000;

/// What the 429 says of the time to wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RetryAfter {
    Absent,
    Seconds,
    Window,
    Longer,
}

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
    pub(super) refusal_extends_window: bool,
    /// `Acceptance`, `End` or `Both`.
    pub(super) marks: Marks,
    /// Whether the acceptance is written when it happens, or when the sync is shown.
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

/// The bounds within which the machine promises not to be fooled.
pub(super) fn unknowns(random: &mut Random) -> Unknowns {
    // Quick: what a run writes is shown by every replica, status included, within five seconds.
    let is_quick = random.chance(50);
    let longest_lag = if is_quick {
        random.one_of(&[0, 500, 2500, 4000])
    } else {
        random.one_of(&[0, 0, 3000, 10_000, 18_000])
    };
    let failing = random.one_of(&[0, 10, 50]);
    let failing_moves = random.chance(50);
    let longest_delay = match (is_quick, longest_lag, failing_moves || failing == 0) {
        (true, ..) => 4900 - longest_lag,
        (false, 0, _) | (false, _, true) => random.one_of(&[0, 10_000, 40_000, 150_000]),
        (false, _, false) => 19_000 - longest_lag,
    };
    let digits = |random: &mut Random| {
        let digits = random.between(0, 7) as usize;
        [digits, if random.chance(15) { random.between(0, 7) as usize } else { digits }]
    };
    let mut others = Vec::new();
    for _ in 0..random.one_of(&[0, 0, 1, 2, 4]) {
        let (least, most) = random.one_of(&[(-30, 10), (-700, 30), (-700, 700), (-2000, -100), (0, 3000)]);
        others.push(Other { at: random.between(least, most) * SECOND, is_manual: random.chance(40) });
    }
    others.sort_by_key(|other| other.at);
    Unknowns {
        clock: random.between(-40, 40) * 86_400_000 + random.between(0, 999),
        has_date: random.chance(80),
        date_skew: random.one_of(&[0, 0, 0, -2, 3, -60, 60]) * SECOND,
        lag_is_fixed: random.chance(30),
        lags: random.one_of(&[[0, longest_lag], [longest_lag, longest_lag]]),
        alternates: random.chance(50),
        sync_digits: digits(random),
        manual_digits: digits(random),
        strange_status: random.one_of(&[0, 0, 0, 0, 5, 30]),
        throttling: random.one_of(&[0, 0, 0, 0, 20, 60]),
        window: random.one_of(&[600, 600, 590, 605, 540, 660]) * SECOND,
        window_since_end: random.chance(30),
        retry_after: random.one_of(&[
            RetryAfter::Absent,
            RetryAfter::Absent,
            RetryAfter::Seconds,
            RetryAfter::Window,
            RetryAfter::Longer,
        ]),
        window_first: random.chance(50),
        stamps_204: random.chance(85),
        stamps_409: random.chance(20),
        stamps_429: random.chance(20),
        refusal_extends_window: random.chance(20),
        marks: random.one_of(&[Marks::Acceptance, Marks::End, Marks::Both]),
        marks_early: is_quick,
        longest_delay,
        longest_run: random.one_of(&[2, 20, 120, 600, 2000]) * SECOND,
        mark_delay: random.one_of(&[0, 0, 0, 300, 4000]).min(19_900 - longest_lag),
        failing,
        failing_moves,
        rest: if is_quick { 0 } else { longest_lag + 60 * SECOND },
        is_fresh_before: false,
        frozen: None,
        others,
    }
}

/// What the rule stands only where something else is certain.
pub(super) fn extremes(random: &mut Random, is_answered: bool, unknowns: &mut Unknowns) {
    let tells_apart = unknowns.has_date || (unknowns.lags[1] <= 500 && unknowns.stamps_204);
    if is_answered && tells_apart && random.chance(20) {
        // A reading before the trigger that lacks the last sync: `Date` or T tells that this is no news.
        let last = random.between(-1500, -560) * SECOND;
        unknowns.longest_run = unknowns.longest_run.min(120 * SECOND);
        unknowns.others = vec![Other { at: last, is_manual: random.chance(40) }];
        unknowns.frozen = Some((last - random.between(1, 1000) * SECOND, random.between(100, 2000)));
    } else if is_answered && unknowns.marks == Marks::End && unknowns.failing == 0 && random.chance(50) {
        // Syncs on each other's heels, seldom shown: what is seen of the one before lies behind the baseline.
        unknowns.is_fresh_before = true;
        unknowns.rest = 0;
        unknowns.mark_delay = 0;
    }
}
