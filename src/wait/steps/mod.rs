//! A call in steps: does what the machine orders, and tells it what came of that.

mod requests;
mod result;

use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant, SystemTime};

use super::machine::{Command, Event, Goal, Machine, StopReason, Terms};
use super::phase::Phase;
use super::tokens::Tokens;
use super::unconfirmed::Readings;
use crate::credential::{Access, Credential};
use crate::outcome::{Detail, Error, ErrorKind, Happening, SyncOutcome};
use crate::text::Token;
use crate::transport::{Graph, random};

const LONGEST_JITTER_MS: u32 = 5000;

/// What a step came to.
///
/// ```no_run
/// # let token = "a-token";
/// use std::time::Duration;
/// use autopilot_sync::{Client, Goal, Step};
///
/// let mut wait = Client::new()?.wait(token, Goal::Sync, Duration::from_secs(60))?;
/// match wait.step() {
///     Step::Pause(until) => println!("a retry is due at {until:?}"),
///     Step::WantsToken => println!("a new token is needed"),
///     Step::Done(Ok(outcome)) => println!("{outcome}"),
///     Step::Done(Err(error)) => println!("{error:#}"),
///     _ => println!("a later version may tell more"),
/// }
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // it is not stored
pub enum Step {
    /// Step again at this time, or any time later.
    Pause(Instant),
    /// The service refused the token, or there is none yet: hand in a new one with [`Wait::set_token`], and step
    /// again. [`Progress::claims`](crate::Progress::claims) says what it must satisfy. Without a new one, the next step
    /// ends the call.
    WantsToken,
    /// The call is over. There is nothing more to come: each further step is an [`ErrorKind::InvalidArgument`].
    Done(Result<SyncOutcome, Error>),
}

/// A call that its caller drives step by step. So one thread, or an event loop, can hold thousands of waits.
///
/// It makes no thread, calls nothing back and never sleeps. A step blocks for at most two requests, each for the
/// client's timeout at most, and with a credential for the requests for its token too. A step may come late, by any time: nothing goes wrong, but the call ends later. Steps may
/// come from different threads, one at a time. For a whole fleet of tenants, see [`Fleet`](crate::Fleet).
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
    /// Gets the tokens, if the caller does not hand them in.
    credential: Option<Credential>,
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
    /// The time of the call starts with its first step. Without a token or a credential, that step asks for one.
    pub(crate) fn new(graph: Graph, goal: Goal, timeout: Duration, trigger_only: bool) -> Wait {
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
            tokens: Tokens::default(),
            credential: None,
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

    /// Uses this from now on. Fails if the text cannot be a token.
    pub(crate) fn take(&mut self, access: Access<'_>) -> Result<(), Error> {
        match access {
            Access::Token(token) => {
                self.tokens.replace(Token::new(token)?);
                self.credential = None;
            }
            Access::Credential(credential) => self.credential = Some(credential.clone()),
            Access::Later => {}
        }
        Ok(())
    }

    /// Does what is due: sends at most one request, or the reading before a trigger together with the trigger. Blocks
    /// for the client's timeout at most for each. If nothing is due yet, it does nothing.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Goal, Phase, Step};
    ///
    /// let mut wait = Client::new()?.wait(token, Goal::SyncAndWait, Duration::from_secs(900))?;
    /// let Step::Pause(_) = wait.step() else { panic!("a sync takes longer than a step") };
    /// assert_eq!(wait.progress().phase(), Phase::Watching);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn step(&mut self) -> Step {
        self.was_throttled = None;
        match self.place {
            Place::Over => Step::Done(Err(is_over())),
            Place::Reading => self.go_on(Self::read_settings),
            _ if self.graph.is_cancelled() => self.finish(self.elapsed(), StopReason::Cancelled),
            Place::Pausing(until) if self.elapsed() < until => Step::Pause(self.started + until),
            Place::Starting if self.tokens.is_empty() && self.credential.is_none() => {
                self.ask_for_first_token()
            }
            Place::Starting => self.go_on(Self::start),
            Place::WantingToken if !self.tokens.has_new() && self.credential.is_none() => {
                self.go_on(|_| Ok(Event::NoToken))
            }
            Place::WantingToken | Place::Pausing(_) => self.go_on(|_| Ok(Event::Due)),
        }
    }

    /// A step for a caller into whom nothing may unwind: a panic ends the call.
    pub(crate) fn guarded_step(&mut self) -> Step {
        panic::catch_unwind(AssertUnwindSafe(|| self.step())).unwrap_or_else(|_| {
            self.end();
            Step::Done(Err(Error::new(ErrorKind::Internal, "a panic was caught in a step")))
        })
    }

    /// Does what follows from an event, and from what comes of that. A reading that follows a request is for the next
    /// step.
    fn go_on(&mut self, first: impl FnOnce(&mut Wait) -> Result<Event, StopReason>) -> Step {
        let mut event = first(self);
        loop {
            let now = self.elapsed();
            let command = match event {
                Ok(event) => self.command(now, event),
                Err(reason) => Command::Stop(reason),
            };
            event = match command {
                Command::ReadSettings if self.was_throttled.is_some() => {
                    return self.pause(Place::Reading, now);
                }
                Command::ReadSettings => self.read_settings(),
                Command::SendTrigger => self.send_trigger(),
                Command::Pause { until, next_step, phase } => {
                    self.note_pause(now, until, next_step, phase);
                    (self.phase, self.next_step) = (phase, next_step);
                    return self.pause(Place::Pausing(until), until);
                }
                Command::AskForToken => {
                    self.note(Happening::TokenRefused);
                    match &self.credential {
                        None => return self.ask_for_token(Place::WantingToken),
                        Some(credential) => {
                            let refused = self.tokens.current().unwrap_or_default();
                            credential.refuse(&self.graph, refused, self.detail.claims.as_deref());
                            Ok(Event::Due)
                        }
                    }
                }
                Command::Stop(reason) => return self.finish(now, reason),
            };
        }
    }

    fn command(&mut self, now: Duration, event: Event) -> Command {
        let machine = self.machine.as_mut().expect("started");
        let command = machine.next(now, event);
        if let Some(known) = machine.known_trigger() {
            self.detail.trigger = known;
        }
        command
    }

    fn start(&mut self) -> Result<Event, StopReason> {
        self.started = Instant::now();
        self.terms.began = SystemTime::now();
        self.machine = Some(Machine::new(self.terms.clone()));
        Ok(Event::Due)
    }

    /// A pause after a request that failed, or the first one until the service accepts a trigger.
    fn note_pause(&mut self, now: Duration, until: Duration, next_step: Duration, phase: Phase) {
        let last = self.detail.attempts.last().filter(|_| self.was_throttled.is_some());
        if let Some(reason) = last.and_then(|attempt| attempt.reason.clone()) {
            self.note(Happening::retry(until.saturating_sub(now), reason));
        } else if phase == Phase::Window && self.phase != Phase::Window {
            self.note(Happening::window(next_step.saturating_sub(now)));
        }
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
            self.note(Happening::NoToken);
            return self.ask_for_token(Place::Starting);
        }
        self.end();
        Step::Done(Err(Error::invalid_argument("no token was given")))
    }

    /// The time since the first step.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Hands in a new token, for all requests from the next one on, or a credential that gets them. The call keeps a
    /// copy, and wipes it at the end.
    ///
    /// If the text cannot be a token, or the call is over, this fails with [`ErrorKind::InvalidArgument`], and the old
    /// token stays.
    ///
    /// ```no_run
    /// # let token = "expired";
    /// # fn new_token(_: Option<&str>) -> String { "a-token".into() }
    /// use std::time::Duration;
    /// use autopilot_sync::{Client, Goal, Step};
    ///
    /// let mut wait = Client::new()?.wait(token, Goal::Settings, Duration::from_secs(60))?;
    /// if let Step::WantsToken = wait.step() {
    ///     let token = new_token(wait.progress().claims());
    ///     wait.set_token(&token)?;
    /// }
    /// # assert!(matches!(wait.step(), Step::Done(Ok(_))));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn set_token<'a>(&mut self, token: impl Into<Access<'a>>) -> Result<(), Error> {
        self.hand_in(token.into())
    }

    fn hand_in(&mut self, access: Access<'_>) -> Result<(), Error> {
        if matches!(self.place, Place::Over) {
            return Err(is_over());
        }
        self.take(access)?;
        self.note(Happening::NewToken);
        Ok(())
    }

    /// Ends the call now, as its caller wishes: as too soon in [`Phase::Window`], as
    /// [`ErrorKind::Cancelled`] otherwise. If the call is over already, this is an [`ErrorKind::InvalidArgument`].
    ///
    /// ```no_run
    /// # let token = "recent";
    /// use std::time::Duration;
    /// use autopilot_sync::{Answer, Client, Goal, Phase, Step};
    ///
    /// let mut wait = Client::new()?.wait(token, Goal::SyncAndWait, Duration::from_secs(900))?;
    /// while let Step::Pause(_) = wait.step() {
    ///     if wait.progress().phase() == Phase::Window {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(wait.stop()?.answer(), Answer::TooSoon);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn stop(mut self) -> Result<SyncOutcome, Error> {
        self.stop_in_place()
    }

    /// `stop`, for a caller who keeps the call that is over.
    pub(crate) fn stop_in_place(&mut self) -> Result<SyncOutcome, Error> {
        let reason = match (self.place, self.phase) {
            (Place::Over, _) => return Err(is_over()),
            (_, Phase::Window) => StopReason::TooSoon(Some(self.next_step)),
            _ => StopReason::Cancelled,
        };
        self.end();
        self.result(self.elapsed(), reason)
    }

    fn finish(&mut self, now: Duration, reason: StopReason) -> Step {
        self.end();
        Step::Done(self.result(now, reason))
    }

    /// Wipes the tokens.
    fn end(&mut self) {
        self.place = Place::Over;
        (self.tokens, self.credential) = (Tokens::default(), None);
    }

    /// Waits for this long, or for a cancel.
    pub(super) fn sleep(&self, duration: Duration) {
        self.graph.sleep(duration);
    }

    /// Whether the service throttled the last request. None if the last step has sent none.
    pub(crate) fn was_throttled(&self) -> Option<bool> {
        self.was_throttled
    }

    pub(crate) fn goal(&self) -> Goal {
        self.terms.goal
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

    /// Whether the last step has asked for a token.
    pub(crate) fn wants_token(&self) -> bool {
        match self.place {
            Place::Starting => self.phase == Phase::TokenRejected,
            place => matches!(place, Place::WantingToken),
        }
    }

    /// The end of the time that the call has. If it has not started, that time begins now.
    pub(crate) fn deadline(&self) -> Instant {
        let started = if self.machine.is_some() { self.started } else { Instant::now() };
        started + self.terms.deadline
    }
}

fn is_over() -> Error {
    Error::invalid_argument("the call is over")
}
