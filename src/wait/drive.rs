//! Drives a wait: does what the state machine says, and tells it what came of it.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::machine::{Do, End, Seen, Wait};
use super::progress::{Phase, Progress};
use crate::outcome::{Answer, Detail, Error, ErrorKind, SyncOutcome, Trigger};
use crate::service::reply::{self, Reading};
use crate::service::retry::Action;
use crate::text::Token;
use crate::transport::call::Stop;
use crate::transport::{Failure, Graph, random};

/// Between two calls of the callback.
const TICK: Duration = Duration::from_secs(1);

/// The most tokens that are remembered. A wait lasts a day at most, so of tokens that live for an hour it has fewer.
const REMEMBERED: usize = 32;

struct Drive<'a> {
    graph: &'a Graph,
    token: Zeroizing<String>,
    /// Those that went out, the newest last: a reply may repeat any of them.
    sent: Vec<Zeroizing<String>>,
    timeout: Duration,
    progress: &'a mut dyn FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    began: Instant,
    detail: Detail,
    /// Why the last request, and the last trigger, gave no success.
    last: Option<Error>,
    last_trigger: Option<(Error, Detail)>,
}

/// Ends the wait before its machine does.
enum Break {
    Cancelled,
    TooSoon(Duration),
}

/// Triggers a sync and waits until it is done, within `timeout`.
pub(crate) fn run(
    graph: &Graph,
    token: Token<'_>,
    timeout: Duration,
    progress: &mut dyn FnMut(&mut Progress<'_>) -> ControlFlow<()>,
) -> Result<SyncOutcome, Error> {
    Drive::new(graph, token, timeout, progress).run()
}

impl<'a> Drive<'a> {
    fn new(
        graph: &'a Graph,
        token: Token<'_>,
        timeout: Duration,
        progress: &'a mut dyn FnMut(&mut Progress<'_>) -> ControlFlow<()>,
    ) -> Drive<'a> {
        Drive {
            graph,
            token: token.kept(),
            sent: Vec::new(),
            timeout,
            progress,
            began: Instant::now(),
            detail: Detail::default(),
            last: None,
            last_trigger: None,
        }
    }

    fn run(mut self) -> Result<SyncOutcome, Error> {
        let jitter = Duration::from_millis(u64::from(random::number()) % 5000);
        let mut wait = Wait::new(self.timeout, jitter);
        let mut step = self.tell(Phase::Starting, Duration::ZERO).map(|_| Seen::Nothing);
        loop {
            let todo = match step {
                Ok(seen) => wait.next(self.elapsed(), seen),
                Err(Break::Cancelled) => return self.fail(Error::new(ErrorKind::Cancelled, "by the caller")),
                Err(Break::TooSoon(next)) => Do::End(End::TooSoon(Some(next))),
            };
            if let Some(known) = wait.known_trigger() {
                self.detail.trigger = known;
            }
            step = match todo {
                Do::Read { retries } => self.read(retries),
                Do::Trigger => self.trigger(),
                Do::Pause { until, phase } => self.pause(until, phase),
                Do::End(end) => return self.end(end),
            };
        }
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn read(&mut self, retries: bool) -> Result<Seen, Break> {
        let reading = self.request(Action::Get, retries)?;
        Ok(match reading {
            Ok(reading) => match reading.settings() {
                Ok(settings) => Seen::Reading { settings: settings.clone(), date: reading.date() },
                Err(kind) => {
                    self.last = Some(reading.error(kind));
                    unread(&reading, kind)
                }
            },
            Err(failure) => {
                let is_final = matches!(failure.error.kind(), ErrorKind::Configuration | ErrorKind::Internal);
                self.last = Some(failure.error);
                if is_final { Seen::ReadEnded } else { Seen::ReadFailed { retry_after: None } }
            }
        })
    }

    fn trigger(&mut self) -> Result<Seen, Break> {
        let reading = self.request(Action::Post, true)?;
        Ok(match reading {
            Ok(reading) => match reading.sync_answer() {
                Ok(Answer::AlreadyRunning) => Seen::AlreadyRunning,
                Ok(Answer::TooSoon) => {
                    Seen::TooSoon { retry_after: reading.retry_after(), date: reading.date() }
                }
                Ok(_) => Seen::Accepted { date: reading.date() },
                Err(kind) => {
                    let may_have_run = reply::trigger(reading.status) == Trigger::MayHaveRun;
                    self.not_triggered(reading.error(kind), may_have_run)
                }
            },
            Err(failure) => self.not_triggered(failure.error, failure.sent),
        })
    }

    fn not_triggered(&mut self, error: Error, may_have_run: bool) -> Seen {
        if may_have_run {
            self.last_trigger = Some((error, self.detail.clone()));
            Seen::MayHaveRun
        } else {
            self.last = Some(error);
            Seen::NotTriggered
        }
    }

    /// A request; where its token is refused, once more with a new one, if the callback hands one in.
    fn request(&mut self, action: Action, retries: bool) -> Result<Result<Reading, Failure>, Break> {
        let mut is_renewed = false;
        loop {
            let left = self.timeout.saturating_sub(self.elapsed());
            self.remember_token();
            let sent: Vec<_> = self.sent.iter().map(|token| token.as_str()).collect();
            let token = Token::new(&self.token).expect("it was checked").after(&sent);
            match self.graph.request(action, token, left, retries, &mut self.detail) {
                Err(failure) if failure.error.kind() == ErrorKind::Cancelled => return Err(Break::Cancelled),
                Ok(reading) if reading.refuses_token() && !is_renewed => {
                    is_renewed = self.tell(Phase::TokenRejected, Duration::ZERO)?;
                    if !is_renewed {
                        return Ok(Ok(reading));
                    }
                }
                end => return Ok(end),
            }
        }
    }

    fn remember_token(&mut self) {
        if !self.sent.contains(&self.token) {
            self.sent.push(self.token.clone());
        }
        if self.sent.len() > REMEMBERED {
            self.sent.remove(0);
        }
    }

    /// Waits, telling the callback once a second.
    fn pause(&mut self, until: Duration, phase: Phase) -> Result<Seen, Break> {
        let call = self.graph.call(self.timeout.saturating_sub(self.elapsed()) + TICK);
        loop {
            let left = until.saturating_sub(self.elapsed());
            self.tell(phase, left)?;
            if left.is_zero() {
                return Ok(Seen::Nothing);
            }
            if call.sleep(left.min(TICK)) == Some(Stop::Cancelled) {
                return Err(Break::Cancelled);
            }
        }
    }

    /// Calls the callback. Whether it hands in a token, which is taken.
    fn tell(&mut self, phase: Phase, next_step: Duration) -> Result<bool, Break> {
        let elapsed = self.elapsed();
        let mut progress = Progress {
            phase,
            elapsed,
            next_step,
            settings: self.detail.settings.as_ref(),
            claims: self.detail.claims.as_deref(),
            token: None,
        };
        let flow = (self.progress)(&mut progress);
        let new_token = progress.token.take();
        let is_renewed = new_token.is_some();
        if let Some(token) = new_token {
            self.token = token;
        }
        match (flow, phase) {
            (ControlFlow::Continue(()), _) => Ok(is_renewed),
            (ControlFlow::Break(()), Phase::Window) => Err(Break::TooSoon(elapsed + next_step)),
            (ControlFlow::Break(()), _) => Err(Break::Cancelled),
        }
    }

    fn end(mut self, end: End) -> Result<SyncOutcome, Error> {
        let answer = match end {
            End::Completed => Answer::Accepted,
            End::JoinedCompleted => Answer::AlreadyRunning,
            End::Unconfirmed => Answer::Unconfirmed,
            End::TooSoon(next) => {
                self.detail.retry_after = next.map(|next| next.saturating_sub(self.elapsed()));
                Answer::TooSoon
            }
            End::Failed => return self.fail(Error::new(ErrorKind::SyncFailed, "says the service")),
            End::Deadline => {
                let error = Error::new(ErrorKind::Timeout, "the end of the sync was not seen in time");
                return self.fail(error);
            }
            End::LastRequest => {
                let unknown = || Error::new(ErrorKind::Internal, "no request failed");
                let error = self.last.take().unwrap_or_else(unknown);
                return self.fail(error);
            }
            End::LastTrigger => {
                let unknown = || (Error::new(ErrorKind::Internal, "no trigger failed"), Detail::default());
                let (error, at_that_time) = self.last_trigger.take().unwrap_or_else(unknown);
                let Detail { attempts, settings, .. } = self.detail;
                self.detail = Detail { attempts, settings, ..at_that_time };
                return self.fail(error);
            }
        };
        Ok(SyncOutcome { answer, detail: self.detail })
    }

    fn fail(self, error: Error) -> Result<SyncOutcome, Error> {
        Err(error.with_detail(self.detail))
    }
}

/// What a reply without a reading is to the machine.
fn unread(reading: &Reading, kind: ErrorKind) -> Seen {
    match (kind, reading.status) {
        (ErrorKind::Forbidden, _) => Seen::ReadRefused,
        (ErrorKind::Protocol, _) | (ErrorKind::Service, ..400 | 409 | 429 | 500..) => {
            Seen::ReadFailed { retry_after: reading.retry_after() }
        }
        _ => Seen::ReadEnded,
    }
}
