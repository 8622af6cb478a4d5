//! Looks names up. Nothing can interrupt the system's look-up, so each runs on a thread of its own. A name has one
//! look-up at a time, and all calls that need the name wait for it.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::race::OnceBox;

use crate::config::host::without_brackets;
use crate::outcome::{Happening, Name, Owner};
use crate::transport::call::{Call, Interrupt};
use crate::transport::connect_error::ConnectError;
use crate::transport::process::{PerProcess, thread};
use crate::transport::shortage;

/// The stack of a thread that looks a name up. Ample for the system's resolver and its plugins.
const STACK: usize = 512 * 1024;

/// The system's answer. The error is shared, because it cannot be copied and every waiter gets it.
type Answer = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// How long to keep addresses that came after the last call stopped waiting. A retry of that call can use them.
const KEPT: Duration = Duration::from_secs(60);

/// A look-up in flight, or one whose answer nobody has taken yet.
#[derive(Default)]
struct Lookup {
    answer: Mutex<Option<(Answer, Instant)>>,
    changed: Condvar,
}

/// The look-ups of this process, by name.
type InFlight = Mutex<Vec<(String, Arc<Lookup>)>>;

fn in_flight() -> MutexGuard<'static, Vec<(String, Arc<Lookup>)>> {
    static ALL: OnceBox<PerProcess<InFlight>> = OnceBox::new();
    let all = ALL.get_or_init(Box::default);
    all.get(InFlight::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// The addresses of a host, in the system's order: at least one.
pub(super) fn look_up(
    call: &Call,
    owner: Owner,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = without_brackets(host);
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let whose = Name { owner, name: name.to_owned() };
    call.note(Happening::LookUp(Box::new(whose.clone())));
    let waiter = Arc::new(Waiter { lookup: join(name)?, is_interrupted: AtomicBool::new(false) });
    let answer = call.block(waiter.clone(), |deadline| waiter.wait(deadline)).flatten();
    match answer.ok_or(ConnectError::TimedOut(None))? {
        Ok(mut addresses) => {
            call.note(Happening::Found(addresses.iter().map(SocketAddr::ip).collect()));
            addresses.iter_mut().for_each(|address| address.set_port(port));
            Ok(addresses)
        }
        Err(error) => {
            call.note(Happening::NotFound(error.to_string().into()));
            Err(connect_error(whose, &error))
        }
    }
}

/// What the error of a look-up means for a call.
fn connect_error(name: Name, error: &io::Error) -> ConnectError {
    match error.raw_os_error() {
        Some(number) if shortage::is_of_descriptors(error) => io::Error::from_raw_os_error(number).into(),
        // An unknown name stays unknown. Any other error may be gone a moment later.
        _ if is_unknown_name(error) => ConnectError::UnknownName(name),
        _ => io::Error::new(error.kind(), format!("the look-up of {name} failed: {error}")).into(),
    }
}

/// The look-up of this name that is in flight, or a new one.
fn join(name: &str) -> io::Result<Arc<Lookup>> {
    let mut in_flight = in_flight();
    in_flight.retain(|(_, lookup)| !lookup.is_stale());
    if let Some(index) = in_flight.iter().position(|(other, _)| other == name) {
        let has_ended = in_flight[index].1.answer().is_some();
        return Ok(if has_ended { in_flight.swap_remove(index).1 } else { in_flight[index].1.clone() });
    }
    let lookup = Arc::<Lookup>::default();
    let (owned_name, runner) = (name.to_owned(), lookup.clone());
    thread::spawn("autopilot-name", STACK, move || runner.run(&owned_name))?;
    in_flight.push((name.to_owned(), lookup.clone()));
    Ok(lookup)
}

impl Lookup {
    fn run(&self, name: &str) {
        let answer = panic::catch_unwind(|| ask_system(name));
        self.end(answer.unwrap_or_else(|_| Err(Arc::new(io::Error::other("a panic in a look-up")))));
    }

    /// Gives the answer to all waiters. If there is none, the addresses stay in the list for the next caller.
    fn end(&self, answer: Answer) {
        let mut in_flight = in_flight();
        let is_success = answer.is_ok();
        *self.answer() = Some((answer, Instant::now()));
        in_flight.retain(|(_, lookup)| {
            // The list, this thread and each waiter hold one reference.
            !std::ptr::eq(&**lookup, self) || is_success && Arc::strong_count(lookup) == 2
        });
        self.changed.notify_all();
    }

    fn is_stale(&self) -> bool {
        self.answer().as_ref().is_some_and(|(_, ended)| ended.elapsed() > KEPT)
    }

    fn answer(&self) -> MutexGuard<'_, Option<(Answer, Instant)>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ask_system(name: &str) -> Answer {
    let addresses: Vec<_> =
        (name, 0).to_socket_addrs().map_err(shortage::behind).map_err(Arc::new)?.collect();
    if addresses.is_empty() { Err(Arc::new(io::Error::other("no address"))) } else { Ok(addresses) }
}

/// std keeps only the text of getaddrinfo's error, in the process's language, and not its number.
#[cfg(unix)]
#[allow(unsafe_code)] // asks the C library
fn is_unknown_name(error: &io::Error) -> bool {
    #[cfg(target_env = "gnu")]
    const UNKNOWN: [i32; 2] = [libc::EAI_NONAME, libc::EAI_NODATA];
    #[cfg(not(target_env = "gnu"))]
    const UNKNOWN: [i32; 1] = [libc::EAI_NONAME];
    let text = error.to_string();
    UNKNOWN.into_iter().any(|number| {
        // SAFETY: gai_strerror returns a text that lives as long as the process.
        let words = unsafe { std::ffi::CStr::from_ptr(libc::gai_strerror(number)) };
        text.ends_with(&*words.to_string_lossy())
    })
}

#[cfg(windows)]
fn is_unknown_name(error: &io::Error) -> bool {
    const HOST_NOT_FOUND: i32 = 11001;
    const NO_DATA: i32 = 11004;
    matches!(error.raw_os_error(), Some(HOST_NOT_FOUND | NO_DATA))
}

/// One call's wait for an answer.
struct Waiter {
    lookup: Arc<Lookup>,
    is_interrupted: AtomicBool,
}

impl Waiter {
    /// None if an interrupt or the deadline ends the wait.
    fn wait(&self, deadline: Instant) -> Option<Answer> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let waits = |answer: &mut Option<(Answer, Instant)>| {
            answer.is_none() && !self.is_interrupted.load(Ordering::Acquire)
        };
        let changed = self.lookup.changed.wait_timeout_while(self.lookup.answer(), limit, waits);
        changed.unwrap_or_else(PoisonError::into_inner).0.as_ref().map(|(answer, _)| answer.clone())
    }
}

impl Interrupt for Waiter {
    fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::Release);
        // Lock, so that the notification cannot come between the waiter's check of the flag and its sleep.
        let _answer = self.lookup.answer();
        self.lookup.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Arc<Call> {
        Call::new(Duration::from_secs(3600))
    }

    #[test]
    fn an_address_needs_no_look_up() {
        for (host, expected) in [("192.0.2.1", "192.0.2.1:443"), ("[2001:db8::1]", "[2001:db8::1]:443")] {
            let call = Call::new(Duration::ZERO);
            assert_eq!(look_up(&call, Owner::Service, host, 443).unwrap(), [expected.parse().unwrap()]);
        }
    }

    #[test]
    fn who_asks_for_a_name_in_flight_waits_for_the_same_answer() {
        let lookup = Arc::<Lookup>::default();
        in_flight().push(("in-flight.example".to_owned(), lookup.clone()));
        std::thread::scope(|scope| {
            let askers: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| look_up(&call(), Owner::Service, "in-flight.example", 443)))
                .collect();
            while Arc::strong_count(&lookup) < 2 + askers.len() {
                std::thread::yield_now();
            }
            lookup.end(found());
            for asker in askers {
                assert_eq!(asker.join().unwrap().unwrap(), ["192.0.2.7:443".parse().unwrap()]);
            }
        });
        assert!(!is_known("in-flight.example"), "an answer that somebody took is not kept");
    }

    #[test]
    fn an_answer_that_nobody_waited_for_is_the_next_askers_for_a_while() {
        let lookup = Arc::<Lookup>::default();
        in_flight().push(("late.example".to_owned(), lookup.clone()));
        lookup.end(found());
        drop(lookup);
        assert_eq!(
            look_up(&call(), Owner::Service, "late.example", 443).unwrap(),
            ["192.0.2.7:443".parse().unwrap()]
        );
        assert!(!is_known("late.example"), "once");
        let failed = Arc::<Lookup>::default();
        in_flight().push(("failed.example".to_owned(), failed.clone()));
        failed.end(Err(Arc::new(io::Error::other("try again"))));
        assert!(!is_known("failed.example"), "an error is not kept");
        let old = Instant::now().checked_sub(KEPT + Duration::from_secs(1)).unwrap();
        let stale = Lookup { answer: Mutex::new(Some((found(), old))), changed: Condvar::new() };
        in_flight().push(("stale.invalid".to_owned(), Arc::new(stale)));
        assert!(look_up(&call(), Owner::Service, "stale.invalid", 443).is_err(), "it is looked up again");
    }

    fn found() -> Answer {
        Ok(vec!["192.0.2.7:0".parse().unwrap()])
    }

    fn is_known(name: &str) -> bool {
        in_flight().iter().any(|(known, _)| known == name)
    }

    #[test]
    fn a_cancel_ends_one_wait_and_leaves_the_look_up() {
        in_flight().push(("silent.example".to_owned(), Arc::default()));
        let (call, other) = (call(), call());
        std::thread::scope(|scope| {
            let asker = scope.spawn(|| look_up(&call, Owner::Service, "silent.example", 443));
            call.cancel();
            assert!(matches!(asker.join().unwrap(), Err(ConnectError::TimedOut(None))));
        });
        assert_eq!(other.aborted(), None);
        assert!(is_known("silent.example"));
        in_flight().retain(|(name, _)| name != "silent.example");
    }
}
