//! What is known about a call besides its result, for an answer and for an error.

use std::sync::Arc;
use std::time::Duration;

use super::{Settings, Trace, Trigger};
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
    pub(crate) attempts: Attempts,
    pub(crate) trace: Trace,
    pub(crate) settings: Option<Settings>,
    /// See the getter. The one line of the outcome has it too.
    pub(crate) why_unknown: Option<String>,
}

impl Detail {
    /// What is known at this moment, without what the call adds to: its attempts, trace and settings.
    pub(crate) fn without_story(&self) -> Detail {
        Detail { attempts: Attempts::default(), trace: Trace::default(), settings: None, ..self.clone() }
    }

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
            trace: _,
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
    /// could not be sent. Of a long wait, only the first 8 and the last 64 are kept.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// for attempt in autopilot_sync::sync(token)?.detail().attempts() {
    ///     println!("{}, answered as {:?}", attempt.client_request_id(), attempt.request_id());
    /// }
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts.0
    }

    /// The story of the call: what happened when.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let result = autopilot_sync::sync(token);
    /// let detail = result.as_ref().map_or_else(|error| error.detail(), |outcome| outcome.detail());
    /// for event in detail.trace().events() {
    ///     eprintln!("{event}"); // 12 ms connect: to 192.0.2.1:3128
    /// }
    /// # assert!(!detail.trace().events().is_empty());
    /// ```
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// The first and the last requests of a call. A wait may make thousands in a day, and a fleet has many waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Attempts(Vec<Attempt>);

impl Attempts {
    const MOST_FIRST: usize = 8;
    const MOST: usize = Attempts::MOST_FIRST + 64;

    pub(crate) fn add(&mut self, attempt: Attempt) {
        if self.0.len() == Attempts::MOST {
            self.0.remove(Attempts::MOST_FIRST);
        }
        self.0.push(attempt);
    }

    pub(crate) fn append(&mut self, later: Attempts) {
        later.0.into_iter().for_each(|attempt| self.add(attempt));
    }

    pub(crate) fn last(&self) -> Option<&Attempt> {
        self.0.last()
    }

    /// The last attempt failed. Equal reasons in a row share their memory: an outage repeats them.
    pub(crate) fn last_failed(&mut self, reason: Arc<str>) {
        let mut latest = self.0.iter_mut().rev();
        if let Some(last) = latest.next() {
            let before = latest.next().and_then(|attempt| attempt.reason.clone());
            last.reason = before.filter(|before| **before == *reason).or(Some(reason));
        }
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut Attempt> {
        self.0.last_mut()
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
    client_request_id: Arc<str>,
    pub(crate) request_id: Option<Arc<str>>,
    pub(crate) reason: Option<Arc<str>>,
}

impl Attempt {
    pub(crate) fn new(client_request_id: Arc<str>) -> Attempt {
        Attempt { client_request_id, request_id: None, reason: None }
    }

    /// The GUID that this library gave the request. Each retry has its own. Intune shows it as "Activity ID", and
    /// Microsoft Entra as "Correlation ID".
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

    /// The id that Graph gave the request. Of a request for a token, Entra's trace id or the platform's correlation id.
    /// None if there is none.
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

    /// Why the request failed, on one line: the error that the call would have returned. None if it did not fail.
    ///
    /// ```no_run
    /// # let token = "read-only";
    /// let error = autopilot_sync::sync(token).unwrap_err();
    /// for attempt in error.detail().attempts() {
    ///     println!("{}: {}", attempt.client_request_id(), attempt.reason().unwrap_or("succeeded"));
    /// }
    /// # assert!(error.detail().attempts()[0].reason().unwrap().starts_with("forbidden: HTTP 403"));
    /// ```
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_requests_are_kept() {
        for (count, dropped) in [(72, 0..0), (73, 8..9), (1000, 8..936)] {
            let mut attempts = Attempts::default();
            (0..count).for_each(|number| attempts.add(Attempt::new(number.to_string().into())));
            let mut all = Attempts::default();
            all.append(attempts);
            let ids: Vec<_> = all.0.iter().map(Attempt::client_request_id).collect();
            let expected =
                (0..count).filter(|number| !dropped.contains(number)).map(|number| number.to_string());
            assert_eq!(ids, expected.collect::<Vec<_>>());
        }
    }
}
