//! What is known about a call besides its result, for an answer and for an error.

use std::time::Duration;

use super::{Settings, Trigger};
use crate::text::Time;

/// What is known about a call besides its result, for an answer and for an error. The token is nowhere in it.
///
/// ```no_run
/// # let token = "read-only";
/// use autopilot_sync::{Client, Detail};
///
/// let result = Client::new()?.sync(token);
/// let detail: &Detail = match &result {
///     Ok(outcome) => outcome.detail(),
///     Err(error) => error.detail(),
/// };
/// println!("HTTP {:?}, trigger {:?}", detail.http_status(), detail.trigger());
/// # assert_eq!(detail.http_status(), Some(403));
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    pub(crate) trigger: Trigger,
    pub(crate) http_status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The end of `retry_after` by the service's clock.
    pub(crate) next_sync: Option<Time>,
    pub(crate) claims: Option<String>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) settings: Option<Settings>,
    /// See the getter. The one line of the outcome has it too.
    pub(crate) why_unknown: Option<String>,
}

impl Detail {
    /// The last request got no reply: forgets the reply to an earlier one.
    pub(crate) fn forget_reply(&mut self) {
        let Detail {
            trigger: _,
            http_status,
            code,
            message,
            retry_after,
            next_sync,
            claims,
            attempts: _,
            settings: _,
            why_unknown: _,
        } = self;
        (*http_status, *code, *message, *retry_after, *next_sync, *claims) = Default::default();
    }

    /// What became of the trigger.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use autopilot_sync::{Client, Trigger};
    ///
    /// let outcome = Client::new()?.sync(token)?;
    /// assert_eq!(outcome.detail().trigger(), Trigger::Accepted);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn trigger(&self) -> Trigger {
        self.trigger
    }

    /// The HTTP status of the reply to the last request. None if there was no reply. The reading of
    /// [`sync`](crate::Client::sync) after "too soon" does not count.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// assert_eq!(outcome.detail().http_status(), Some(204));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn http_status(&self) -> Option<u16> {
        self.http_status
    }

    /// Graph's `error.code`, such as `Forbidden`. Its spelling differs between the service's front ends, so use it for
    /// logs only.
    ///
    /// ```no_run
    /// # let token = "read-only";
    /// if let Err(error) = autopilot_sync::sync(token) {
    ///     println!("{error:#} ({})", error.detail().code().unwrap_or("no code"));
    /// #   assert!(error.detail().code().is_some());
    /// }
    /// ```
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's own message, on one printable line of at most 4 KiB, without the JSON around it.
    ///
    /// ```no_run
    /// # let token = "read-only";
    /// if let Err(error) = autopilot_sync::sync(token) {
    ///     println!("{}", error.detail().message().unwrap_or("the service gave no reason"));
    /// #   assert!(error.detail().message().is_some());
    /// }
    /// ```
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// How long to wait before the next request, counted from the service's last reply. None if that is unknown.
    ///
    /// If it is too soon for a sync, this is what the service asks for, or else what follows from the times of the last
    /// sync.
    ///
    /// ```no_run
    /// # let token = "recent";
    /// use autopilot_sync::Answer;
    ///
    /// let outcome = autopilot_sync::sync(token)?;
    /// if outcome.answer() == Answer::TooSoon {
    ///     let pause = outcome.detail().retry_after().unwrap_or(std::time::Duration::from_secs(610));
    ///     println!("again in {} s", pause.as_secs());
    /// #   assert!(outcome.detail().retry_after() > Some(std::time::Duration::ZERO));
    /// }
    /// # assert_eq!(outcome.answer(), Answer::TooSoon);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why it is unknown how the sync ended, after [`Unconfirmed`](crate::Answer::Unconfirmed), or when the next is
    /// possible, after [`TooSoon`](crate::Answer::TooSoon) without [`retry_after`](Self::retry_after). The line of the
    /// outcome ends with it. None if neither is unknown, or if a [`trigger_only`](crate::ClientBuilder::trigger_only)
    /// client did not look.
    ///
    /// It is one printable line, for people, and says one of these:
    ///
    /// - The settings cannot be read, and the error. After a 403 that has the service's words, which name the missing
    ///   scope.
    /// - No reading of the wait showed the sync. If the status was `failed` in all of them, it also says how many they
    ///   were and for how long: the service may have an outage.
    /// - The settings have no time of a recent sync that explains why it is too soon.
    ///
    /// ```no_run
    /// # let token = "trigger-only";
    /// use std::{ops::ControlFlow, time::Duration};
    /// use autopilot_sync::Client;
    ///
    /// let timeout = Duration::from_secs(900);
    /// let outcome = Client::new()?.sync_and_wait(token, timeout, |_| ControlFlow::Continue(()))?;
    /// if let Some(why) = outcome.detail().why_unknown() {
    ///     println!("nobody knows how the sync ended: {why}");
    /// }
    /// # assert!(outcome.detail().why_unknown().unwrap().contains("HTTP 403"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn why_unknown(&self) -> Option<&str> {
        self.why_unknown.as_deref()
    }

    /// The claims that a new token must answer. Pass them to whatever issues the token; conditional access asks for
    /// them.
    ///
    /// They are a JSON object on one printable line of at most 4 KiB. None if the service asked for none, or for claims
    /// that do not fit this form.
    ///
    /// ```no_run
    /// # let token = "challenged";
    /// # fn new_token(claims: &str) -> String { assert!(claims.starts_with('{')); "a-token".into() }
    /// let result = autopilot_sync::sync(token).or_else(|error| match error.detail().claims() {
    ///     Some(claims) => autopilot_sync::sync(&new_token(claims)),
    ///     None => Err(error),
    /// });
    /// # assert_eq!(result?.answer(), autopilot_sync::Answer::Accepted);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// The settings that the call read last. A wait reads them; [`sync`](crate::Client::sync) does if it is too soon and
    /// the service does not say until when.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::{ops::ControlFlow, time::Duration};
    ///
    /// let client = autopilot_sync::Client::new()?;
    /// assert_eq!(client.sync(token)?.detail().settings(), None);
    /// let outcome = client.sync_and_wait(token, Duration::from_secs(900), |_| ControlFlow::Continue(()))?;
    /// let settings = outcome.detail().settings().expect("the state in which it ended");
    /// println!("{:?} at {:?}", settings.status(), settings.last_sync_text());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// The requests of the call, in order, with the ids that Microsoft's support asks for. Includes a request that
    /// could not be sent.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// for attempt in autopilot_sync::sync(token)?.detail().attempts() {
    ///     println!("{}, answered as {:?}", attempt.client_request_id(), attempt.request_id());
    /// }
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }
}

/// One request of a call, and its ids.
///
/// ```no_run
/// # let token = "a-token";
/// use autopilot_sync::Attempt;
///
/// let outcome = autopilot_sync::sync(token)?;
/// let ids: Vec<&str> = outcome.detail().attempts().iter().filter_map(Attempt::request_id).collect();
/// assert_eq!(ids.len(), 1, "no retry was needed");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub(crate) client_request_id: String,
    pub(crate) request_id: Option<String>,
}

impl Attempt {
    /// The GUID that this library gave the request. Each retry has its own. Intune shows it as "Activity ID".
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// assert_eq!(outcome.detail().attempts()[0].client_request_id().len(), 36);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }

    /// The id that Graph gave the request. None if Graph did not reply.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// let last = outcome.detail().attempts().last().expect("one at least");
    /// assert!(last.request_id().is_some(), "Graph has answered");
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}
