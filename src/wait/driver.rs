//! Drives a wait: does what the machine orders, and tells it what came of that.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::machine::{Command, Event, Goal, Machine, StopReason};
use super::meaning::{self, Meaning};
use super::progress::{Phase, Progress};
use super::tokens::Tokens;
use super::unconfirmed::Readings;
use crate::outcome::{Answer, Detail, Error, ErrorKind, SyncOutcome};
use crate::service::Operation;
use crate::service::reply::Reply;
use crate::text::{Time, Token};
use crate::transport::call::Aborted;
use crate::transport::{Failure, Graph, random};

/// The longest time between two calls of the callback during a pause.
const TICK: Duration = Duration::from_secs(1);

const LONGEST_JITTER_MS: u32 = 5000;

type OnProgress<'a> = &'a mut dyn FnMut(&mut Progress<'_>) -> ControlFlow<()>;

struct Driver<'a> {
    graph: &'a Graph,
    tokens: Tokens,
    goal: Goal,
    timeout: Duration,
    on_progress: OnProgress<'a>,
    started: Instant,
    detail: Detail,
    readings: Readings,
    last_failure: Option<Error>,
    /// The service's time in its last reply, and when that came.
    last_date: Option<(Time, Duration)>,
    /// The failure of the last trigger that may have run, and the detail of that moment.
    uncertain_trigger: Option<(Error, Detail)>,
}

/// Waits until the goal is reached, for `timeout` at most.
pub(crate) fn run(
    graph: &Graph,
    token: Token<'_>,
    goal: Goal,
    timeout: Duration,
    on_progress: OnProgress<'_>,
) -> Result<SyncOutcome, Error> {
    let driver = Driver {
        graph,
        tokens: Tokens::new(token),
        goal,
        timeout,
        on_progress,
        started: Instant::now(),
        detail: Detail::default(),
        readings: Readings::default(),
        last_failure: None,
        last_date: None,
        uncertain_trigger: None,
    };
    driver.run()
}

impl Driver<'_> {
    fn run(mut self) -> Result<SyncOutcome, Error> {
        let jitter = Duration::from_millis((random::number() % LONGEST_JITTER_MS).into());
        let mut machine = Machine::new(self.goal, self.timeout, jitter);
        let mut step = self.report(Phase::Starting, Duration::ZERO).map(|_| Event::Due);
        loop {
            let event = match step {
                Ok(event) => event,
                Err(reason) => return self.finish(reason),
            };
            let command = machine.next(self.elapsed(), event);
            if let Some(known) = machine.known_trigger() {
                self.detail.trigger = known;
            }
            step = self.perform(command);
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn time_left(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    fn perform(&mut self, command: Command) -> Result<Event, StopReason> {
        match command {
            Command::ReadSettings { with_retries } => self.read_settings(with_retries),
            Command::SendTrigger => self.send_trigger(),
            Command::Pause { until, next_step, phase } => self.pause(until, next_step, phase),
            Command::Stop(reason) => Err(reason),
        }
    }

    fn read_settings(&mut self, with_retries: bool) -> Result<Event, StopReason> {
        let Meaning { event, error } =
            meaning::of_settings(self.request(Operation::ReadSettings, with_retries)?);
        match (&event, &error) {
            (Event::SettingsRead { settings, .. }, _) => self.readings.read(self.started.elapsed(), settings),
            (Event::ReadForbidden, Some(error)) => self.readings.refused(error),
            _ => {}
        }
        self.last_failure = error;
        Ok(event)
    }

    fn send_trigger(&mut self) -> Result<Event, StopReason> {
        let Meaning { event, error } = meaning::of_trigger(self.request(Operation::TriggerSync, true)?);
        if matches!(event, Event::TriggerMayHaveRun) {
            self.uncertain_trigger = error.map(|error| (error, self.detail.clone()));
        } else {
            self.last_failure = error;
        }
        Ok(event)
    }

    /// Sends a request. If the service refuses the token and the callback hands in a new one, sends it once more. The
    /// outer error ends the wait.
    fn request(
        &mut self,
        operation: Operation,
        with_retries: bool,
    ) -> Result<Result<Reply, Failure>, StopReason> {
        let result = self.exchange(operation, with_retries)?;
        let is_refused = result.as_ref().is_ok_and(Reply::refuses_token);
        if is_refused && self.report(Phase::TokenRejected, Duration::ZERO)? {
            return self.exchange(operation, with_retries);
        }
        Ok(result)
    }

    fn exchange(
        &mut self,
        operation: Operation,
        with_retries: bool,
    ) -> Result<Result<Reply, Failure>, StopReason> {
        let left = self.time_left();
        let Driver { graph, tokens, detail, .. } = self;
        let result = tokens.send(|token| graph.request(operation, token, left, with_retries, detail));
        if let Some(date) = result.as_ref().ok().and_then(Reply::date) {
            self.last_date = Some((date, self.elapsed()));
        }
        match result {
            Err(failure) if failure.error.kind() == ErrorKind::Cancelled => Err(StopReason::Cancelled),
            result => Ok(result),
        }
    }

    /// Pauses, and calls the callback once a second.
    fn pause(&mut self, until: Duration, next_step: Duration, phase: Phase) -> Result<Event, StopReason> {
        // Only a cancel can end this call: its deadline is later than the pause.
        let call = self.graph.call(self.time_left() + TICK);
        loop {
            self.report(phase, next_step.saturating_sub(self.elapsed()))?;
            let left = until.saturating_sub(self.elapsed());
            if left.is_zero() {
                return Ok(Event::Due);
            }
            if call.sleep(left.min(TICK)) == Some(Aborted::Cancelled) {
                return Err(StopReason::Cancelled);
            }
        }
    }

    /// Calls the callback. Returns whether it handed in a token.
    fn report(&mut self, phase: Phase, next_step: Duration) -> Result<bool, StopReason> {
        let elapsed = self.elapsed();
        let mut progress = Progress {
            phase,
            elapsed,
            next_step,
            settings: self.detail.settings.as_ref(),
            claims: self.detail.claims.as_deref(),
            new_token: None,
        };
        let flow = (self.on_progress)(&mut progress);
        let new_token = progress.new_token.take();
        let has_new_token = new_token.is_some();
        if let Some(token) = new_token {
            self.tokens.replace(token);
        }
        match (flow, phase) {
            (ControlFlow::Continue(()), _) => Ok(has_new_token),
            (ControlFlow::Break(()), Phase::Window) => Err(StopReason::TooSoon(Some(elapsed + next_step))),
            (ControlFlow::Break(()), _) => Err(StopReason::Cancelled),
        }
    }

    fn finish(mut self, reason: StopReason) -> Result<SyncOutcome, Error> {
        if matches!(reason, StopReason::Unconfirmed | StopReason::TooSoon(None)) {
            self.detail.why_unknown = Some(self.readings.why_unknown(self.elapsed()));
        }
        let result = match reason {
            StopReason::Completed => Ok(Answer::Accepted),
            StopReason::JoinedCompleted => Ok(Answer::AlreadyRunning),
            StopReason::UpToDate => Ok(Answer::UpToDate),
            StopReason::Unconfirmed => Ok(Answer::Unconfirmed),
            StopReason::TooSoon(next) => {
                self.detail.retry_after = next.map(|next| next.saturating_sub(self.elapsed()));
                self.detail.next_sync = next
                    .zip(self.last_date)
                    .map(|(next, (date, received))| date.plus(next.saturating_sub(received)));
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
        match result {
            Ok(answer) => Ok(SyncOutcome { answer, detail: self.detail }),
            Err(error) => Err(error.with_detail(self.detail)),
        }
    }

    /// Returns the failure of the trigger that may have run, and makes the detail that of its moment. The readings
    /// after it showed nothing, but their attempts and settings stay.
    fn restore_uncertain_trigger(&mut self) -> Error {
        let Some((error, of_trigger)) = self.uncertain_trigger.take() else { return lost_error() };
        let Detail { attempts, settings, .. } = std::mem::take(&mut self.detail);
        self.detail = Detail { attempts, settings, ..of_trigger };
        error
    }
}

fn lost_error() -> Error {
    Error::new(ErrorKind::Internal, "the wait lost the error that ended it")
}
