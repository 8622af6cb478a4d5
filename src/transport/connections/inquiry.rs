//! Asks the system what nothing can interrupt: a name's addresses, or a proxy for a host. So each inquiry runs on a
//! thread of its own. There is one at a time for each subject, and all calls that need its answer wait for it.

use std::io;
use std::panic::{self, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;

use crate::transport::call::{Call, Interrupt};
use crate::transport::process::{PerProcess, thread};

/// The system's answer. The error is shared, because it cannot be copied and every waiter gets it.
type Answer<T> = Result<T, Arc<io::Error>>;

/// How long to keep an answer that came after the last call stopped waiting. A retry of that call can use it.
const KEPT: Duration = Duration::from_secs(60);

/// The inquiries of this process, by subject.
pub(super) struct Inquiries<T>(OnceBox<PerProcess<Mutex<List<T>>>>);

type List<T> = Vec<(String, Arc<Inquiry<T>>)>;

/// An inquiry in flight, or one whose answer nobody has taken yet.
struct Inquiry<T> {
    answer: Mutex<Option<(Answer<T>, Instant)>>,
    changed: Condvar,
}

impl<T: Clone + Send + 'static> Inquiries<T> {
    pub(super) const fn new() -> Inquiries<T> {
        Inquiries(OnceBox::new())
    }

    /// The system's answer about a subject. None if the call ends before it comes.
    ///
    /// `thread` is the name of the thread that asks, and the size of its stack.
    pub(super) fn ask(
        &'static self,
        call: &Call,
        thread: (&str, usize),
        subject: &str,
        system: impl FnOnce() -> io::Result<T> + Send + UnwindSafe + 'static,
    ) -> io::Result<Option<Answer<T>>> {
        let inquiry = self.join(thread, subject, system)?;
        let waiter = Arc::new(Waiter { inquiry, is_interrupted: AtomicBool::new(false) });
        Ok(call.block(waiter.clone(), |deadline| waiter.wait(deadline)).flatten())
    }

    /// The inquiry about this subject that is in flight, or a new one.
    fn join(
        &'static self,
        (name, stack): (&str, usize),
        subject: &str,
        system: impl FnOnce() -> io::Result<T> + Send + UnwindSafe + 'static,
    ) -> io::Result<Arc<Inquiry<T>>> {
        let mut list = self.list();
        list.retain(|(_, inquiry)| !inquiry.is_stale());
        if let Some(index) = list.iter().position(|(other, _)| other == subject) {
            let has_ended = list[index].1.answer().is_some();
            return Ok(if has_ended { list.swap_remove(index).1 } else { list[index].1.clone() });
        }
        let inquiry = Arc::new(Inquiry::default());
        let running = inquiry.clone();
        thread::spawn(name, stack, move || {
            let answer = panic::catch_unwind(system);
            let answer =
                answer.unwrap_or_else(|_| Err(io::Error::other("a panic while the system was asked")));
            self.end(&running, answer.map_err(Arc::new));
        })?;
        list.push((subject.to_owned(), inquiry.clone()));
        Ok(inquiry)
    }

    /// Gives the answer to all waiters. If there is none, it stays in the list for the next caller, unless it is an
    /// error.
    fn end(&self, ended: &Inquiry<T>, answer: Answer<T>) {
        let mut list = self.list();
        let is_success = answer.is_ok();
        *ended.answer() = Some((answer, Instant::now()));
        list.retain(|(_, inquiry)| {
            // The list, this thread and each waiter hold one reference.
            !std::ptr::eq(&**inquiry, ended) || is_success && Arc::strong_count(inquiry) == 2
        });
        ended.changed.notify_all();
    }

    fn list(&self) -> MutexGuard<'_, List<T>> {
        let all = self.0.get_or_init(Box::default);
        all.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Inquiry<T> {
    fn is_stale(&self) -> bool {
        self.answer().as_ref().is_some_and(|(_, ended)| ended.elapsed() > KEPT)
    }

    fn answer(&self) -> MutexGuard<'_, Option<(Answer<T>, Instant)>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Inquiry<T> {
    fn default() -> Inquiry<T> {
        Inquiry { answer: Mutex::default(), changed: Condvar::new() }
    }
}

/// One call's wait for an answer.
struct Waiter<T> {
    inquiry: Arc<Inquiry<T>>,
    is_interrupted: AtomicBool,
}

impl<T: Clone> Waiter<T> {
    /// None if an interrupt or the deadline ends the wait.
    fn wait(&self, deadline: Instant) -> Option<Answer<T>> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let waits = |answer: &mut Option<(Answer<T>, Instant)>| {
            answer.is_none() && !self.is_interrupted.load(Ordering::Acquire)
        };
        let changed = self.inquiry.changed.wait_timeout_while(self.inquiry.answer(), limit, waits);
        changed.unwrap_or_else(PoisonError::into_inner).0.as_ref().map(|(answer, _)| answer.clone())
    }
}

impl<T: Send> Interrupt for Waiter<T> {
    fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::Release);
        // Lock, so that the notification cannot come between the waiter's check of the flag and its sleep.
        let _answer = self.inquiry.answer();
        self.inquiry.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Arc<Call> {
        Call::new(Duration::from_secs(3600))
    }

    fn nobody_asks() -> io::Result<u8> {
        unreachable!("an inquiry is in flight")
    }

    fn asked(all: &'static Inquiries<u8>, call: &Call, system: fn() -> io::Result<u8>) -> Option<Answer<u8>> {
        all.ask(call, ("test", 512 * 1024), "subject", system).unwrap()
    }

    fn begun(all: &'static Inquiries<u8>) -> Arc<Inquiry<u8>> {
        let inquiry = Arc::<Inquiry<u8>>::default();
        all.list().push(("subject".to_owned(), inquiry.clone()));
        inquiry
    }

    #[test]
    fn who_asks_for_a_subject_in_flight_waits_for_the_same_answer() {
        static ALL: Inquiries<u8> = Inquiries::new();
        let inquiry = begun(&ALL);
        std::thread::scope(|scope| {
            let askers: Vec<_> = (0..3).map(|_| scope.spawn(|| asked(&ALL, &call(), nobody_asks))).collect();
            while Arc::strong_count(&inquiry) < 2 + askers.len() {
                std::thread::yield_now();
            }
            ALL.end(&inquiry, Ok(7));
            for asker in askers {
                assert!(matches!(asker.join().unwrap(), Some(Ok(7))));
            }
        });
        assert!(ALL.list().is_empty(), "an answer that somebody took is not kept");
    }

    #[test]
    fn an_answer_that_nobody_waited_for_is_the_next_askers_for_a_while() {
        static ALL: Inquiries<u8> = Inquiries::new();
        let error = || Err(Arc::new(io::Error::other("try again")));
        let inquiry = begun(&ALL);
        ALL.end(&inquiry, Ok(7));
        drop(inquiry);
        assert!(matches!(asked(&ALL, &call(), nobody_asks), Some(Ok(7))));
        assert!(ALL.list().is_empty(), "once");
        let failed = begun(&ALL);
        ALL.end(&failed, error());
        assert!(ALL.list().is_empty(), "an error is not kept");
        let old = Instant::now().checked_sub(KEPT + Duration::from_secs(1)).unwrap();
        *begun(&ALL).answer() = Some((Ok(7), old));
        assert!(matches!(asked(&ALL, &call(), || Ok(8)), Some(Ok(8))), "the system is asked again");
    }

    #[test]
    fn a_panic_is_an_answer() {
        static ALL: Inquiries<u8> = Inquiries::new();
        assert!(matches!(asked(&ALL, &call(), || panic!("expected")), Some(Err(_))));
    }

    #[test]
    fn a_cancel_ends_one_wait_and_leaves_the_inquiry() {
        static ALL: Inquiries<u8> = Inquiries::new();
        begun(&ALL);
        let (call, other) = (call(), call());
        std::thread::scope(|scope| {
            let asker = scope.spawn(|| asked(&ALL, &call, nobody_asks));
            call.cancel();
            assert!(asker.join().unwrap().is_none());
        });
        assert_eq!(other.aborted(), None);
        assert_eq!(ALL.list().len(), 1);
    }
}
