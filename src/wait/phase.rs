//! What a call is doing.

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
    /// The service cannot take the request for now. The wait tries again until it can.
    Retrying = 4,
}
