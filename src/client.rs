//! A client: connections to one cloud's Microsoft Graph, for any number of tenants and threads.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use crate::config::limits;
use crate::credential::Access;
use crate::outcome::{Detail, Error, Settings, SyncOutcome};
use crate::transport::{Canceller, Graph};
use crate::wait::{self, Goal, OnProgress, Progress, Wait};

/// Connections to one cloud's Microsoft Graph. Each call brings its token, or a credential that gets one, so one client
/// serves many tenants.
///
/// Any number of threads may use one client at once. Connections stay open between calls, at most one for each thread.
/// Clones share them. A forked child may use the client too, with connections of its own. Dropping the last clone
/// closes the connections and does not block.
///
/// ```no_run
/// use std::thread;
///
/// let client = &autopilot_sync::Client::new()?;
/// let results = thread::scope(|scope| {
///     let calls = ["token-of-one-tenant", "token-of-another"].map(|token| scope.spawn(move || client.sync(token)));
///     calls.map(|call| call.join().expect("no call panics"))
/// });
/// println!("{}", results.iter().all(Result::is_ok));
/// # assert!(results.iter().all(Result::is_ok));
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) graph: Graph,
    pub(crate) trigger_only: bool,
}

impl Client {
    /// A copy of this client whose calls this canceller can end. It replaces an earlier canceller. Both clients share
    /// their connections.
    ///
    /// ```
    /// use autopilot_sync::{Canceller, Client, ErrorKind};
    ///
    /// let (client, canceller) = (Client::new()?, Canceller::new());
    /// canceller.cancel();
    /// let error = client.with_canceller(&canceller).settings("a-token").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn with_canceller(&self, canceller: &Canceller) -> Client {
        Client { graph: self.graph.with_canceller(canceller), ..*self }
    }

    /// Triggers a sync, and returns when the service has replied. The sync itself runs on.
    ///
    /// `token` is a bearer token with `DeviceManagementServiceConfig.ReadWrite.All`, without the word "Bearer" and
    /// without quotes. It is visible ASCII, at most 64 KiB; one line break at its end is allowed. The client keeps no
    /// copy after the call. The call blocks for at most the client's timeout.
    ///
    /// It sends one POST, and repeats it only if the first cannot have run. If the service answers "too soon" without
    /// saying until when, it reads the settings once to find out, within the same timeout; see
    /// [`trigger_only`](crate::ClientBuilder::trigger_only).
    /// [`AlreadyRunning`](crate::Answer::AlreadyRunning) and [`TooSoon`](crate::Answer::TooSoon) are answers, not
    /// errors, and are not retried. It is always safe to call again.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use autopilot_sync::{Answer, Client};
    ///
    /// let outcome = Client::new()?.sync(token)?;
    /// match outcome.answer() {
    ///     Answer::Accepted => println!("the sync starts"),
    ///     Answer::AlreadyRunning => println!("a sync is already running"),
    ///     _ => println!("too soon; the next sync is possible in {:?}", outcome.detail().retry_after()),
    /// }
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn sync<'a>(&self, token: impl Into<Access<'a>>) -> Result<SyncOutcome, Error> {
        self.run(token.into(), Goal::Sync, self.graph.timeout(), None)
    }

    /// `sync`, for a caller who has no use for more than the answer.
    #[cfg(feature = "capi")]
    pub(crate) fn trigger<'a>(&self, token: impl Into<Access<'a>>) -> Result<SyncOutcome, Error> {
        Client { graph: self.graph.clone(), trigger_only: true }.sync(token)
    }

    /// Reads the state and the times of the last sync.
    ///
    /// `token` needs `DeviceManagementServiceConfig.Read.All` or `ReadWrite.All`. The call blocks for at most the
    /// client's timeout.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use autopilot_sync::{Client, SyncStatus};
    ///
    /// let settings = Client::new()?.settings(token)?;
    /// if settings.status() == Some(&SyncStatus::Completed) {
    ///     println!("completed, last at {}", settings.last_sync_text().unwrap_or("no time"));
    /// }
    /// # assert_eq!(settings.status(), Some(&SyncStatus::Completed));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn settings<'a>(&self, token: impl Into<Access<'a>>) -> Result<Settings, Error> {
        let (settings, _) = self.settings_and_detail(token)?;
        Ok(settings)
    }

    pub(crate) fn settings_and_detail<'a>(
        &self,
        token: impl Into<Access<'a>>,
    ) -> Result<(Settings, Detail), Error> {
        let SyncOutcome { detail, .. } =
            self.run(token.into(), Goal::Settings, self.graph.timeout(), None)?;
        let settings = detail.settings.clone().expect("read, for that was the goal");
        Ok((settings, detail))
    }

    /// Triggers a sync and waits until it ends.
    ///
    /// If a sync is already running, the wait joins it. If the service does not accept a trigger yet, the wait pauses
    /// until it does, as long as that is before the deadline. Meanwhile it looks on, and joins a sync that runs or
    /// completes. If the service fails for a while, the wait tries again until the deadline.
    ///
    /// - `token` is a bearer token as for [`sync`](Self::sync). If it gives no right to read, the wait cannot observe
    ///   the end and returns [`Answer::Unconfirmed`](crate::Answer::Unconfirmed).
    /// - `timeout` is the deadline of the whole wait, from 1 millisecond to 24 hours. The client's own timeout limits
    ///   each request too. A sync takes seconds in a small tenant and minutes in a large one. Add ten minutes if
    ///   another sync may have run just before.
    /// - `progress` is called on this thread, before the first request and about once a second between requests. If it
    ///   returns `Break`, the wait ends: with [`Answer::TooSoon`](crate::Answer::TooSoon) in
    ///   [`Phase::Window`](crate::Phase::Window), else with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    ///
    /// # What the answer proves
    ///
    /// [`Answer::Accepted`](crate::Answer::Accepted) means that the sync that this call triggered has completed,
    /// [`Answer::AlreadyRunning`](crate::Answer::AlreadyRunning) that a running sync has completed. The wait believes
    /// the service's status only if the service's own times have moved since the reading before the trigger, or if a
    /// reading showed the sync in progress and the status that follows holds. A sync that failed is an error,
    /// [`ErrorKind::SyncFailed`](crate::ErrorKind::SyncFailed). If no end was seen before the deadline, the error is
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout).
    ///
    #[doc = include_str!("../docs/readings.md")]
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::{Answer, Client, SyncStatus};
    ///
    /// let outcome = Client::new()?.sync_and_wait(token, Duration::from_secs(15 * 60), |progress| {
    ///     println!("{:?}, next step in {:?}", progress.phase(), progress.next_step());
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!(outcome.answer(), Answer::Accepted);
    /// let settings = outcome.detail().settings().expect("read to see the end");
    /// assert_eq!(settings.status(), Some(&SyncStatus::Completed));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn sync_and_wait<'a>(
        &self,
        token: impl Into<Access<'a>>,
        timeout: Duration,
        mut progress: impl FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Result<SyncOutcome, Error> {
        self.run(token.into(), Goal::SyncAndWait, timeout, Some(&mut progress))
    }

    /// Makes sure that a sync has completed since a change: looks, and triggers only if none has.
    ///
    /// `token`, `timeout` and `progress` are as for [`sync_and_wait`](Self::sync_and_wait).
    ///
    /// `change` is the moment at which your change was finished, by this machine's clock: now, or a time in the past.
    /// The wait carries it into the service's clock with the first reply's `Date`. If a sync may have been running at
    /// that moment, pass a moment that is a sync's length later. A time that is more than five minutes ahead, or before
    /// the year 2000, is an [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    ///
    /// - If a completed sync was recorded at or after the change, the answer is
    ///   [`UpToDate`](crate::Answer::UpToDate), at once or after a second look. Nothing is triggered.
    /// - If a sync is running that began after the change, the wait joins it:
    ///   [`AlreadyRunning`](crate::Answer::AlreadyRunning). One that began before does not count, so the wait lets it
    ///   end first.
    /// - Otherwise the wait triggers a sync: [`Accepted`](crate::Answer::Accepted). If the service does not accept that
    ///   yet, the wait looks on until its deadline, and any sync that begins after the change and completes ends it,
    ///   with [`AlreadyRunning`](crate::Answer::AlreadyRunning). Only at the deadline it is
    ///   [`TooSoon`](crate::Answer::TooSoon).
    ///
    /// # What the answer proves
    ///
    /// The service has recorded a completed sync at or after the change. That sync may have begun a little before it;
    /// [`sync_and_wait`](Self::sync_and_wait) says why, and what else the wait cannot tell apart.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::{Duration, SystemTime}};
    /// use autopilot_sync::{Answer, Client};
    ///
    /// // Import or assign devices here.
    /// let change = SystemTime::now();
    /// let timeout = Duration::from_secs(30 * 60);
    /// let client = Client::new()?;
    /// let outcome = client.sync_since(token, change, timeout, |_| ControlFlow::Continue(()))?;
    /// assert_eq!(outcome.answer(), Answer::Accepted);
    ///
    /// // A health check: has a sync completed within two days?
    /// let two_days_ago = change - Duration::from_secs(2 * 86_400);
    /// let outcome = client.sync_since(token, two_days_ago, timeout, |_| ControlFlow::Continue(()))?;
    /// assert_eq!(outcome.answer(), Answer::UpToDate);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn sync_since<'a>(
        &self,
        token: impl Into<Access<'a>>,
        change: SystemTime,
        timeout: Duration,
        mut progress: impl FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Result<SyncOutcome, Error> {
        self.run(token.into(), Goal::SyncSince(change), timeout, Some(&mut progress))
    }

    /// A call that you drive step by step, for event loops and schedulers. See [`Wait`].
    ///
    /// `token` and `timeout` are as for [`sync_and_wait`](Self::sync_and_wait). The time of the call starts with its
    /// first step. Sends nothing yet. If an argument is wrong, this fails with
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument).
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{thread, time::{Duration, Instant}};
    /// use autopilot_sync::{Client, Goal, Step};
    ///
    /// let mut wait = Client::new()?.wait(token, Goal::Settings, Duration::from_secs(60))?;
    /// while let Step::Pause(until) = wait.step() {
    ///     thread::sleep(until.saturating_duration_since(Instant::now()));
    /// }
    /// # assert!(wait.progress().settings().is_none(), "the result has them");
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn wait<'a>(
        &self,
        token: impl Into<Access<'a>>,
        goal: Goal,
        timeout: Duration,
    ) -> Result<Wait, Error> {
        Ok(*self.steps(token.into(), goal, timeout)?)
    }

    /// A call in steps, on the heap, because it is large. Without a token or a credential, its first step asks.
    pub(crate) fn steps(
        &self,
        access: Access<'_>,
        goal: Goal,
        timeout: Duration,
    ) -> Result<Box<Wait>, Error> {
        let mut wait = Box::new(Wait::new(self.graph.clone(), goal, timeout, self.trigger_only));
        wait.take(access)?;
        goal.check(SystemTime::now()).map_err(Error::invalid_argument)?;
        limits::timeout("timeout", timeout).map_err(Error::invalid_argument)?;
        Ok(wait)
    }

    /// A whole call, on this thread.
    pub(crate) fn run(
        &self,
        access: Access<'_>,
        goal: Goal,
        timeout: Duration,
        progress: Option<OnProgress<'_>>,
    ) -> Result<SyncOutcome, Error> {
        wait::run(self.steps(access, goal, timeout)?, progress)
    }
}

/// One line for a log: the version, where the client's requests go and how. No password is in it.
///
/// ```
/// let client = autopilot_sync::Client::builder().ignore_environment().build()?;
/// let version = env!("CARGO_PKG_VERSION");
/// let expected = format!(
///     "autopilot-sync {version}; https://graph.microsoft.com; proxy: none is set; trust: the system's certificates; \
///      timeout: 30s; retries: 3"
/// );
/// assert_eq!(client.to_string(), expected);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, concat!("autopilot-sync ", env!("CARGO_PKG_VERSION"), "; {}"), self.graph)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.graph.fmt(f)
    }
}
