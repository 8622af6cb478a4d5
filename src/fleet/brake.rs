//! Slows a fleet down while the service throttles it.

use std::time::{Duration, Instant};

const SHORTEST_GAP: Duration = Duration::from_millis(1);
const LONGEST_GAP: Duration = Duration::from_secs(1);

/// The gap between two steps of a fleet. It doubles with each throttled reply, and shrinks by a tenth with each other
/// one. So one tenant that is throttled among many slows nobody down, and a service that throttles all is asked once a
/// second.
#[derive(Debug, Default)]
pub(super) struct Brake {
    gap: Duration,
    /// When the gap grew last. A request of before tells nothing new.
    grew: Option<Instant>,
    last_step: Option<Instant>,
}

impl Brake {
    /// When the next step may begin. None: at once.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.last_step.filter(|_| !self.gap.is_zero()).map(|last| last + self.gap)
    }

    pub(super) fn step_began(&mut self, now: Instant) {
        self.last_step = Some(now);
    }

    /// A step that began at this time has sent a request.
    pub(super) fn step_ended(&mut self, now: Instant, began: Instant, is_throttled: bool) {
        if !is_throttled {
            self.gap = if self.gap > SHORTEST_GAP { self.gap * 9 / 10 } else { Duration::ZERO };
        } else if self.grew.is_none_or(|grew| began > grew) {
            self.gap = (self.gap * 2).clamp(SHORTEST_GAP, LONGEST_GAP);
            self.grew = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcomes: &[bool]) -> Brake {
        let start = Instant::now();
        let mut brake = Brake::default();
        for (number, is_throttled) in outcomes.iter().enumerate() {
            let began = start + Duration::from_secs(10 * number as u64);
            brake.step_began(began);
            brake.step_ended(began + Duration::from_secs(1), began, *is_throttled);
        }
        brake
    }

    #[test]
    fn the_gap_doubles_up_to_a_second_and_shrinks_to_nothing() {
        let gap = |throttled, answered| after(&[vec![true; throttled], vec![false; answered]].concat()).gap;
        for (throttled, answered, milliseconds) in [
            (0, 0, 0),
            (0, 3, 0),
            (1, 0, 1),
            (1, 1, 0),
            (4, 0, 8),
            (10, 0, 512),
            (30, 0, 1000),
            (30, 10, 348),
            (30, 70, 0),
        ] {
            assert_eq!(gap(throttled, answered).as_millis(), milliseconds, "{throttled} {answered}");
        }
    }

    #[test]
    fn replies_to_requests_of_one_moment_count_once() {
        let start = Instant::now();
        let mut brake = Brake::default();
        for number in 1..100 {
            brake.step_ended(start + Duration::from_millis(number), start, true);
        }
        assert_eq!(brake.gap, SHORTEST_GAP);
    }

    #[test]
    fn the_next_step_keeps_the_gap() {
        assert_eq!(after(&[]).not_before(), None);
        assert_eq!(after(&[false]).not_before(), None);
        let brake = after(&[true, true]);
        assert_eq!(brake.not_before(), brake.last_step.map(|last| last + Duration::from_millis(2)));
    }
}
