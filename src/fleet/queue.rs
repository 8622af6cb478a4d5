//! The tenants of a fleet: what is due, when, and in which order.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

use super::brake::Brake;
use super::help::{Help, MOST_DUE};
use super::watch::{LATE, Watch};
use crate::credential::Kept;
use crate::transport::Canceller;
use crate::wait::Wait;

/// Between the first steps of two waits. So the readings of ten thousand tenants do not come in one second.
const START_GAP: Duration = Duration::from_micros(250);

/// A time, and a number that tells the order of those with the same time.
type Due = (Instant, u64);

pub(super) struct Queue<K> {
    tenants: HashMap<K, Tenant>,
    due: BTreeMap<Due, K>,
    /// How often something was queued.
    count: u64,
    next_start: Option<Instant>,
    pub(super) brake: Brake,
    pub(super) help: Help,
    pub(super) watch: Watch,
    pub(super) is_closed: bool,
    is_cancelled: bool,
}

struct Tenant {
    canceller: Canceller,
    place: Place,
    /// A token that was handed in while a thread takes a step.
    new_token: Option<Kept>,
}

enum Place {
    Queued(Due, Box<Wait>),
    /// A thread takes a step.
    Running,
}

impl<K> Default for Queue<K> {
    fn default() -> Queue<K> {
        Queue {
            tenants: HashMap::new(),
            due: BTreeMap::new(),
            count: 0,
            next_start: None,
            brake: Brake::default(),
            help: Help::default(),
            watch: Watch::default(),
            is_closed: false,
            is_cancelled: false,
        }
    }
}

impl<K: Clone + Eq + Hash> Queue<K> {
    pub(super) fn len(&self) -> usize {
        self.tenants.len()
    }

    pub(super) fn has(&self, key: &K) -> bool {
        self.tenants.contains_key(key)
    }

    /// Whether nothing is left, and nothing will come.
    pub(super) fn is_finished(&self) -> bool {
        self.is_closed && self.tenants.is_empty()
    }

    /// Adds a tenant, whose call the canceller ends.
    pub(super) fn add(&mut self, now: Instant, key: K, wait: Box<Wait>, canceller: Canceller) {
        if self.is_cancelled {
            canceller.cancel();
        }
        let start = self.next_start.map_or(now, |start| start.max(now));
        self.next_start = Some(start + if wait.goal().waits() { START_GAP } else { Duration::ZERO });
        self.tenants.insert(key.clone(), Tenant { canceller, place: Place::Running, new_token: None });
        self.put(key, start, wait);
    }

    /// When the next step is due. A cancelled one sends nothing, so nothing holds it up.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let (due, _) = self.due.keys().next()?;
        let earliest = self.brake.not_before().filter(|_| !self.is_cancelled);
        Some(earliest.map_or(*due, |earliest| earliest.max(*due)))
    }

    /// Whether another thread is needed for what is due now.
    pub(super) fn needs_help(&mut self, now: Instant) -> bool {
        if self.next_due().is_none_or(|due| now.saturating_duration_since(due) < LATE) {
            return false;
        }
        let due = self.due.range(..(now, u64::MAX)).take(MOST_DUE).count();
        self.help.ask(now, due)
    }

    /// Whether a thread must leave what is due to the others.
    pub(super) fn keeps_watch(&self) -> bool {
        self.help.keeps_watch() && !self.is_cancelled
    }

    /// Takes the tenant whose step is due first, if one is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<(K, Box<Wait>)> {
        self.next_due().filter(|due| *due <= now && !self.keeps_watch())?;
        let (_, key) = self.due.pop_first()?;
        let tenant = self.tenants.get_mut(&key)?;
        let Place::Queued(_, wait) = std::mem::replace(&mut tenant.place, Place::Running) else {
            return None;
        };
        self.brake.step_began(now);
        self.help.step_began(now);
        Some((key, wait))
    }

    /// Queues a tenant whose next step is due at this time.
    pub(super) fn put(&mut self, key: K, at: Instant, mut wait: Box<Wait>) {
        let Some(tenant) = self.tenants.get_mut(&key) else { return };
        if let Some(token) = tenant.new_token.take() {
            wait.set_token(&token).expect("checked when it was handed in");
        }
        let at = if tenant.canceller.is_cancelled() { Instant::now() } else { at };
        let due = (at, self.count);
        self.count += 1;
        tenant.place = Place::Queued(due, wait);
        self.due.insert(due, key);
    }

    /// Queues a tenant until a token comes, or its time is over. If a token has come meanwhile, or the call is cancelled,
    /// its next step is due.
    ///
    /// Returns whether to ask for a token.
    pub(super) fn want_token(&mut self, key: &K, wait: Box<Wait>) -> bool {
        let Some(tenant) = self.tenants.get(key) else { return false };
        let is_missing = tenant.new_token.is_none() && !tenant.canceller.is_cancelled();
        let due = if is_missing { wait.deadline() } else { Instant::now() };
        self.put(key.clone(), due, wait);
        is_missing
    }

    pub(super) fn end(&mut self, key: &K) {
        self.tenants.remove(key);
    }

    /// Hands in a token, or that there is none. Returns false if the tenant is not known.
    pub(super) fn set_token(&mut self, key: &K, token: Option<Kept>) -> bool {
        let Some(tenant) = self.tenants.get_mut(key) else { return false };
        if token.is_some() {
            tenant.new_token = token;
        }
        self.wake(key);
        true
    }

    /// Lets a tenant that waits for a token go on. Any other that is queued gets its token now, and keeps its time.
    fn wake(&mut self, key: &K) {
        let Some(tenant) = self.tenants.get_mut(key) else { return };
        let place = std::mem::replace(&mut tenant.place, Place::Running);
        let Place::Queued(due, wait) = place else { return };
        self.due.remove(&due);
        let at = if wait.wants_token() { Instant::now() } else { due.0 };
        self.put(key.clone(), at, wait);
    }

    /// Ends the call of one tenant. Its next step, which tells that, is due now.
    pub(super) fn cancel_one(&mut self, key: &K) {
        if let Some(tenant) = self.tenants.get(key) {
            tenant.canceller.cancel();
            self.wake(key);
        }
    }

    pub(super) fn cancel(&mut self) {
        self.is_cancelled = true;
        let keys: Vec<K> = self.tenants.keys().cloned().collect();
        for key in &keys {
            self.cancel_one(key);
        }
    }
}
