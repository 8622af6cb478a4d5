//! Calls for thousands of tenants, on a few threads.

mod brake;
mod help;
mod queue;
mod watch;

use std::fmt;
use std::hash::Hash;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::credential::Access;
use crate::outcome::{Error, SyncOutcome};
use crate::transport::{Canceller, PerProcess};
use crate::wait::{Goal, Step, Wait};
use queue::Queue;

/// The most tenants in a fleet at once, unless its owner says otherwise.
const DEFAULT_LIMIT: usize = 20_000;

/// Calls for thousands of tenants, on a few threads.
///
/// Add tenants, each with a key, a token and a [`Goal`]. Then call [`next`](Self::next) again and again, from as many
/// threads as you like: it does what is due, the earliest first, and returns when a call has ended or needs something
/// from you. The library makes no thread for a fleet. Ten thousand waits need three threads, or about a hundred if each
/// request takes 150 milliseconds; [`FleetEvent::Behind`] tells when one more would help. Begin with two: while the
/// request of one hangs, the other is there to tell it.
///
/// The triggers go out first: nobody's waits for the end of another's sync. The first steps of two waits are a quarter of
/// a millisecond apart, so that not all readings come in one second. If the service throttles, the whole fleet slows
/// down.
///
/// A fleet may be used by any number of threads at once. A forked child has an empty fleet of its own.
///
/// ```no_run
/// use std::time::Duration;
/// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
///
/// let fleet = Fleet::new(&Client::new()?);
/// for (tenant, token) in [("contoso", "a-token"), ("fabrikam", "another-token")] {
///     fleet.add(tenant, Some(token), Goal::SyncAndWait, Duration::from_secs(30 * 60))?;
/// }
/// fleet.close();
/// # let mut done = 0;
/// loop {
///     match fleet.next(Duration::from_secs(60)) {
///         FleetEvent::Ended { key, result: Ok(outcome) } => println!("{key}: {outcome}"),
///         FleetEvent::Ended { key, result: Err(error) } => println!("{key}: {error:#}"),
///         FleetEvent::WantsToken { key, .. } => fleet.set_token(&key, None)?, // there is none
///         FleetEvent::Finished => break,
///         _ => {} // a minute has passed, or one more thread would help
///     }
/// #   done += 1;
/// }
/// # assert!(done >= 2);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
pub struct Fleet<K> {
    client: Client,
    limit: usize,
    state: PerProcess<State<K>>,
}

struct State<K> {
    queue: Mutex<Queue<K>>,
    changed: Condvar,
}

impl<K> Default for State<K> {
    fn default() -> State<K> {
        State { queue: Mutex::default(), changed: Condvar::new() }
    }
}

/// What a fleet tells its owner.
///
/// ```no_run
/// # let token = "expired";
/// # fn new_token(_: &str) -> Option<String> { None }
/// use std::time::Duration;
/// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
///
/// let fleet = Fleet::new(&Client::new()?);
/// fleet.add("contoso", Some(token), Goal::SyncAndWait, Duration::from_secs(900))?;
/// fleet.close();
/// loop {
///     match fleet.next(Duration::from_secs(60)) {
///         FleetEvent::WantsToken { key, .. } => fleet.set_token(&key, new_token(key).as_deref())?,
///         FleetEvent::Ended { key, result } => println!("{key}: {}", result.is_ok()),
///         FleetEvent::Behind => println!("more threads would help"),
///         FleetEvent::TimedOut => println!("a minute has passed"),
///         FleetEvent::Finished => break,
///         _ => {} // a later version may tell more
///     }
/// }
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // it is not stored
pub enum FleetEvent<K> {
    /// The call of this tenant has ended. The fleet has forgotten the tenant.
    Ended {
        /// The tenant's key.
        key: K,
        /// How its call ended.
        result: Result<SyncOutcome, Error>,
    },
    /// The service refused the token of this tenant, or none was given yet. Its call rests until
    /// [`set_token`](Fleet::set_token). Without a token, it ends when its time is over.
    WantsToken {
        /// The tenant's key.
        key: K,
        /// Why the service refused the last token; its detail may have claims that the new one must satisfy. None if
        /// no token was given yet.
        refusal: Option<Error>,
    },
    /// More is due than the threads in [`next`](Fleet::next) can do soon: one more thread that calls it would help. You
    /// may ignore this: nothing is lost, but calls end later.
    Behind,
    /// The time has passed, and nothing has happened.
    TimedOut,
    /// All calls have ended, and the fleet is closed.
    Finished,
}

impl<K: Clone + Eq + Hash> Fleet<K> {
    /// An empty fleet. It shares the client's connections, but not its canceller: use [`cancel`](Self::cancel).
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet};
    ///
    /// let fleet = Fleet::<u32>::new(&Client::new()?);
    /// assert!(fleet.is_empty());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn new(client: &Client) -> Fleet<K> {
        Fleet { client: client.clone(), limit: DEFAULT_LIMIT, state: PerProcess::default() }
    }

    /// Sets how many tenants may be in the fleet at once. 20,000 by default. A tenant takes a few KiB,
    /// after a long wait up to 30, and its token.
    ///
    /// ```no_run
    /// use autopilot_sync::{Client, Fleet};
    ///
    /// let fleet = Fleet::<String>::new(&Client::new()?).with_limit(100);
    /// assert!(fleet.has_room());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn with_limit(self, limit: usize) -> Fleet<K> {
        Fleet { limit, ..self }
    }

    /// Whether another tenant may be added now. If not, call [`next`](Self::next) until one has ended.
    ///
    /// So tenants can come from a file of any length, and the memory stays the same. A single thread that adds sees no
    /// surprise; if several add, one of them may still find the fleet full.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?).with_limit(2);
    /// let report = |event| println!("{event:?}");
    /// for (number, token) in ["one", "two", "three", "four"].into_iter().enumerate() {
    ///     while !fleet.has_room() {
    ///         report(fleet.next(Duration::from_secs(60)));
    ///     }
    ///     fleet.add(number, Some(token), Goal::Sync, Duration::from_secs(60))?;
    /// }
    /// # assert!(fleet.len() <= 2);
    /// # fn report(_: FleetEvent<usize>) {}
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn has_room(&self) -> bool {
        self.queue().len() < self.limit
    }

    /// Adds a tenant. Does not block, and sends nothing yet.
    ///
    /// `key` names the tenant in events. It must be another than those of all tenants in the fleet. `token` is a bearer
    /// token, of which the fleet keeps a copy until the call has ended. If it is None, [`next`](Self::next) asks for it
    /// when the tenant's turn comes: so no token expires in the queue. `timeout` is from 1 millisecond to 24 hours, and
    /// counts from the first request.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if an argument is wrong, or the
    /// fleet is full or closed.
    ///
    /// ```no_run
    /// use std::time::{Duration, SystemTime};
    /// use autopilot_sync::{Client, Fleet, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// let change = Goal::SyncSince(SystemTime::now());
    /// fleet.add("contoso", Some("a-token"), change, Duration::from_secs(1800))?;
    /// fleet.add("fabrikam", None, change, Duration::from_secs(1800))?; // its token is asked for when it is needed
    /// assert_eq!(fleet.len(), 2);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn add<'a>(
        &self,
        key: K,
        token: impl Into<Access<'a>>,
        goal: Goal,
        timeout: Duration,
    ) -> Result<(), Error> {
        let canceller = Canceller::new();
        let wait = self.client.with_canceller(&canceller).steps(token.into(), goal, timeout)?;
        let mut queue = self.queue();
        let refusal = if queue.is_closed {
            "the fleet is closed"
        } else if queue.has(&key) {
            "the fleet has a tenant with this key"
        } else if queue.len() >= self.limit {
            "the fleet is full: call next until it has room"
        } else {
            queue.add(Instant::now(), key, wait, canceller);
            self.changed().notify_one();
            return Ok(());
        };
        Err(Error::invalid_argument(refusal))
    }

    /// Tells that no more tenants will be added. [`next`](Self::next) returns [`FleetEvent::Finished`] when all calls
    /// have ended.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, FleetEvent};
    ///
    /// let fleet = Fleet::<u32>::new(&Client::new()?);
    /// fleet.close();
    /// assert!(matches!(fleet.next(Duration::from_secs(60)), FleetEvent::Finished));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn close(&self) {
        self.queue().is_closed = true;
        self.changed().notify_all();
    }

    /// Does what is due, until there is something to tell, or `timeout` has passed.
    ///
    /// Blocks for at most that time, plus one step: at most two requests, each for the client's timeout at most. Any
    /// number of threads may call it at once.
    ///
    /// ```no_run
    /// use std::{thread, time::Duration};
    /// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// for tenant in 0..20 {
    ///     fleet.add(tenant, Some("a-token"), Goal::Settings, Duration::from_secs(60))?;
    /// }
    /// fleet.close();
    /// thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| {
    ///             while !matches!(fleet.next(Duration::from_secs(60)), FleetEvent::Finished) {}
    ///         });
    ///     }
    /// });
    /// assert!(fleet.is_empty());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn next(&self, timeout: Duration) -> FleetEvent<K> {
        let give_up = Instant::now().checked_add(timeout);
        let mut queue = self.queue();
        queue.help.came();
        let event = loop {
            let now = Instant::now();
            if queue.needs_help(now) {
                break FleetEvent::Behind;
            }
            if let Some((key, mut wait)) = queue.take(now) {
                if queue.next_due().is_some_and(|due| !queue.watch.is_backed(now, due)) {
                    self.changed().notify_one();
                }
                drop(queue);
                let step = wait.guarded_step(); // a panic ends this call, not the fleet
                queue = self.queue();
                if let Some(event) = settle(&mut queue, now, key, wait, step) {
                    break event;
                }
            } else if queue.is_finished() {
                break FleetEvent::Finished;
            } else {
                queue = self.pause(queue, now, give_up);
            }
            if give_up.is_some_and(|give_up| give_up <= Instant::now()) {
                break FleetEvent::TimedOut;
            }
        };
        queue.help.left();
        self.changed().notify_one();
        event
    }

    /// Waits until something may be due or has changed.
    fn pause<'a>(
        &self,
        mut queue: MutexGuard<'a, Queue<K>>,
        now: Instant,
        give_up: Option<Instant>,
    ) -> MutexGuard<'a, Queue<K>> {
        let leaves_it = queue.keeps_watch();
        let place = queue.next_due().and_then(|due| queue.watch.take_place(now, due, leaves_it));
        let until = [place.map(|place| place.until), give_up].into_iter().flatten().min();
        let time = until.map_or(Duration::MAX, |until| until.saturating_duration_since(now));
        let (mut queue, _) = self.changed().wait_timeout(queue, time).unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = place {
            queue.watch.leave_place(place);
        }
        queue
    }

    /// Hands in a token for a tenant, for all its requests from the next one on; or None, if it wants one and there is
    /// none. Then its call ends.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the text cannot be a token, or
    /// the fleet has no such tenant.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// fleet.add("contoso", None, Goal::Settings, Duration::from_secs(60))?;
    /// if let FleetEvent::WantsToken { key, .. } = fleet.next(Duration::from_secs(60)) {
    ///     fleet.set_token(&key, Some("a-token"))?;
    /// }
    /// # assert!(matches!(fleet.next(Duration::from_secs(60)), FleetEvent::Ended { result: Ok(_), .. }));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn set_token<'a>(&self, key: &K, token: impl Into<Access<'a>>) -> Result<(), Error> {
        let token = token.into().keep()?;
        if !self.queue().set_token(key, token) {
            return Err(Error::invalid_argument("the fleet has no tenant with this key"));
        }
        self.changed().notify_one();
        Ok(())
    }

    /// Ends the call of one tenant, with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled). [`next`](Self::next)
    /// tells what became of it. Does not block. A tenant that the fleet does not have is none of its business.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// fleet.add("contoso", Some("a-token"), Goal::SyncAndWait, Duration::from_secs(900))?;
    /// fleet.cancel_one(&"contoso");
    /// assert!(matches!(fleet.next(Duration::from_secs(60)), FleetEvent::Ended { result: Err(_), .. }));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn cancel_one(&self, key: &K) {
        self.queue().cancel_one(key);
        self.changed().notify_one();
    }

    /// Ends all calls, with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and those of tenants that are added
    /// later. [`next`](Self::next) tells what became of each. Does not block.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, FleetEvent, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// fleet.add("contoso", Some("a-token"), Goal::SyncAndWait, Duration::from_secs(900))?;
    /// fleet.cancel();
    /// fleet.close();
    /// while let FleetEvent::Ended { key, result } = fleet.next(Duration::from_secs(60)) {
    ///     println!("{key}: {:?}", result.unwrap_err().detail().trigger());
    /// }
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn cancel(&self) {
        self.queue().cancel();
        self.changed().notify_all();
    }

    /// How many tenants are in the fleet: those whose end was not told yet.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Fleet, Goal};
    ///
    /// let fleet = Fleet::new(&Client::new()?);
    /// fleet.add("contoso", None, Goal::Sync, Duration::from_secs(60))?;
    /// assert_eq!(fleet.len(), 1);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.queue().len()
    }

    /// Whether no tenant is in the fleet.
    ///
    /// ```no_run
    /// use autopilot_sync::{Client, Fleet};
    ///
    /// assert!(Fleet::<u32>::new(&Client::new()?).is_empty());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state is valid after any panic, so ignore poisoning.
    fn queue(&self) -> MutexGuard<'_, Queue<K>> {
        self.state.get(State::default).queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> &Condvar {
        &self.state.get(State::default).changed
    }
}

/// Puts a tenant where it belongs after a step that began at this time. Returns what there is to tell.
fn settle<K: Clone + Eq + Hash>(
    queue: &mut Queue<K>,
    began: Instant,
    key: K,
    wait: Box<Wait>,
    step: Step,
) -> Option<FleetEvent<K>> {
    let now = Instant::now();
    let was_throttled = wait.was_throttled();
    queue.help.step_ended(began, was_throttled.map(|_| now - began));
    if let Some(is_throttled) = was_throttled {
        queue.brake.step_ended(now, began, is_throttled);
    }
    match step {
        Step::Pause(until) => {
            queue.put(key, until, wait);
            None
        }
        Step::WantsToken => {
            let refusal = wait.refusal();
            queue.want_token(&key, wait).then_some(FleetEvent::WantsToken { key, refusal })
        }
        Step::Done(result) => {
            queue.end(&key);
            Some(FleetEvent::Ended { key, result })
        }
    }
}

impl<K> fmt::Debug for Fleet<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fleet { client, limit, state: _ } = self;
        f.debug_struct("Fleet").field("client", client).field("limit", limit).finish_non_exhaustive()
    }
}
