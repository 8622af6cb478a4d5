//! The tokens that a credential has got. They are wiped when they are replaced, and with the credential.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::access_token::AccessToken;
use crate::transport::call::{Aborted, Call, Interrupt};
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
    /// that. `renew` also learns whether the old token is still good.
    pub(super) fn token(
        self: &Arc<Self>,
        call: &Call,
        renew: impl FnOnce(Option<&str>, bool) -> Result<AccessToken, Failure>,
    ) -> Result<Arc<Zeroizing<String>>, Failure> {
        let (claims, has_good) = loop {
            let mut state = self.state();
            let now = Instant::now();
            match &state.token {
                Some(token) if now < token.renew_at => return Ok(token.text.clone()),
                Some(token) if state.is_being_renewed && now < token.ends => return Ok(token.text.clone()),
                _ => {}
            }
            if !state.is_being_renewed {
                state.is_being_renewed = true;
                break (state.claims.clone(), state.token.as_ref().is_some_and(|token| now < token.ends));
            }
            let ended = state.ended;
            drop(state);
            self.wait_for_end(call, ended)?;
        };
        let renewal = Renewal { place: self, claims };
        let result = renew(renewal.claims.as_deref(), has_good);
        renewal.end(result, call.aborted())
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
struct Renewal<'a> {
    place: &'a Place,
    /// What the token was asked for with. A call with the old token may bring others meanwhile.
    claims: Option<String>,
}

impl Renewal<'_> {
    /// A renewal that fails while the old token is still good leaves that for a while.
    fn end(
        self,
        result: Result<AccessToken, Failure>,
        aborted: Option<Aborted>,
    ) -> Result<Arc<Zeroizing<String>>, Failure> {
        let mut state = self.place.state();
        let now = Instant::now();
        let token = match result {
            Ok(token) => {
                state.claims.take_if(|claims| self.claims.as_ref() == Some(claims));
                state.failure = None;
                state.token.insert(token)
            }
            Err(failure) => {
                state.failure = aborted.is_none().then(|| failure.again());
                let old = state.token.as_mut().filter(|token| now < token.ends);
                let Some(old) = old.filter(|_| aborted != Some(Aborted::Cancelled)) else {
                    return Err(failure);
                };
                let pause = failure.obstacle.retry_after.unwrap_or_default().max(PAUSE);
                old.renew_at = (now + pause).min(old.ends);
                old
            }
        };
        Ok(token.text.clone())
    }
}

impl Drop for Renewal<'_> {
    fn drop(&mut self) {
        let mut state = self.place.state();
        (state.is_being_renewed, state.ended) = (false, state.ended + 1);
        self.place.changed.notify_all();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Error, ErrorKind};

    fn token(text: &str, seconds: u64) -> AccessToken {
        AccessToken::new(Zeroizing::new(text.to_owned()), Duration::from_secs(seconds), None)
    }

    /// What the place gives if a renewal has this result, and what the renewal was told.
    fn give(place: &Arc<Place>, result: Result<AccessToken, Failure>) -> (Result<String, Failure>, bool) {
        let mut told = None;
        let call = Call::new(Duration::from_secs(60));
        let given = place.token(&call, |_, has_good| {
            told = Some(has_good);
            result
        });
        (given.map(|text| text.to_string()), told.expect("a renewal"))
    }

    #[test]
    fn a_failed_renewal_leaves_a_good_token_but_never_after_its_end() {
        let failure = || Failure::unsent(Error::new(ErrorKind::Timeout, "no connection"), true);
        let place = Arc::<Place>::default();
        let (given, had_good) = give(&place, Err(failure()));
        assert!(given.is_err() && !had_good);
        assert!(place.state().failure.is_some(), "calls that waited share it: this call's time is not over");
        assert_eq!(give(&place, Ok(token("short", 10))).0.ok().as_deref(), Some("short"));
        for (retry_after, lifetime, expected) in [(None, 10, 10), (None, 290, 30), (Some(60), 290, 60)] {
            place.state().token = Some(token("old", lifetime));
            let mut failure = failure();
            failure.obstacle.retry_after = retry_after.map(Duration::from_secs);
            let began = Instant::now();
            let (given, had_good) = give(&place, Err(failure));
            assert_eq!((given.ok().as_deref(), had_good), (Some("old"), true));
            let state = place.state();
            let kept = state.token.as_ref().unwrap();
            let expected = began + Duration::from_secs(expected);
            assert!(kept.renew_at <= kept.ends && kept.renew_at <= expected + began.elapsed());
            assert!(kept.renew_at + began.elapsed() >= expected, "{lifetime} {retry_after:?}");
        }
    }

    #[test]
    fn claims_that_come_during_a_renewal_are_for_the_next() {
        let place = Arc::<Place>::default();
        let call = Call::new(Duration::from_secs(60));
        let mut asked = Vec::new();
        for (text, refused, claims) in [("1", "0", "a"), ("2", "1", "b"), ("3", "3", "c"), ("4", "3", "d")] {
            let given = place.token(&call, |claims_now, _| {
                asked.push(claims_now.map(str::to_owned));
                place.refuse(refused, Some(claims));
                Ok(token(text, 10))
            });
            assert_eq!(given.ok().map(|given| given.to_string()).as_deref(), Some(text));
        }
        assert_eq!(asked, [None, None, Some("b".to_owned()), None]);
    }
}
