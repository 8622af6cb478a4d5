//! One call: its deadline, its cancel, how far its exchange came, and what of it blocks right now.

use std::cell::RefCell;
use std::io;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Ends something that blocks, from another thread. Must not block itself.
pub(crate) trait Interrupt: Send + Sync {
    fn interrupt(&self);
}

/// Why a call ends before its work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    Deadline,
}

/// How far the exchange of a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Name, TCP, proxy.
    #[default]
    Connecting,
    /// TLS with the service.
    Handshake,
    /// Bytes of the request may have left.
    Sent,
}

pub(crate) struct Call {
    deadline: Instant,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    cancelled: bool,
    stage: Stage,
    fresh: bool,
    blocked: Option<Arc<dyn Interrupt>>,
    setback: Option<io::Error>,
}

thread_local! {
    // ureq does all I/O of a call on the thread that made it, so a connection finds the call it serves here. Never
    // dropped, so that a call may still be made while the thread's other values are: empty outside of a scope anyway.
    static CURRENT: ManuallyDrop<RefCell<Option<Arc<Call>>>> = const { ManuallyDrop::new(RefCell::new(None)) };
}

/// A call is the current one of its thread until this is dropped.
pub(crate) struct Scope(());

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.with(|current| current.replace(None));
    }
}

/// The call whose exchange runs on this thread.
pub(crate) fn current() -> Option<Arc<Call>> {
    CURRENT.with(|current| current.borrow().clone())
}

impl Call {
    pub(crate) fn new(timeout: Duration) -> Arc<Call> {
        let deadline = Instant::now() + timeout;
        Arc::new(Call { deadline, state: Mutex::default(), wake: Condvar::new() })
    }

    /// Begins an exchange on this thread.
    pub(crate) fn enter(self: &Arc<Self>) -> Scope {
        self.state().stage = Stage::default();
        CURRENT.with(|current| current.replace(Some(self.clone())));
        Scope(())
    }

    /// The time until the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the call must end now.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        if self.state().cancelled {
            Some(Stop::Cancelled)
        } else if self.left().is_zero() {
            Some(Stop::Deadline)
        } else {
            None
        }
    }

    pub(crate) fn reach(&self, stage: Stage) {
        self.state().stage = stage;
    }

    pub(crate) fn stage(&self) -> Stage {
        self.state().stage
    }

    /// Asks that the next exchange does not reuse a connection: a 503 stays with the front end that gave it.
    pub(crate) fn demand_fresh_connection(&self) {
        self.state().fresh = true;
    }

    pub(crate) fn wants_fresh_connection(&self) -> bool {
        self.state().fresh
    }

    pub(crate) fn has_fresh_connection(&self) {
        self.state().fresh = false;
    }

    /// Notes an error while other attempts are still running. None clears it, once one of them succeeds.
    pub(crate) fn note_setback(&self, error: Option<io::Error>) {
        self.state().setback = error;
    }

    pub(crate) fn take_setback(&self) -> Option<io::Error> {
        self.state().setback.take()
    }

    /// Runs a step that may block, given the time left; a cancel ends it by `handle`. None: the call is over, and
    /// what the step worked on must not be used again, for the cancel may have hit it.
    pub(crate) fn block<T>(&self, handle: Arc<dyn Interrupt>, step: impl FnOnce(Duration) -> T) -> Option<T> {
        let left = self.left();
        {
            let mut state = self.state();
            if state.cancelled || left.is_zero() {
                return None;
            }
            state.blocked = Some(handle);
        }
        let result = step(left);
        let mut state = self.state();
        state.blocked = None;
        (!state.cancelled).then_some(result)
    }

    /// Waits for this long, or until the call must end.
    pub(crate) fn sleep(&self, duration: Duration) -> Option<Stop> {
        let duration = duration.min(self.left());
        drop(
            self.wake
                .wait_timeout_while(self.state(), duration, |state| !state.cancelled)
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.stopped()
    }

    /// Ends the call from any thread: for good, and at once where it blocks.
    pub(crate) fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        // Within the lock: after it the step may be over, and its connection in another call's hands.
        if let Some(blocked) = state.blocked.take() {
            blocked.interrupt();
        }
        self.wake.notify_all();
    }

    // A panic under this lock leaves whole values behind, so poisoning says nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    const LONG: Duration = Duration::from_secs(3600);

    struct Channel(mpsc::Sender<()>);
    impl Interrupt for Channel {
        fn interrupt(&self) {
            let _ = self.0.send(());
        }
    }

    fn channel() -> (Arc<dyn Interrupt>, mpsc::Receiver<()>) {
        let (sender, receiver) = mpsc::channel();
        (Arc::new(Channel(sender)), receiver)
    }

    #[test]
    fn a_cancel_ends_a_blocked_step_and_its_result_is_not_used() {
        let call = Call::new(LONG);
        let (handle, interrupted) = channel();
        let (begun, begins) = mpsc::channel();
        let other = call.clone();
        let canceller = thread::spawn(move || {
            begins.recv().unwrap();
            other.cancel();
        });
        let result = call.block(handle, |_| {
            begun.send(()).unwrap();
            interrupted.recv().unwrap();
        });
        canceller.join().unwrap();
        assert_eq!(result, None);
        assert_eq!(call.stopped(), Some(Stop::Cancelled));
    }

    #[test]
    fn a_cancel_ends_a_sleep_and_stays() {
        let call = Call::new(LONG);
        let other = call.clone();
        let canceller = thread::spawn(move || other.cancel());
        assert_eq!(call.sleep(LONG), Some(Stop::Cancelled));
        canceller.join().unwrap();
        assert_eq!(call.sleep(LONG), Some(Stop::Cancelled));
        let (handle, _) = channel();
        assert_eq!(call.block(handle, |_| ()), None, "no step begins after a cancel");
    }

    #[test]
    fn a_step_that_is_over_is_not_interrupted() {
        let call = Call::new(LONG);
        let (handle, interrupted) = channel();
        assert_eq!(call.block(handle, |_| 7), Some(7));
        call.cancel();
        assert!(interrupted.try_recv().is_err());
    }

    #[test]
    fn the_deadline_stops_steps_and_sleeps() {
        let call = Call::new(Duration::ZERO);
        let (handle, _) = channel();
        assert_eq!(call.block(handle, |_| ()), None);
        assert_eq!(call.sleep(LONG), Some(Stop::Deadline));
    }

    #[test]
    fn a_call_is_current_inside_its_scope_only() {
        let call = Call::new(LONG);
        assert!(current().is_none());
        call.reach(Stage::Sent);
        {
            let _scope = call.enter();
            assert!(Arc::ptr_eq(&current().unwrap(), &call));
            assert_eq!(call.stage(), Stage::Connecting, "each exchange begins anew");
        }
        assert!(current().is_none());
    }
}
