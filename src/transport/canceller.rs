//! Ends calls from another thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::transport::call::Call;
use crate::transport::process::PerProcess;

/// Ends calls from another thread: those that run now, and those that start later with this canceller. It stays
/// cancelled, so use a new one for calls that should run after a cancel. Clones are the same canceller. Any thread may
/// use it at any time, but a signal handler may not, because it takes a lock. In a forked child it ends only the
/// child's calls.
///
/// ```no_run
/// # let token = "a-token";
/// use std::{ops::ControlFlow, thread, time::Duration};
/// use autopilot_sync::{Canceller, Client, ErrorKind};
///
/// let canceller = Canceller::new();
/// let client = Client::new()?.with_canceller(&canceller);
/// let half_an_hour = Duration::from_secs(30 * 60);
/// let wait = thread::spawn(move || client.sync_and_wait(token, half_an_hour, |_| ControlFlow::Continue(())));
/// canceller.cancel();
/// assert_eq!(wait.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Canceller(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    calls: PerProcess<Calls>,
}

/// The calls that this canceller can end. Some may be over.
type Calls = Mutex<Watched<Weak<Call>>>;

/// A list that forgets what is over each time that it has doubled. So it takes ten thousand looks to add ten thousand
/// items, not fifty million.
struct Watched<T>(Vec<T>);

impl<T> Watched<T> {
    fn add(&mut self, item: T, is_over: impl Fn(&T) -> bool) {
        if self.0.len() == self.0.capacity() {
            self.0.retain(|item| !is_over(item));
            let next_look = 2 * self.0.len() + 1;
            self.0.shrink_to(next_look);
            self.0.reserve_exact(next_look - self.0.len());
        }
        self.0.push(item);
    }
}

impl<T> Default for Watched<T> {
    fn default() -> Watched<T> {
        Watched(Vec::new())
    }
}

impl Canceller {
    /// A canceller that is not cancelled.
    ///
    /// ```
    /// assert!(!autopilot_sync::Canceller::new().is_cancelled());
    /// ```
    pub fn new() -> Canceller {
        Canceller::default()
    }

    /// Ends all calls of this canceller, with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    /// A call that blocks returns within milliseconds. Does not block.
    ///
    /// ```
    /// use autopilot_sync::{Canceller, Client, ErrorKind, Trigger};
    ///
    /// let canceller = Canceller::new();
    /// let client = Client::new()?.with_canceller(&canceller);
    /// canceller.cancel();
    /// let error = client.sync("a-token").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// assert_eq!(error.detail().trigger(), Trigger::NotSent);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        let calls = std::mem::take(&mut *self.calls());
        for call in calls.0.iter().filter_map(Weak::upgrade) {
            call.cancel();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    ///
    /// ```
    /// use autopilot_sync::Canceller;
    ///
    /// let canceller = Canceller::new();
    /// canceller.clone().cancel();
    /// assert!(canceller.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Lets this canceller end a call. If another thread cancels at the same time, either this sees the flag, or the
    /// cancel finds the call in the list.
    pub(crate) fn watch(&self, call: &Arc<Call>) {
        let mut calls = self.calls();
        if self.is_cancelled() {
            call.cancel();
        } else {
            calls.add(Arc::downgrade(call), |call| call.strong_count() == 0);
        }
    }

    /// The calls of this process: a forked child shares its parent's sockets, and must not shut them down.
    fn calls(&self) -> MutexGuard<'_, Watched<Weak<Call>>> {
        self.0.calls.get(Calls::default).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::call::Aborted;
    use std::time::Duration;

    fn call() -> Arc<Call> {
        Call::new(Duration::from_secs(3600))
    }

    #[test]
    fn it_ends_its_own_calls_for_good_and_no_others() {
        let (canceller, before, other, after) = (Canceller::new(), call(), call(), call());
        canceller.watch(&before);
        canceller.clone().cancel();
        canceller.watch(&after);
        assert_eq!(before.aborted(), Some(Aborted::Cancelled));
        assert_eq!(after.aborted(), Some(Aborted::Cancelled));
        assert_eq!(other.aborted(), None);
        assert!(canceller.is_cancelled());
    }

    #[test]
    fn a_list_takes_two_looks_for_each_item_at_most() {
        const ALL: usize = 10_000;
        for at_once in [1, 2, 100, ALL / 2, ALL] {
            let (mut watched, looks) = (Watched::default(), std::cell::Cell::new(0));
            for newest in 0..ALL {
                watched.add(newest, |item| {
                    looks.set(looks.get() + 1);
                    item + at_once <= newest
                });
                assert!(watched.0.len() <= 2 * at_once + 4, "{at_once} at once");
            }
            assert!(looks.get() <= 2 * ALL, "{} looks, {at_once} at once", looks.get());
        }
    }

    #[test]
    fn it_forgets_calls_that_are_over() {
        let canceller = Canceller::new();
        for _ in 0..1000 {
            canceller.watch(&call());
        }
        assert!(canceller.calls().0.len() < 10);
    }

    /// The child has no thread that could release the lock.
    #[cfg(unix)]
    #[test]
    fn a_child_forked_under_the_lock_can_cancel() {
        use crate::transport::process::holds_in_child;
        let (canceller, call_of_parent) = (Canceller::new(), call());
        canceller.watch(&call_of_parent);
        let held = canceller.calls();
        let holds = holds_in_child(|| {
            let (before, after) = (call(), call());
            canceller.watch(&before);
            canceller.cancel();
            canceller.watch(&after);
            [before, after].iter().all(|call| call.aborted() == Some(Aborted::Cancelled))
        });
        drop(held);
        assert!(holds);
        assert_eq!((canceller.is_cancelled(), call_of_parent.aborted()), (false, None));
    }
}
