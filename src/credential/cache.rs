//! The tokens that a credential has got. They are wiped when they are replaced, and with the credential.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::access_token::AccessToken;
use crate::outcome::ErrorKind;
use crate::transport::call::{Call, Interrupt};
use crate::transport::{Failure, PerProcess};

/// If renewing fails and the old token is still good, the next call tries again after this.
const PAUSE: Duration = Duration::from_secs(30);

/// One place for each Microsoft Graph that the credential is used with, by its root.
#[derive(Default)]
pub(super) struct Cache(PerProcess<Mutex<Vec<(String, Arc<Place>)>>>);

impl Cache {
    pub(super) fn place(&self, root: &str) -> Arc<Place> {
        let mut places = self.0.get(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = places.iter().find(|(other, _)| other == root) {
            return place.clone();
        }
        let place = Arc::<Place>::default();
        places.push((root.to_owned(), place.clone()));
        place
    }
}

/// One token, which one call at a time renews.
#[derive(Default)]
pub(super) struct Place {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    token: Option<AccessToken>,
    /// What the next token must satisfy.
    claims: Option<String>,
    is_being_renewed: bool,
    /// How many renewals have ended.
    ended: u64,
    /// The failure of the last one, for the calls that waited for it.
    failure: Option<Failure>,
}

impl Place {
    /// The token that is here, or the one that `renew` gets for these claims. If another call is getting one, waits for
    /// that.
    pub(super) fn token(
        self: &Arc<Self>,
        call: &Call,
        renew: impl FnOnce(Option<&str>) -> Result<AccessToken, Failure>,
    ) -> Result<Arc<Zeroizing<String>>, Failure> {
        let claims = loop {
            let mut state = self.state();
            let now = Instant::now();
            match &state.token {
                Some(token) if now < token.renew_at => return Ok(token.text.clone()),
                Some(token) if state.is_being_renewed && now < token.ends => return Ok(token.text.clone()),
                _ => {}
            }
            if !state.is_being_renewed {
                state.is_being_renewed = true;
                break state.claims.clone();
            }
            let ended = state.ended;
            drop(state);
            self.wait_for_end(call, ended)?;
        };
        let renewal = Renewal(self);
        renewal.end(renew(claims.as_deref()))
    }

    /// The service has refused this token: forgets it, unless there is a newer one.
    pub(super) fn refuse(&self, refused: &str, claims: Option<&str>) {
        let mut state = self.state();
        if state.token.take_if(|token| **token.text == refused).is_some() {
            state.claims = claims.map(str::to_owned);
        }
    }

    /// Waits until the renewal after so many others has ended. If that failed by no fault of its own call, this call
    /// fails too.
    fn wait_for_end(self: &Arc<Self>, call: &Call, ended: u64) -> Result<(), Failure> {
        let waiter = Arc::new(Waiter { place: self.clone(), is_interrupted: AtomicBool::new(false) });
        call.block(waiter.clone(), |deadline| waiter.wait(deadline, ended));
        if let Some(aborted) = call.aborted() {
            return Err(Failure::aborted(aborted, "no token came from another call that was asking for one"));
        }
        let state = self.state();
        match &state.failure {
            Some(failure) if state.ended == ended + 1 => Err(failure.again()),
            _ => Ok(()),
        }
    }

    /// The state is valid after any panic, so ignore poisoning.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call that renews the token. However it ends, the next one may.
struct Renewal<'a>(&'a Place);

impl Renewal<'_> {
    /// A renewal that fails while the old token is still good leaves that for a while.
    fn end(self, result: Result<AccessToken, Failure>) -> Result<Arc<Zeroizing<String>>, Failure> {
        let mut state = self.0.state();
        let now = Instant::now();
        let token = match result {
            Ok(token) => {
                (state.claims, state.failure) = (None, None);
                state.token.insert(token)
            }
            Err(failure) => {
                let is_own = matches!(failure.error.kind(), ErrorKind::Cancelled | ErrorKind::Timeout);
                state.failure = (!is_own).then(|| failure.again());
                let old = state.token.as_mut().filter(|token| now < token.ends);
                let Some(old) = old.filter(|_| failure.error.kind() != ErrorKind::Cancelled) else {
                    return Err(failure);
                };
                old.renew_at = now + PAUSE;
                old
            }
        };
        Ok(token.text.clone())
    }
}

impl Drop for Renewal<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        (state.is_being_renewed, state.ended) = (false, state.ended + 1);
        self.0.changed.notify_all();
    }
}

/// A call that waits for another one's renewal.
struct Waiter {
    place: Arc<Place>,
    is_interrupted: AtomicBool,
}

impl Waiter {
    fn wait(&self, deadline: Instant, ended: u64) {
        let limit = deadline.saturating_duration_since(Instant::now());
        let waits = |state: &mut State| state.ended == ended && !self.is_interrupted.load(Ordering::Acquire);
        drop(self.place.changed.wait_timeout_while(self.place.state(), limit, waits));
    }
}

impl Interrupt for Waiter {
    fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::Release);
        // Lock, so that the notification cannot come between the waiter's check of the flag and its sleep.
        let _state = self.place.state();
        self.place.changed.notify_all();
    }
}
