//! A client: connections to one cloud's Microsoft Graph, for any number of tenants and threads.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use crate::config::limits;
use crate::outcome::{Answer, Detail, Error, ErrorKind, Settings, SyncOutcome};
use crate::service::Operation;
use crate::service::reply::Reply;
use crate::text::Token;
use crate::transport::{Canceller, Graph};
use crate::wait::{self, Goal, Progress};

/// Connections to one cloud's Microsoft Graph. The token comes with each call, so one client serves many tenants.
///
/// Any number of threads may use one client at once. Connections stay open between calls, at most one for each thread.
/// Clones share them. A forked child may use the client too, with connections of its own. Dropping the last clone
/// closes the connections and does not block.
///
/// ```no_run
/// use std::thread;
///
/// let client = autopilot_sync::Client::new()?;
/// let results = thread::scope(|scope| {
///     let calls = ["token-of-one-tenant", "token-of-another"].map(|token| scope.spawn(|| client.sync(token)));
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
    /// `token` is a bearer token with `DeviceManagementServiceConfig.ReadWrite.All`, without the word "Bearer". It is
    /// visible ASCII, at most 64 KiB; one line break at its end is allowed. The client keeps no copy after the call.
    /// The call blocks for at most the client's timeout.
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
    pub fn sync(&self, token: &str) -> Result<SyncOutcome, Error> {
        let started = Instant::now();
        let mut outcome = self.trigger(token)?;
        let SyncOutcome { answer, detail } = &mut outcome;
        if *answer == Answer::TooSoon && detail.retry_after.is_none() && !self.trigger_only {
            self.find_next_sync(token, self.graph.timeout().saturating_sub(started.elapsed()), detail);
        }
        Ok(outcome)
    }

    /// `sync`, for a caller who has no use for more than the answer.
    pub(crate) fn trigger(&self, token: &str) -> Result<SyncOutcome, Error> {
        let timeout = self.graph.timeout();
        let (answer, detail) =
            self.request(Operation::TriggerSync, token, timeout, true, Reply::sync_answer)?;
        Ok(SyncOutcome { answer, detail })
    }

    /// Reads the settings, to say when the next sync is possible. If they do not say it, the detail says why.
    fn find_next_sync(&self, token: &str, timeout: Duration, detail: &mut Detail) {
        let reading = self.request(Operation::ReadSettings, token, timeout, false, |reply| {
            Ok((reply.settings()?.clone(), reply.date()))
        });
        let attempts = match reading {
            Ok(((settings, date), Detail { attempts, .. })) => {
                let window = date.and_then(|date| settings.window_after(date));
                (detail.retry_after, detail.next_sync) = window.unzip();
                detail.why_unknown =
                    window.is_none().then(|| "the settings have no time of a recent sync".to_owned());
                detail.settings = Some(settings);
                attempts
            }
            Err(error) => {
                detail.why_unknown = Some(error.why_unknown());
                error.detail().attempts.clone()
            }
        };
        detail.attempts.extend(attempts);
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
    pub fn settings(&self, token: &str) -> Result<Settings, Error> {
        self.settings_and_detail(token).map(|(settings, _)| settings)
    }

    pub(crate) fn settings_and_detail(&self, token: &str) -> Result<(Settings, Detail), Error> {
        let timeout = self.graph.timeout();
        self.request(Operation::ReadSettings, token, timeout, true, |reply| reply.settings().cloned())
    }

    /// Sends one request, and returns what its reply means.
    fn request<T>(
        &self,
        operation: Operation,
        token: &str,
        timeout: Duration,
        with_retries: bool,
        meaning: impl FnOnce(&Reply) -> Result<T, ErrorKind>,
    ) -> Result<(T, Detail), Error> {
        let token = Token::new(token)?;
        let mut detail = Detail::default();
        let result = match self.graph.request(operation, token, timeout, with_retries, &mut detail) {
            Ok(reply) => meaning(&reply).map_err(|kind| reply.error(kind)),
            Err(failure) => Err(failure.error),
        };
        match result {
            Ok(value) => Ok((value, detail)),
            Err(error) => Err(error.with_detail(detail)),
        }
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
    ///   [`Phase::Window`](crate::Phase::Window), else with [`ErrorKind::Cancelled`].
    ///
    /// # What the answer proves
    ///
    /// [`Answer::Accepted`](crate::Answer::Accepted) means that the sync that this call triggered has completed,
    /// [`Answer::AlreadyRunning`](crate::Answer::AlreadyRunning) that a running sync has completed. The wait believes
    /// the service's status only if the service's own times have moved since the reading before the trigger, or if a
    /// reading showed the sync in progress and the status that follows holds. A sync that failed is an error,
    /// [`ErrorKind::SyncFailed`]. If no end was seen before the deadline, the error is [`ErrorKind::Timeout`].
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
    pub fn sync_and_wait(
        &self,
        token: &str,
        timeout: Duration,
        progress: impl FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Result<SyncOutcome, Error> {
        self.wait(token, Goal::Sync, timeout, progress)
    }

    /// Makes sure that a sync has completed since a change: looks, and triggers only if none has.
    ///
    /// `token`, `timeout` and `progress` are as for [`sync_and_wait`](Self::sync_and_wait).
    ///
    /// `change` is the moment at which your change was finished, by this machine's clock: now, or a time in the past.
    /// The wait carries it into the service's clock with the first reply's `Date`. If a sync may have been running at
    /// that moment, pass a moment that is a sync's length later. A time that is more than five minutes ahead, or before
    /// the year 2000, is an [`InvalidArgument`](ErrorKind::InvalidArgument).
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
    pub fn sync_since(
        &self,
        token: &str,
        change: SystemTime,
        timeout: Duration,
        progress: impl FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Result<SyncOutcome, Error> {
        let goal = Goal::since(change, SystemTime::now()).map_err(Error::invalid_argument)?;
        self.wait(token, goal, timeout, progress)
    }

    pub(crate) fn wait(
        &self,
        token: &str,
        goal: Goal,
        timeout: Duration,
        mut progress: impl FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Result<SyncOutcome, Error> {
        let token = Token::new(token)?;
        let timeout = limits::timeout("timeout", timeout).map_err(Error::invalid_argument)?;
        wait::run(&self.graph, token, goal, timeout, &mut progress)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.graph.fmt(f)
    }
}
