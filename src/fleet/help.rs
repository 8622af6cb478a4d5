//! Whether a fleet needs more threads.

use std::time::{Duration, Instant};

/// What is due should be done within this time.
const SOON: Duration = Duration::from_secs(1);

/// For so long a thread that was asked for may take to come. If none comes, the fleet asks less and less often.
const PATIENCE: Duration = Duration::from_millis(100);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);

/// A step that takes longer than this, and longer than three fast ones, may hang. Its thread is no help.
const HANGING: Duration = Duration::from_millis(200);

/// The most steps that are counted.
pub(super) const MOST_DUE: usize = 1024;

/// The threads of a fleet, and how fast they get along.
#[derive(Debug, Default)]
pub(super) struct Help {
    /// The threads that are in `next` now.
    threads: usize,
    /// When the steps began that threads take now.
    steps: Vec<Instant>,
    /// How many more were asked for, since when, and how many threads there were then.
    asked: usize,
    asked_since: Option<Instant>,
    threads_then: usize,
    /// How long those asked for may take to come.
    patience: Duration,
    /// The last time, none came.
    is_refused: bool,
    /// The least time that a step took. More threads do not help against a busy processor, only against latency.
    fastest: Option<Duration>,
}

impl Help {
    /// A thread is in `next` now. One that was asked for may come after all.
    pub(super) fn came(&mut self) {
        self.threads += 1;
        self.is_refused &= self.threads <= self.threads_then;
    }

    pub(super) fn left(&mut self) {
        self.threads -= 1;
    }

    pub(super) fn step_began(&mut self, now: Instant) {
        self.steps.push(now);
    }

    /// The step that began at this time is over. The time is that of its request, if it has sent one.
    pub(super) fn step_ended(&mut self, began: Instant, took: Option<Duration>) {
        if let Some(index) = self.steps.iter().position(|step| *step == began) {
            self.steps.swap_remove(index);
        }
        if let Some(took) = took {
            self.fastest = Some(self.fastest.map_or(took, |fastest| fastest.min(took)));
        }
    }

    /// Whether a thread leaves what is due to others: all others take a step, and if these hang, somebody must be there
    /// to ask for another thread. If none comes, nobody keeps watch.
    pub(super) fn keeps_watch(&self) -> bool {
        self.threads > 1 && self.steps.len() + 1 >= self.threads && !self.is_refused
    }

    /// Whether to ask for another thread, when so many steps are due and late.
    pub(super) fn ask(&mut self, now: Instant, due: usize) -> bool {
        if self.asked_since.is_none_or(|since| now.duration_since(since) >= self.patience) {
            self.is_refused = self.asked > 0 && self.threads <= self.threads_then;
            self.patience =
                if self.is_refused { (self.patience * 2).min(LONGEST_PATIENCE) } else { PATIENCE };
            (self.asked, self.asked_since, self.threads_then) = (0, Some(now), self.threads);
        }
        let watcher = 1;
        let needs_more = self.threads + self.asked < self.wanted(due) + watcher + self.hanging(now);
        self.asked += usize::from(needs_more);
        needs_more
    }

    /// How many threads seem to hang in a step.
    fn hanging(&self, now: Instant) -> usize {
        let longest = self.fastest.map_or(HANGING, |fastest| HANGING.max(fastest * 3));
        self.steps.iter().filter(|began| now.duration_since(**began) > longest).count()
    }

    /// How many threads do what is due soon, if no step hangs.
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
                help.step_ended(Instant::now(), Some(Duration::from_secs(60)));
                help.step_ended(Instant::now(), Some(Duration::from_secs_f64(milliseconds / 1000.0)));
            }
            assert_eq!(help.wanted(due), wanted, "{fastest:?} {due}");
        }
    }

    fn of_threads(threads: usize) -> Help {
        Help { threads, fastest: Some(Duration::from_millis(50)), ..Help::default() }
    }

    fn asked(help: &mut Help, now: Instant, due: usize) -> usize {
        (0..10).filter(|_| help.ask(now, due)).count()
    }

    #[test]
    fn each_thread_is_asked_for_once() {
        let start = Instant::now();
        let mut help = of_threads(1);
        assert_eq!(asked(&mut help, start, 100), 5, "five for the steps, and one to watch, less this one");
        assert_eq!(asked(&mut help, start + PATIENCE / 2, 100), 0);
        help.threads = 4;
        assert_eq!(asked(&mut help, start + PATIENCE, 100), 2, "two did not come");
        help.threads = 6;
        assert_eq!(asked(&mut help, start + PATIENCE * 2, 100), 0);
    }

    #[test]
    fn threads_that_do_not_come_are_asked_for_less_and_less_often() {
        let start = Instant::now();
        let mut help = of_threads(2);
        let times: Vec<u32> =
            (0..1000).filter(|time| asked(&mut help, start + PATIENCE * *time, 100) > 0).collect();
        assert_eq!(times, [0, 1, 3, 7, 15, 31, 63, 127, 227, 327, 427, 527, 627, 727, 827, 927]);
        help.threads = 3;
        assert_eq!(asked(&mut help, start + PATIENCE * 1027, 100), 3);
        assert!(!help.is_refused, "one came");
    }

    #[test]
    fn the_last_free_thread_keeps_watch_and_one_comes_for_each_that_hangs() {
        let start = Instant::now();
        let mut help = of_threads(1);
        assert!(!help.keeps_watch(), "nobody else would take the step");
        help.threads = 3;
        help.step_began(start);
        assert!(!help.keeps_watch());
        help.step_began(start + HANGING);
        assert!(help.keeps_watch());
        assert_eq!(asked(&mut help, start + HANGING, 100), 3);
        help.threads = 6;
        assert_eq!(asked(&mut help, start + HANGING * 2, 100), 1, "the first step hangs, the second not yet");
        help.threads = 7;
        assert_eq!(asked(&mut help, start + HANGING * 4, 100), 1);
        (help.threads, help.steps) = (8, vec![start + HANGING]);
        assert_eq!(asked(&mut help, start + HANGING * 5, 100), 0);
        help.threads = 2;
        assert!(help.keeps_watch());
        asked(&mut help, start + HANGING * 6, 100);
        asked(&mut help, start + HANGING * 7, 100);
        assert!(!help.keeps_watch(), "none came");
        help.left();
        help.came();
        assert!(!help.keeps_watch(), "it is one of those that were there");
        help.step_began(start + HANGING * 7);
        help.came();
        assert!(help.keeps_watch(), "one came late, and all others may hang");
    }
}
