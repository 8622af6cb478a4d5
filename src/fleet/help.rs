//! Whether a fleet needs more threads.

use std::time::{Duration, Instant};

/// What is due should be done within this time.
const SOON: Duration = Duration::from_secs(1);

/// For so long a thread that was asked for may take to come.
const PATIENCE: Duration = Duration::from_millis(100);

/// The most steps that are counted.
pub(super) const MOST_DUE: usize = 1024;

/// The threads of a fleet, and how fast they get along.
#[derive(Debug, Default)]
pub(super) struct Help {
    /// The threads that are in `next` now.
    pub(super) threads: usize,
    /// How many more were asked for, since when.
    asked: usize,
    asked_since: Option<Instant>,
    /// The least time that a step took. More threads do not help against a busy processor, only against latency.
    fastest: Option<Duration>,
}

impl Help {
    pub(super) fn step_took(&mut self, time: Duration) {
        self.fastest = Some(self.fastest.map_or(time, |fastest| fastest.min(time)));
    }

    /// Whether to ask for another thread, when so many steps are due.
    pub(super) fn ask(&mut self, now: Instant, due: usize) -> bool {
        if self.asked_since.is_none_or(|since| now.duration_since(since) >= PATIENCE) {
            (self.asked, self.asked_since) = (0, Some(now));
        }
        let needs_more = self.threads + self.asked < self.wanted(due);
        self.asked += usize::from(needs_more);
        needs_more
    }

    fn wanted(&self, due: usize) -> usize {
        let Some(fastest) = self.fastest else { return due.min(2) };
        let threads = (fastest.as_secs_f64() * due as f64 / SOON.as_secs_f64()).ceil() as usize;
        threads.max(2).min(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_needs_threads_and_a_busy_processor_does_not() {
        for (fastest, due, wanted) in [
            (None, 0, 0),
            (None, 1, 1),
            (None, 1000, 2),
            (Some(0.2), 1000, 2),
            (Some(150.0), 1, 1),
            (Some(150.0), 10, 2),
            (Some(150.0), 100, 15),
            (Some(150.0), 1000, 150),
            (Some(30_000.0), 1000, 1000),
        ] {
            let mut help = Help::default();
            if let Some(milliseconds) = fastest {
                help.step_took(Duration::from_secs(60));
                help.step_took(Duration::from_secs_f64(milliseconds / 1000.0));
            }
            assert_eq!(help.wanted(due), wanted, "{fastest:?} {due}");
        }
    }

    #[test]
    fn each_thread_is_asked_for_once() {
        let start = Instant::now();
        let mut help = Help { threads: 1, fastest: Some(Duration::from_millis(50)), ..Help::default() };
        let asked = |help: &mut Help, now| (0..10).filter(|_| help.ask(now, 100)).count();
        assert_eq!(asked(&mut help, start), 4);
        assert_eq!(asked(&mut help, start + PATIENCE / 2), 0);
        help.threads = 3;
        assert_eq!(asked(&mut help, start + PATIENCE), 2, "two did not come");
        help.threads = 5;
        assert_eq!(asked(&mut help, start + PATIENCE * 2), 0);
    }
}
