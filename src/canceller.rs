//! Ends calls from another thread.

use std::fmt;
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::call::Call;

/// Ends calls from another thread: those that run, at once, and those that are begun with it afterwards. It stays
/// cancelled for good; use a new one for what comes later. Clones are the same canceller. Any thread may use it at any
/// time, but no signal handler: it takes a lock. A forked child's copy ends calls of the child alone.
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
pub struct Canceller(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    cancelled: bool,
    calls: Vec<Watched>,
}

/// A call, and the process it runs in: a forked child shares its parent's sockets, and must not shut them down.
struct Watched {
    process: u32,
    call: Weak<Call>,
}

impl Watched {
    /// The call, if it still runs in this process.
    fn here(&self) -> Option<Arc<Call>> {
        if self.process == process::id() { self.call.upgrade() } else { None }
    }
}

impl Canceller {
    /// One that has cancelled nothing.
    ///
    /// ```
    /// assert!(!autopilot_sync::Canceller::new().is_cancelled());
    /// ```
    pub fn new() -> Canceller {
        Canceller::default()
    }

    /// Ends all calls that were begun with this canceller, with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
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
        let mut state = self.state();
        state.cancelled = true;
        let calls = std::mem::take(&mut state.calls);
        drop(state);
        for call in calls.iter().filter_map(Watched::here) {
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
        self.state().cancelled
    }

    /// Lets this canceller end a call.
    pub(crate) fn watch(&self, call: &Arc<Call>) {
        let mut state = self.state();
        if state.cancelled {
            call.cancel();
        } else {
            state.calls.retain(|watched| watched.call.strong_count() > 0);
            state.calls.push(Watched { process: process::id(), call: Arc::downgrade(call) });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::call::Stop;
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
        assert_eq!(before.stopped(), Some(Stop::Cancelled));
        assert_eq!(after.stopped(), Some(Stop::Cancelled));
        assert_eq!(other.stopped(), None);
        assert!(canceller.is_cancelled());
    }

    #[test]
    fn it_keeps_no_call_that_is_over() {
        let canceller = Canceller::new();
        for _ in 0..1000 {
            canceller.watch(&call());
        }
        assert_eq!(canceller.state().calls.len(), 1);
    }
}
