//! The network between, and what the caller asks for.

use std::ops::Range;

use super::random::Random;
use super::unknowns::SECOND;

/// The network between, and the deadline, as drawn for one timeline.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) deadline: i64,
    pub(super) slowest: i64,
    /// Percent of the pauses that end late: other waits come first.
    pub(super) late: u64,
    pub(super) may_read: bool,
    /// Percent of the reads that fail, and of the triggers whose reply is lost or says nothing.
    pub(super) read_faults: u64,
    pub(super) trigger_faults: u64,
    /// If a sync since a change is waited for: when that was, from the start of the wait.
    pub(super) change: Option<i64>,
    /// No reading succeeds in these times.
    pub(super) outages: Vec<Range<i64>>,
}

impl Conditions {
    pub(super) fn is_out(&self, at: i64) -> bool {
        self.outages.iter().any(|outage| outage.contains(&at))
    }
}

pub(super) fn conditions(random: &mut Random) -> Conditions {
    let deadline = random.one_of(&[3, 20, 90, 300, 900, 1800, 3600]) * SECOND + random.between(0, 2000);
    let mut outages = Vec::new();
    for _ in 0..random.one_of(&[0, 0, 0, 1, 2]) {
        let begin = random.one_of(&[0, random.clone().between(0, deadline)]);
        outages.push(begin..begin + random.one_of(&[1, 10, 60, 600, 3600]) * SECOND);
    }
    Conditions {
        deadline,
        change: random.chance(50).then(|| change(random)),
        slowest: random.one_of(&[100, 100, 600, 3000, 20_000]),
        late: random.one_of(&[0, 0, 0, 5, 50, 100]),
        may_read: random.chance(95),
        read_faults: random.one_of(&[0, 0, 0, 5, 20, 50, 90]),
        trigger_faults: random.one_of(&[0, 0, 0, 20, 60]),
        outages,
    }
}

/// Just now, or a while ago, or soon.
fn change(random: &mut Random) -> i64 {
    let (least, most) = random.one_of(&[(0, 0), (-60, 0), (-700, 0), (-4000, 0), (0, 299)]);
    random.between(least * SECOND, most * SECOND)
}
