//! The connections that serve no call at the moment.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// As many as there are threads that could use them.
const MOST: usize = 256;

/// Longer than the pause between two polls of a wait. A connection that the service closed meanwhile is noticed.
const LONGEST: Duration = Duration::from_secs(60);

/// The one that was used last is taken first, so that those of a busy hour grow old and are closed.
#[derive(Debug)]
pub(super) struct Idle<C>(Mutex<VecDeque<Since<C>>>);

/// When the connection became idle.
type Since<C> = (Instant, C);

impl<C> Idle<C> {
    pub(super) fn new() -> Idle<C> {
        Idle(Mutex::new(VecDeque::new()))
    }

    /// One that is open still. It is asked outside of the lock, so that no other thread waits for the answer.
    pub(super) fn take(&self, is_open: impl Fn(&mut C) -> bool) -> Option<C> {
        loop {
            let (last, _old) = self.change(VecDeque::pop_back);
            let (_, mut connection) = last?;
            if is_open(&mut connection) {
                return Some(connection);
            }
        }
    }

    pub(super) fn put(&self, connection: C) {
        let _closed = self.change(|young| {
            young.push_back((Instant::now(), connection));
            if young.len() > MOST { young.pop_front() } else { None }
        });
    }

    /// Changes those that are not too old. The old ones are given back: to be closed outside of the lock.
    fn change<T>(&self, work: impl FnOnce(&mut VecDeque<Since<C>>) -> T) -> (T, Vec<Since<C>>) {
        // A panic under this lock leaves whole values behind, so poisoning says nothing.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.iter().take_while(|(since, _)| since.elapsed() > LONGEST).count();
        let old = all.drain(..count).collect();
        (work(&mut all), old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_that_is_open_is_taken_and_the_closed_are_gone() {
        let idle = Idle::new();
        for connection in 1..=4 {
            idle.put(connection);
        }
        assert_eq!(idle.take(|connection| *connection < 3), Some(2));
        assert_eq!(idle.take(|_| true), Some(1));
        assert_eq!(idle.take(|_| true), None);
    }

    #[test]
    fn no_more_are_kept_than_are_of_use() {
        let idle = Idle::new();
        for connection in 0..=MOST {
            idle.put(connection);
        }
        let kept: Vec<usize> = std::iter::from_fn(|| idle.take(|_| true)).collect();
        assert_eq!(kept, (1..=MOST).rev().collect::<Vec<_>>());
    }

    #[test]
    fn the_old_are_closed_when_others_come_and_go() {
        let idle = Idle::new();
        for (age, connection) in [(120, "old"), (61, "too old"), (30, "young")] {
            let since = Instant::now().checked_sub(Duration::from_secs(age)).unwrap();
            idle.0.lock().unwrap().push_back((since, connection));
        }
        idle.put("new");
        let kept: Vec<&str> = idle.0.lock().unwrap().iter().map(|(_, connection)| *connection).collect();
        assert_eq!(kept, ["young", "new"]);
    }
}
