//! What a wait reports to its caller, and how the caller hands in a new token.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::outcome::{Error, Settings};
use crate::text::Token;

/// What a wait is doing.
///
/// ```no_run
/// # let token = "recent";
/// use std::{ops::ControlFlow, time::Duration};
/// use autopilot_sync::{Answer, Client, Phase};
///
/// // Wait for the end of a sync, but not for the ten minutes between two syncs.
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
    /// The wait starts. Nothing has been sent yet.
    Starting = 0,
    /// The wait pauses until the service accepts a trigger, and looks meanwhile whether a sync runs or has completed.
    /// If the callback ends it here, the answer is "too soon".
    Window = 1,
    /// The wait watches a sync, or looks for the effect of a trigger that may have run.
    Watching = 2,
    /// The service refused the token. If the callback sets no new one, or the service refuses that too, the wait ends
    /// as unauthorized.
    TokenRejected = 3,
    /// The settings cannot be read for now. The wait tries again until it can, and triggers then.
    Retrying = 4,
}

/// What a wait reports to its caller, about once a second.
///
/// ```no_run
/// # let token = "a-token";
/// use std::{ops::ControlFlow, time::Duration};
/// use autopilot_sync::{Client, Progress};
///
/// fn report(progress: &mut Progress<'_>) -> ControlFlow<()> {
///     println!("{:?} after {} s", progress.phase(), progress.elapsed().as_secs());
///     ControlFlow::Continue(())
/// }
///
/// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), report)?;
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
pub struct Progress<'a> {
    pub(crate) phase: Phase,
    pub(crate) elapsed: Duration,
    pub(crate) next_step: Duration,
    pub(crate) settings: Option<&'a Settings>,
    pub(crate) claims: Option<&'a str>,
    pub(crate) new_token: Option<Zeroizing<String>>,
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

    /// The time since the wait started.
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

    /// The time until the next step: in [`Phase::Window`] until the service accepts a trigger, else until the next
    /// request.
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

    /// The last settings that the wait has read, if any.
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

    /// In [`Phase::TokenRejected`]: the claims that the new token must satisfy, as JSON, if the service asks for any.
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

    /// Hands in a new token, for all requests from the next one on. In [`Phase::TokenRejected`] the wait sends the
    /// refused request again at once. The wait keeps a copy of the token, and wipes it at the end.
    ///
    /// If the text cannot be a token, this fails with
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument), and the old token stays.
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
        self.new_token = Some(Token::new(token)?.wiped_copy());
        Ok(())
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Progress { phase, elapsed, next_step, settings, claims, new_token: _ } = self;
        f.debug_struct("Progress")
            .field("phase", phase)
            .field("elapsed", elapsed)
            .field("next_step", next_step)
            .field("settings", settings)
            .field("claims", claims)
            .finish_non_exhaustive()
    }
}
