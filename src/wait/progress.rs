//! What a wait reports to its caller, and how the caller hands in a new token.

use std::fmt;
use std::time::Duration;

use super::phase::Phase;
use super::steps::Wait;
use crate::outcome::{Error, Settings, Trigger};

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
    wait: &'a mut Wait,
}

impl Wait {
    /// What the call is doing.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Goal, Phase};
    ///
    /// let mut wait = Client::new()?.wait(token, Goal::SyncAndWait, Duration::from_secs(900))?;
    /// assert_eq!(wait.progress().phase(), Phase::Starting);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn progress(&mut self) -> Progress<'_> {
        Progress { wait: self }
    }
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
        self.wait.phase
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
        self.wait.elapsed()
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
        self.wait.next_step.saturating_sub(self.wait.elapsed())
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
        self.wait.detail.settings.as_ref()
    }

    /// What became of the trigger so far.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Client, Phase, Trigger};
    ///
    /// Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     match progress.phase() {
    ///         Phase::Starting => assert_eq!(progress.trigger(), Trigger::NotSent),
    ///         _ => assert_eq!(progress.trigger(), Trigger::Accepted),
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn trigger(&self) -> Trigger {
        self.wait.detail.trigger
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
        self.wait.claims()
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
        self.wait.set_token(token)
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("phase", &self.phase())
            .field("elapsed", &self.elapsed())
            .field("next_step", &self.next_step())
            .field("settings", &self.settings())
            .field("trigger", &self.trigger())
            .field("claims", &self.claims())
            .finish_non_exhaustive()
    }
}
