//! One call: its deadline, its cancellation, the stage of its exchange, and the step of it that blocks now.

use std::cell::RefCell;
use std::io;
use std::mem::{self, ManuallyDrop};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::outcome::{Happening, Trace};

/// Ends a blocked step from another thread. Must not block itself.
pub(crate) trait Interrupt: Send + Sync {
    fn interrupt(&self);
}

/// Why a call ends before its work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aborted {
    Cancelled,
    DeadlinePassed,
}

/// How far the current exchange has come.
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
    began: Instant,
    deadline: Instant,
    state: Mutex<State>,
    cancelled: Condvar,
}

#[derive(Default)]
struct State {
    is_cancelled: bool,
    stage: Stage,
    request_length: usize,
    needs_new_connection: bool,
    /// Ends the step that blocks now.
    blocked: Option<Arc<dyn Interrupt>>,
    connect_error: Option<(SocketAddr, io::Error)>,
    /// What happened on the way to a new connection. Empty if there is one already.
    trace: Trace,
    /// When the first step began that may have sent the request.
    sent: Option<Instant>,
}

thread_local! {
    // ureq does all I/O of a call on the thread that made it, and passes nothing on to the connection. So the
    // connection finds its call here. `ManuallyDrop`, because a call may be made while the thread's other values are
    // dropped. It leaks nothing, because it is empty outside of a scope.
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
        let began = Instant::now();
        let deadline = began + timeout;
        Arc::new(Call { began, deadline, state: Mutex::default(), cancelled: Condvar::new() })
    }

    /// Begins an exchange on this thread, with a request of this length at most.
    pub(crate) fn enter(self: &Arc<Self>, request_length: usize) -> Scope {
        {
            let mut state = self.state();
            (state.stage, state.request_length, state.sent) = (Stage::default(), request_length, None);
        }
        CURRENT.with(|current| current.replace(Some(self.clone())));
        Scope(())
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the call must end now, and why.
    pub(crate) fn aborted(&self) -> Option<Aborted> {
        if self.state().is_cancelled {
            Some(Aborted::Cancelled)
        } else if self.time_left().is_zero() {
            Some(Aborted::DeadlinePassed)
        } else {
            None
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        self.state().stage
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.state().stage = stage;
    }

    /// Notes what happens now on the way to a new connection.
    pub(crate) fn note(&self, what: Happening) {
        let at = self.began.elapsed();
        self.state().trace.note(at, what);
    }

    /// Takes over what happened in a part of this call.
    pub(crate) fn adopt(&self, part: &Call) {
        let (trace, _) = part.take_trace();
        self.state().trace.append(trace, part.began.saturating_duration_since(self.began));
    }

    /// What happened before the request was sent, and when that was.
    pub(crate) fn take_trace(&self) -> (Trace, Option<Instant>) {
        let mut state = self.state();
        (mem::take(&mut state.trace), state.sent)
    }

    /// The step that the connection is in, in words for an error.
    pub(crate) fn step(&self) -> Option<String> {
        self.state().trace.step()
    }

    pub(crate) fn request_length(&self) -> usize {
        self.state().request_length
    }

    pub(crate) fn needs_new_connection(&self) -> bool {
        self.state().needs_new_connection
    }

    /// Set it after a 503: another connection may lead to another front end, which may have capacity.
    pub(crate) fn set_needs_new_connection(&self, needs: bool) {
        self.state().needs_new_connection = needs;
    }

    /// Keeps the error of one address while others are still tried, for the message of a timeout.
    pub(crate) fn set_connect_error(&self, error: Option<(SocketAddr, io::Error)>) {
        self.state().connect_error = error;
    }

    pub(crate) fn take_connect_error(&self) -> Option<(SocketAddr, io::Error)> {
        self.state().connect_error.take()
    }

    /// Runs a step that may block until the deadline, which it gets. A cancel ends it by `handle`.
    ///
    /// None if the call was cancelled or its deadline passed before the step. Do not use the step's connection then:
    /// the cancel may have shut it down.
    pub(crate) fn block<T>(&self, handle: Arc<dyn Interrupt>, step: impl FnOnce(Instant) -> T) -> Option<T> {
        {
            let mut state = self.state();
            let now = Instant::now();
            if state.is_cancelled || now >= self.deadline {
                return None;
            }
            if state.stage == Stage::Sent {
                state.sent.get_or_insert(now);
            }
            state.blocked = Some(handle);
        }
        let result = step(self.deadline);
        let mut state = self.state();
        state.blocked = None;
        (!state.is_cancelled).then_some(result)
    }

    /// Waits for this long, or until the call must end.
    pub(crate) fn sleep(&self, duration: Duration) -> Option<Aborted> {
        let duration = duration.min(self.time_left());
        drop(
            self.cancelled
                .wait_timeout_while(self.state(), duration, |state| !state.is_cancelled)
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.aborted()
    }

    /// Ends the call for good, and the step that blocks now at once. Any thread may use it.
    pub(crate) fn cancel(&self) {
        let mut state = self.state();
        state.is_cancelled = true;
        // Keep the lock: without it the step could end here, and another call could get its connection.
        if let Some(blocked) = state.blocked.take() {
            blocked.interrupt();
        }
        self.cancelled.notify_all();
    }

    /// The state is valid after any panic, so ignore poisoning.
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
        assert_eq!(call.aborted(), Some(Aborted::Cancelled));
    }

    #[test]
    fn a_cancel_ends_a_sleep_and_stays() {
        let call = Call::new(LONG);
        let other = call.clone();
        let canceller = thread::spawn(move || other.cancel());
        assert_eq!(call.sleep(LONG), Some(Aborted::Cancelled));
        canceller.join().unwrap();
        assert_eq!(call.sleep(LONG), Some(Aborted::Cancelled));
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
        assert_eq!(call.sleep(LONG), Some(Aborted::DeadlinePassed));
    }

    #[test]
    fn a_call_is_current_inside_its_scope_only() {
        let call = Call::new(LONG);
        assert!(current().is_none());
        call.set_stage(Stage::Sent);
        {
            let _scope = call.enter(7);
            assert!(Arc::ptr_eq(&current().unwrap(), &call));
            assert_eq!(
                (call.stage(), call.request_length()),
                (Stage::Connecting, 7),
                "each exchange begins anew"
            );
            assert_eq!(call.take_trace().1, None, "not sent yet");
        }
        assert!(current().is_none());
    }

    #[test]
    fn a_call_takes_over_what_happened_in_a_part_of_it() {
        let (call, part) = (Call::new(LONG), Call::new(LONG));
        call.note(Happening::Tunnel("first".into()));
        part.note(Happening::Tunnel("second".into()));
        call.adopt(&part);
        assert_eq!(call.step().as_deref(), Some("waiting for the proxy's answer"));
        let (handle, _) = channel();
        call.block(handle.clone(), |_| ());
        assert_eq!(call.state().sent, None);
        call.set_stage(Stage::Sent);
        call.block(handle.clone(), |_| ());
        let (trace, sent) = call.take_trace();
        let texts: Vec<_> = trace.events().iter().map(|event| event.text()).collect();
        assert_eq!(texts, ["to first", "to second"]);
        call.block(handle, |_| ());
        assert!(sent.is_some() && call.take_trace() == (Trace::default(), sent), "it is sent once");
    }
}
