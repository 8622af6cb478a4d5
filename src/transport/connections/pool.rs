//! The idle connections of a client.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most idle connections: one for each of many threads.
const MOST_IDLE: usize = 256;

/// How long a connection stays idle: longer than the pause between two polls of a wait. A connection that the service
/// closes earlier is noticed.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// Idle connections, the last used at the end. That one is taken first, so that those of a busy hour grow old and are
/// closed.
#[derive(Debug)]
pub(super) struct Pool<C>(Mutex<VecDeque<Idle<C>>>);

/// A connection, and when it became idle.
type Idle<C> = (Instant, C);

impl<C> Pool<C> {
    pub(super) fn new() -> Pool<C> {
        Pool(Mutex::new(VecDeque::new()))
    }

    /// Takes the last one that is reusable. Checks outside of the lock, because a check makes three system calls.
    pub(super) fn take(&self, is_reusable: impl Fn(&mut C) -> bool) -> Option<C> {
        loop {
            let (last, _expired) = self.change(VecDeque::pop_back);
            let (_, mut connection) = last?;
            if is_reusable(&mut connection) {
                return Some(connection);
            }
        }
    }

    pub(super) fn put(&self, connection: C) {
        let _surplus_and_expired = self.change(|idle| {
            idle.push_back((Instant::now(), connection));
            if idle.len() > MOST_IDLE { idle.pop_front() } else { None }
        });
    }

    /// Takes out the expired connections, then runs `work`. Returns the expired ones, so that the caller closes them
    /// outside of the lock.
    fn change<T>(&self, work: impl FnOnce(&mut VecDeque<Idle<C>>) -> T) -> (T, Vec<Idle<C>>) {
        // The state is valid after any panic, so ignore poisoning.
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = idle.iter().take_while(|(since, _)| since.elapsed() > LONGEST_IDLE).count();
        let expired = idle.drain(..count).collect();
        (work(&mut idle), expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reusable_one_is_taken_and_the_others_are_closed() {
        let pool = Pool::new();
        for connection in 1..=4 {
            pool.put(connection);
        }
        assert_eq!(pool.take(|connection| *connection < 3), Some(2));
        assert_eq!(pool.take(|_| true), Some(1));
        assert_eq!(pool.take(|_| true), None);
    }

    #[test]
    fn the_oldest_is_closed_when_there_are_too_many() {
        let pool = Pool::new();
        for connection in 0..=MOST_IDLE {
            pool.put(connection);
        }
        let kept: Vec<usize> = std::iter::from_fn(|| pool.take(|_| true)).collect();
        assert_eq!(kept, (1..=MOST_IDLE).rev().collect::<Vec<_>>());
    }

    #[test]
    fn the_expired_are_closed_when_others_come_and_go() {
        let pool = Pool::new();
        for (age, connection) in [(120, "old"), (61, "just expired"), (30, "young")] {
            let since = Instant::now().checked_sub(Duration::from_secs(age)).unwrap();
            pool.0.lock().unwrap().push_back((since, connection));
        }
        pool.put("new");
        let kept: Vec<&str> = pool.0.lock().unwrap().iter().map(|(_, connection)| *connection).collect();
        assert_eq!(kept, ["young", "new"]);
    }
}
