//! What a wait tells its caller while it goes on, and what the caller may hand in.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::settings::Settings;
use crate::token::Token;

/// What a wait is doing. The numbers are those of the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Phase {
    /// It begins: nothing was sent yet.
    Starting = 0,
    /// It waits for the time at which the service accepts a trigger. To stop here ends the wait as "too soon".
    Window = 1,
    /// It watches a sync.
    Watching = 2,
    /// The service refused the token: hand in a new one by [`Progress::set_token`]. Where none is handed in, or the new
    /// one is refused too, the wait ends as unauthorized.
    TokenRejected = 3,
}

/// What a wait tells its caller, about once a second.
pub struct Progress<'a> {
    pub(crate) phase: Phase,
    pub(crate) elapsed: Duration,
    pub(crate) next_step: Duration,
    pub(crate) settings: Option<&'a Settings>,
    pub(crate) claims: Option<&'a str>,
    pub(crate) token: Option<Zeroizing<String>>,
}

impl Progress<'_> {
    /// What the wait is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The time since the wait began.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The time until the wait does its next step: a look at the sync, or a trigger.
    pub fn next_step(&self) -> Duration {
        self.next_step
    }

    /// The settings that were read last, if any were.
    pub fn settings(&self) -> Option<&Settings> {
        self.settings
    }

    /// In [`Phase::TokenRejected`], the claims that the new token must answer, if the service asked for some.
    pub fn claims(&self) -> Option<&str> {
        self.claims
    }

    /// Hands in a new token, which is copied, and wiped when the wait is over. It serves from the next request on; in
    /// [`Phase::TokenRejected`] the refused request is repeated with it at once.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument), and changes nothing, where it cannot
    /// be a token.
    pub fn set_token(&mut self, token: &str) -> Result<(), Error> {
        self.token = Some(copied(token)?);
        Ok(())
    }
}

/// A token that was handed in, checked and kept.
pub(crate) fn copied(token: &str) -> Result<Zeroizing<String>, Error> {
    Ok(Zeroizing::new(Token::new(token)?.as_str().to_owned()))
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Progress { phase, elapsed, next_step, settings, claims, token: _ } = self;
        f.debug_struct("Progress")
            .field("phase", phase)
            .field("elapsed", elapsed)
            .field("next_step", next_step)
            .field("settings", settings)
            .field("claims", claims)
            .finish_non_exhaustive()
    }
}
