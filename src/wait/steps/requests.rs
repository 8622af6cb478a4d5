//! The requests of a call, and what their results mean to it.

use std::mem;
use std::time::Duration;

use super::Wait;
use crate::outcome::{Detail, Error, ErrorKind, Happening, Operation};
use crate::service::reply::Reply;
use crate::service::retry;
use crate::text::Token;
use crate::transport::Failure;
use crate::wait::Goal;
use crate::wait::machine::{Event, StopReason};
use crate::wait::meaning::{self, Meaning};

/// Why the settings do not say when the next sync is possible.
const NO_RECENT_SYNC: &str = "the settings have no time of a recent sync";

impl Wait {
    pub(super) fn read_settings(&mut self) -> Result<Event, StopReason> {
        if self.terms.goal == Goal::Sync {
            return self.ask_when();
        }
        let Meaning { event, error } = meaning::of_settings(self.exchange(Operation::ReadSettings)?);
        match (&event, &error) {
            (Event::SettingsRead { .. }, _) if self.terms.goal == Goal::Settings => {} // the result has them
            (Event::SettingsRead { settings, .. }, _) => {
                self.readings.read(self.elapsed(), settings);
                self.note(Happening::reading(settings));
            }
            (Event::ReadForbidden, Some(error)) => self.readings.refused(error),
            _ => {}
        }
        self.note_failure(error.as_ref());
        self.last_failure = error;
        Ok(event)
    }

    /// Reads the settings, to say when the next trigger is possible. The detail stays that of the trigger. If they do
    /// not say it, the detail says why.
    fn ask_when(&mut self) -> Result<Event, StopReason> {
        let of_trigger = mem::take(&mut self.detail);
        let result = self.exchange(Operation::ReadSettings);
        let Detail { attempts, trace, settings, .. } = mem::replace(&mut self.detail, of_trigger);
        self.detail.attempts.append(attempts);
        self.detail.trace.append(trace, Duration::ZERO);
        let result = result.unwrap_or_else(|_| Err(Failure::cancelled(false)));
        let Meaning { event, error } = meaning::of_settings(result);
        if let Some(settings) = &settings {
            self.note(Happening::reading(settings));
        }
        self.detail.settings = settings;
        self.note_failure(error.as_ref());
        let why = error.map_or_else(|| NO_RECENT_SYNC.to_owned(), |error| error.why_unknown());
        self.detail.why_unknown = Some(why);
        Ok(event)
    }

    pub(super) fn send_trigger(&mut self) -> Result<Event, StopReason> {
        let Meaning { event, error } = meaning::of_trigger(self.exchange(Operation::TriggerSync)?);
        self.note_failure(error.as_ref());
        if matches!(event, Event::TriggerMayHaveRun) {
            let of_trigger = self.detail.without_story();
            self.uncertain_trigger = error.map(|error| (error, of_trigger));
        } else {
            self.last_failure = error;
        }
        Ok(event)
    }

    /// Sends one request, with a token that is good. The outer error ends the call.
    fn exchange(&mut self, operation: Operation) -> Result<Result<Reply, Failure>, StopReason> {
        self.was_throttled = Some(false);
        match self.renew_token().and_then(|()| self.send(operation)) {
            Err(failure) if failure.error.kind() == ErrorKind::Cancelled => {
                self.note_failure(Some(&failure.error));
                Err(StopReason::Cancelled)
            }
            result => Ok(result),
        }
    }

    fn send(&mut self, operation: Operation) -> Result<Reply, Failure> {
        let call = self.graph.call(self.time_left());
        call.set_needs_new_connection(self.needs_new_connection);
        let Wait { graph, tokens, started, detail, .. } = self;
        let result = tokens.send(|token| graph.attempt(&call, operation, token, *started, detail));
        let reply = result.as_ref().ok();
        self.needs_new_connection = reply.is_some_and(|reply| reply.status == 503);
        self.was_throttled = Some(reply.is_some_and(|reply| retry::is_throttled(operation, reply.status)));
        result
    }

    /// Takes the token from the credential, if there is one.
    fn renew_token(&mut self) -> Result<(), Failure> {
        let Some(credential) = &self.credential else { return Ok(()) };
        let token = credential.token(&self.graph, self.time_left(), self.started, &mut self.detail)?;
        if self.tokens.current() != Some(token.as_str()) {
            self.tokens.replace(Token::checked(&token));
        }
        Ok(())
    }

    fn time_left(&self) -> Duration {
        self.terms.deadline.saturating_sub(self.elapsed())
    }

    /// Notes in the trace what happens now.
    pub(super) fn note(&mut self, what: Happening) {
        let at = if self.machine.is_some() { self.elapsed() } else { Duration::ZERO };
        self.detail.trace.note(at, what);
    }

    /// Gives the last attempt its reason, if it failed.
    fn note_failure(&mut self, error: Option<&Error>) {
        if let Some(error) = error {
            self.detail.attempts.last_failed(error.line());
        }
    }
}
