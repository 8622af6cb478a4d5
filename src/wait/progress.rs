//! What a wait tells its caller while it goes on, and what the caller may hand in.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::outcome::{Error, Settings};
use crate::text::Token;

/// What a wait is doing. The numbers are those of the C ABI.
///
/// ```no_run
/// # let token = "recent";
/// use std::{ops::ControlFlow, time::Duration};
/// use autopilot_sync::{Answer, Client, Phase};
///
/// // Waits for the end of a sync, but not for the ten minutes between two.
/// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(3600), |progress| {
///     if progress.phase() == Phase::Window { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// })?;
/// assert_eq!(outcome.answer(), Answer::TooSoon);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
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
///
/// ```no_run
/// # let token = "a-token";
/// use std::{ops::ControlFlow, time::Duration};
/// use autopilot_sync::{Client, Progress};
///
/// fn told(progress: &mut Progress<'_>) -> ControlFlow<()> {
///     println!("{:?} after {} s", progress.phase(), progress.elapsed().as_secs());
///     ControlFlow::Continue(())
/// }
///
/// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), told)?;
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
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
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Client, Phase};
    ///
    /// let mut phases = Vec::new();
    /// Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     phases.push(progress.phase());
    ///     ControlFlow::Continue(())
    /// })?;
    /// phases.dedup();
    /// assert_eq!(phases, [Phase::Starting, Phase::Watching]);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The time since the wait began.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    ///
    /// autopilot_sync::Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     eprint!("\r{} s", progress.elapsed().as_secs());
    ///     ControlFlow::Continue(())
    /// })?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The time until the wait does its next step: a look at the sync, or a trigger.
    ///
    /// ```no_run
    /// # let token = "recent";
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Client, Phase};
    ///
    /// let a_minute = Duration::from_secs(60);
    /// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(3600), |progress| {
    ///     let is_long = progress.phase() == Phase::Window && progress.next_step() > a_minute;
    ///     if is_long { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// })?;
    /// # assert_eq!(outcome.answer(), autopilot_sync::Answer::TooSoon);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn next_step(&self) -> Duration {
        self.next_step
    }

    /// The settings that were read last, if any were.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    ///
    /// autopilot_sync::Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     if let Some(status) = progress.settings().and_then(|settings| settings.status()) {
    ///         println!("{}", status.as_str());
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn settings(&self) -> Option<&Settings> {
        self.settings
    }

    /// In [`Phase::TokenRejected`], the claims that the new token must answer, as JSON, if the service asked for some.
    ///
    /// ```no_run
    /// # let token = "challenged";
    /// # fn new_token(claims: Option<&str>) -> String { assert!(claims.is_some()); "a-token".into() }
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Client, Phase};
    ///
    /// # let outcome =
    /// Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     if progress.phase() == Phase::TokenRejected {
    ///         let token = new_token(progress.claims());
    ///         progress.set_token(&token).expect("it can be a token");
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// # assert_eq!(outcome.answer(), autopilot_sync::Answer::Accepted);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn claims(&self) -> Option<&str> {
        self.claims
    }

    /// Hands in a new token, which is copied, and wiped when the wait is over. It serves from the next request on; in
    /// [`Phase::TokenRejected`] the refused request is repeated with it at once.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument), and changes nothing, where it cannot
    /// be a token.
    ///
    /// ```no_run
    /// # let token = "expired";
    /// # fn new_token() -> String { "a-token".into() }
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Client, Phase};
    ///
    /// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     match progress.phase() {
    ///         Phase::TokenRejected if progress.set_token(&new_token()).is_err() => ControlFlow::Break(()),
    ///         _ => ControlFlow::Continue(()),
    ///     }
    /// })?;
    /// # assert_eq!(outcome.answer(), autopilot_sync::Answer::Accepted);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn set_token(&mut self, token: &str) -> Result<(), Error> {
        self.token = Some(Token::new(token)?.kept());
        Ok(())
    }
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
