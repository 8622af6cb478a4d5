//! A call in steps: does what the machine orders, and tells it what came of that.

use std::mem;
use std::time::{Duration, Instant, SystemTime};

use super::machine::{Command, Event, Goal, Machine, StopReason, Terms};
use super::meaning::{self, Meaning};
use super::phase::Phase;
use super::tokens::Tokens;
use super::unconfirmed::Readings;
use crate::outcome::{Answer, Detail, Error, ErrorKind, SyncOutcome};
use crate::service::Operation;
use crate::service::reply::Reply;
use crate::service::retry;
use crate::text::Token;
use crate::transport::{Failure, Graph, random};

const LONGEST_JITTER_MS: u32 = 5000;

/// What a step came to.
///
/// See [`Wait::step`].
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // it is not stored
pub enum Step {
    /// Step again at this time, or any time later.
    Pause(Instant),
    /// The service refused the token, or there is none yet: hand in a new one with [`Wait::set_token`], and step
    /// again. [`Progress::claims`](crate::Progress::claims) says what it must satisfy. Without a new one, the next step ends the call.
    WantsToken,
    /// The call is over. Do not step again: there is nothing more to come.
    Done(Result<SyncOutcome, Error>),
}

/// A call that its caller drives step by step. So one thread, or an event loop, can hold thousands of waits.
///
/// It makes no thread, calls nothing back and never sleeps. Each step blocks for one request, the client's timeout at
/// most. A step may come late, by any time: nothing goes wrong, but the call ends later. Steps may come from different
/// threads, one at a time. For a whole fleet of tenants, see [`Fleet`](crate::Fleet).
///
/// ```no_run
/// # let token = "a-token";
/// use std::{thread, time::{Duration, Instant}};
/// use autopilot_sync::{Answer, Client, Goal, Step};
///
/// let mut wait = Client::new()?.wait(token, Goal::SyncAndWait, Duration::from_secs(15 * 60))?;
/// let outcome = loop {
///     match wait.step() {
///         Step::Pause(until) => thread::sleep(until.saturating_duration_since(Instant::now())),
///         Step::Done(result) => break result?,
///         _ => {} // without a new token, the next step ends the call
///     }
/// };
/// assert_eq!(outcome.answer(), Answer::Accepted);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
pub struct Wait {
    graph: Graph,
    tokens: Tokens,
    terms: Terms,
    /// None before the first step.
    machine: Option<Machine>,
    started: Instant,
    place: Place,
    pub(super) phase: Phase,
    /// The time that the caller is told, counted from the start.
    pub(super) next_step: Duration,
    pub(super) detail: Detail,
    readings: Readings,
    last_failure: Option<Error>,
    /// The failure of the last trigger that may have run, and the detail of that moment.
    uncertain_trigger: Option<(Error, Detail)>,
    /// The last reply was a 503: another connection may lead to another front end.
    needs_new_connection: bool,
    /// Whether the service throttled the last request. None if the last step has sent none.
    was_throttled: Option<bool>,
}

/// Where the call stands between two steps.
#[derive(Clone, Copy)]
enum Place {
    Starting,
    /// Until this time, counted from the start.
    Pausing(Duration),
    /// A reading is due, and belongs to the next step.
    Reading,
    WantingToken,
    Over,
}

impl Wait {
    /// The time of the call starts with its first step. Without a token, that step asks for one.
    pub(crate) fn new(
        graph: Graph,
        token: Option<Token<'_>>,
        goal: Goal,
        timeout: Duration,
        trigger_only: bool,
    ) -> Wait {
        let chance = random::number();
        let terms = Terms {
            goal,
            began: SystemTime::now(),
            deadline: timeout,
            max_retries: graph.max_retries(),
            trigger_only,
            jitter: Duration::from_millis((chance % LONGEST_JITTER_MS).into()),
            chance,
        };
        Wait {
            graph,
            tokens: Tokens::new(token),
            terms,
            machine: None,
            started: Instant::now(),
            place: Place::Starting,
            phase: Phase::Starting,
            next_step: Duration::ZERO,
            detail: Detail::default(),
            readings: Readings::default(),
            last_failure: None,
            uncertain_trigger: None,
            needs_new_connection: false,
            was_throttled: None,
        }
    }

    /// Does what is due: sends at most one request, or the reading before a trigger together with the trigger. Blocks
    /// for the client's timeout at most for each. If nothing is due yet, it does nothing.
    pub fn step(&mut self) -> Step {
        self.was_throttled = None;
        if matches!(self.place, Place::Over) {
            return Step::Done(Err(Error::new(ErrorKind::Internal, "a step after the end of the call")));
        }
        if self.graph.is_cancelled() {
            return self.finish(self.elapsed(), StopReason::Cancelled);
        }
        let is_reading = matches!(self.place, Place::Reading);
        let due = match self.place {
            Place::Pausing(until) if self.elapsed() < until => return Step::Pause(self.started + until),
            Place::Starting if self.tokens.is_empty() => return self.ask_for_first_token(),
            Place::Starting => self.start(),
            Place::WantingToken if !self.tokens.has_new() => Event::NoToken,
            Place::Reading => match self.read_settings() {
                Ok(event) => event,
                Err(reason) => return self.finish(self.elapsed(), reason),
            },
            _ => Event::Due,
        };
        self.go_on(due, is_reading)
    }

    /// Does what follows from an event. A reading that follows a request is for the next step.
    fn go_on(&mut self, mut event: Event, mut has_sent: bool) -> Step {
        loop {
            let now = self.elapsed();
            let machine = self.machine.as_mut().expect("started");
            let command = machine.next(now, event);
            if let Some(known) = machine.known_trigger() {
                self.detail.trigger = known;
            }
            let result = match command {
                Command::ReadSettings if has_sent => return self.pause(Place::Reading, now),
                Command::ReadSettings => self.read_settings(),
                Command::SendTrigger => self.send_trigger(),
                Command::Pause { until, next_step, phase } => {
                    (self.phase, self.next_step) = (phase, next_step);
                    return self.pause(Place::Pausing(until), until);
                }
                Command::AskForToken => return self.ask_for_token(Place::WantingToken),
                Command::Stop(reason) => Err(reason),
            };
            has_sent = true;
            event = match result {
                Ok(event) => event,
                Err(reason) => return self.finish(now, reason),
            };
        }
    }

    fn start(&mut self) -> Event {
        self.started = Instant::now();
        self.terms.began = SystemTime::now();
        self.machine = Some(Machine::new(self.terms.clone()));
        Event::Due
    }

    fn pause(&mut self, place: Place, until: Duration) -> Step {
        self.place = place;
        Step::Pause(self.started + until)
    }

    fn ask_for_token(&mut self, place: Place) -> Step {
        (self.place, self.phase, self.next_step) = (place, Phase::TokenRejected, self.elapsed());
        Step::WantsToken
    }

    fn ask_for_first_token(&mut self) -> Step {
        if self.phase == Phase::Starting {
            return self.ask_for_token(Place::Starting);
        }
        self.place = Place::Over;
        Step::Done(Err(Error::invalid_argument("no token was given")))
    }

    /// The time since the first step.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn read_settings(&mut self) -> Result<Event, StopReason> {
        if self.terms.goal == Goal::Sync {
            return self.ask_when();
        }
        let Meaning { event, error } = meaning::of_settings(self.exchange(Operation::ReadSettings)?);
        match (&event, &error) {
            (Event::SettingsRead { settings, .. }, _) => self.readings.read(self.elapsed(), settings),
            (Event::ReadForbidden, Some(error)) => self.readings.refused(error),
            _ => {}
        }
        self.last_failure = error;
        Ok(event)
    }

    /// Reads the settings, to say when the next trigger is possible. The detail stays that of the trigger. If the
    /// reading fails, the detail says why.
    fn ask_when(&mut self) -> Result<Event, StopReason> {
        let of_trigger = mem::take(&mut self.detail);
        let result = self.exchange(Operation::ReadSettings);
        let Detail { attempts, settings, .. } = mem::replace(&mut self.detail, of_trigger);
        self.detail.attempts.extend(attempts);
        self.detail.settings = settings;
        let result = result.unwrap_or_else(|_| Err(Failure::cancelled(false)));
        let Meaning { event, error } = meaning::of_settings(result);
        self.detail.failed_reading = error.map(|error| error.to_string());
        Ok(event)
    }

    fn send_trigger(&mut self) -> Result<Event, StopReason> {
        let Meaning { event, error } = meaning::of_trigger(self.exchange(Operation::TriggerSync)?);
        if matches!(event, Event::TriggerMayHaveRun) {
            self.uncertain_trigger = error.map(|error| (error, self.detail.clone()));
        } else {
            self.last_failure = error;
        }
        Ok(event)
    }

    /// Sends one request. The outer error ends the call.
    fn exchange(&mut self, operation: Operation) -> Result<Result<Reply, Failure>, StopReason> {
        let call = self.graph.call(self.terms.deadline.saturating_sub(self.elapsed()));
        call.set_needs_new_connection(self.needs_new_connection);
        let Wait { graph, tokens, detail, .. } = self;
        let result = tokens.send(|token| graph.attempt(&call, operation, token, detail));
        let reply = result.as_ref().ok();
        self.needs_new_connection = reply.is_some_and(|reply| reply.status == 503);
        self.was_throttled = Some(reply.is_some_and(|reply| retry::is_throttled(operation, reply.status)));
        match result {
            Err(failure) if failure.error.kind() == ErrorKind::Cancelled => Err(StopReason::Cancelled),
            result => Ok(result),
        }
    }

    /// Hands in a new token, for all requests from the next one on. The call keeps a copy, and wipes it at the end.
    ///
    /// If the text cannot be a token, this fails with [`ErrorKind::InvalidArgument`], and the old token stays.
    pub fn set_token(&mut self, token: &str) -> Result<(), Error> {
        self.tokens.replace(Token::new(token)?);
        Ok(())
    }

    /// Ends the call now, as its caller wishes: as too soon in [`Phase::Window`], as
    /// [`ErrorKind::Cancelled`] otherwise.
    pub fn stop(mut self) -> Result<SyncOutcome, Error> {
        let reason = match self.phase {
            Phase::Window => StopReason::TooSoon(Some(self.next_step)),
            _ => StopReason::Cancelled,
        };
        self.result(self.elapsed(), reason)
    }

    fn finish(&mut self, now: Duration, reason: StopReason) -> Step {
        self.place = Place::Over;
        Step::Done(self.result(now, reason))
    }

    fn result(&mut self, now: Duration, reason: StopReason) -> Result<SyncOutcome, Error> {
        let result = match reason {
            StopReason::Read | StopReason::Accepted | StopReason::Completed => Ok(Answer::Accepted),
            StopReason::AlreadyRunning | StopReason::JoinedCompleted => Ok(Answer::AlreadyRunning),
            StopReason::UpToDate => Ok(Answer::UpToDate),
            StopReason::Unconfirmed => {
                self.detail.reason = Some(self.readings.reason(now));
                Ok(Answer::Unconfirmed)
            }
            StopReason::TooSoon(next) => {
                self.tell_next_sync(now, next);
                Ok(Answer::TooSoon)
            }
            StopReason::SyncFailed => {
                Err(Error::new(ErrorKind::SyncFailed, "the service reports the status failed"))
            }
            StopReason::DeadlinePassed => {
                Err(Error::new(ErrorKind::Timeout, "the sync was not seen to end before the deadline"))
            }
            StopReason::RequestFailed => Err(self.last_failure.take().unwrap_or_else(lost_error)),
            StopReason::TriggerMayHaveRun => Err(self.restore_uncertain_trigger()),
            StopReason::Cancelled => Err(Failure::cancelled(false).error),
        };
        let detail = mem::take(&mut self.detail);
        match result {
            Ok(answer) => Ok(SyncOutcome { answer, detail }),
            Err(error) => Err(error.with_detail(detail)),
        }
    }

    /// Without a time, what the service has said stays.
    fn tell_next_sync(&mut self, now: Duration, next: Option<Duration>) {
        let Some(next) = next else { return };
        self.detail.retry_after = Some(next.saturating_sub(now));
        self.detail.next_sync = self.machine.as_ref().and_then(|machine| machine.service_time(next));
    }

    /// Returns the failure of the trigger that may have run, and makes the detail that of its moment. The readings
    /// after it showed nothing, but their attempts and settings stay.
    fn restore_uncertain_trigger(&mut self) -> Error {
        let Some((error, of_trigger)) = self.uncertain_trigger.take() else { return lost_error() };
        let Detail { attempts, settings, .. } = mem::take(&mut self.detail);
        self.detail = Detail { attempts, settings, ..of_trigger };
        error
    }

    /// Waits for this long, or for a cancel.
    pub(super) fn sleep(&self, duration: Duration) {
        self.graph.sleep(duration);
    }

    /// Whether the service throttled the last request. None if the last step has sent none.
    pub(crate) fn was_throttled(&self) -> Option<bool> {
        self.was_throttled
    }

    /// Why the service refused the token, if it did.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let error = self.last_failure.as_ref()?;
        Some(error.without_source().with_detail(self.detail.clone()))
    }

    /// The claims that a new token must satisfy, if the service asks for any.
    pub(crate) fn claims(&self) -> Option<&str> {
        self.detail.claims.as_deref()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.graph.is_cancelled()
    }
}

fn lost_error() -> Error {
    Error::new(ErrorKind::Internal, "the call lost the error that ended it")
}
