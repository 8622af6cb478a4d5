//! Which threads of a fleet wait for what is due next.

use std::time::{Duration, Instant};

/// A step that comes later than this is late.
pub(super) const LATE: Duration = Duration::from_millis(20);

/// A thread that has nothing to do sleeps for so long past the next step. So it does those of a few milliseconds at one
/// go: to wake takes more processor time than a request.
const NAP: Duration = Duration::from_millis(10);

/// Two threads watch: one wakes when something is due. The other wakes when that is late, because the first may hang in
/// a step. All others sleep until they are called.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When the two wake.
    until: [Option<Instant>; 2],
}

/// One of the two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    index: usize,
    pub(super) until: Instant,
}

impl Watch {
    /// Gives a thread a place, and the time at which it wakes. A thread that must leave what is due to others only looks
    /// whether that is late. None: both places are taken, by threads that wake early enough.
    pub(super) fn take_place(&mut self, now: Instant, due: Instant, leaves_it: bool) -> Option<Place> {
        let (first, due) = if leaves_it { (1, due.max(now)) } else { (0, due) };
        let places = [due + NAP, due + LATE];
        let index = (first..2).find(|&index| self.until[index].is_none_or(|until| until > places[index]))?;
        self.until[index] = Some(places[index]);
        Some(Place { index, until: places[index] })
    }

    pub(super) fn leave_place(&mut self, Place { index, until }: Place) {
        if self.until[index] == Some(until) {
            self.until[index] = None;
        }
    }

    /// Whether a thread will look whether what is due then is late.
    pub(super) fn is_backed(&self, now: Instant, due: Instant) -> bool {
        self.until[1].is_some_and(|until| until <= due.max(now) + LATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wakes_when_something_is_due_and_one_when_it_is_late() {
        let start = Instant::now();
        let mut watch = Watch::default();
        let mut take = |due, leaves_it| {
            let place = watch.take_place(start, start + due, leaves_it)?;
            Some((place.index, place.until - start))
        };
        let second = Duration::from_secs(1);
        assert_eq!(take(second, true), Some((1, second + LATE)), "the last thread leaves the work to others");
        assert_eq!(take(second, false), Some((0, second + NAP)));
        assert_eq!(take(second, false), None, "both places are taken");
        assert_eq!(take(second * 2, false), None, "they wake early enough");
        assert_eq!(take(Duration::ZERO, false), Some((0, NAP)), "they would wake too late");
        assert_eq!(take(Duration::ZERO, false), Some((1, LATE)));
    }

    #[test]
    fn a_place_is_free_when_its_thread_has_woken() {
        let start = Instant::now();
        let mut watch = Watch::default();
        let late = watch.take_place(start, start + LATE, true).unwrap();
        let early = watch.take_place(start, start, true).unwrap();
        watch.leave_place(late);
        assert!(watch.is_backed(start, start), "another thread has the place now");
        watch.leave_place(early);
        assert!(!watch.is_backed(start, start));
    }

    #[test]
    fn a_thread_that_wakes_much_later_is_no_help() {
        let start = Instant::now();
        let mut watch = Watch::default();
        watch.take_place(start, start + LATE * 3, true).unwrap();
        for (now, due, is_backed) in [(0, 0, false), (0, 2, false), (0, 3, true), (3, 0, true)] {
            assert_eq!(watch.is_backed(start + LATE * now, start + LATE * due), is_backed, "{now} {due}");
        }
    }
}
