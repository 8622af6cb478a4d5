//! The result of a call that is over.

use std::mem;
use std::time::Duration;

use super::Wait;
use crate::outcome::{Answer, Detail, Error, ErrorKind, SyncOutcome};
use crate::transport::Failure;
use crate::wait::Goal;
use crate::wait::machine::StopReason;

impl Wait {
    pub(super) fn result(&mut self, now: Duration, reason: StopReason) -> Result<SyncOutcome, Error> {
        let result = match reason {
            StopReason::Read | StopReason::Accepted | StopReason::Completed => Ok(Answer::Accepted),
            StopReason::AlreadyRunning | StopReason::JoinedCompleted => Ok(Answer::AlreadyRunning),
            StopReason::UpToDate => Ok(Answer::UpToDate),
            StopReason::Unconfirmed => {
                self.detail.why_unknown = Some(self.readings.why_unknown(now));
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

    fn tell_next_sync(&mut self, now: Duration, next: Option<Duration>) {
        match next {
            Some(next) => {
                self.detail.why_unknown = None;
                self.detail.retry_after = Some(next.saturating_sub(now));
                self.detail.next_sync = self.machine.as_ref().and_then(|machine| machine.service_time(next));
            }
            None if self.terms.goal == Goal::Sync => {} // the detail of the trigger has said it, or why not
            None => self.detail.why_unknown = Some(self.readings.why_unknown(now)),
        }
    }

    /// Returns the failure of the trigger that may have run, and makes the detail that of its moment. The readings
    /// after it showed nothing, but their attempts, trace and settings stay.
    fn restore_uncertain_trigger(&mut self) -> Error {
        let Some((error, of_trigger)) = self.uncertain_trigger.take() else { return lost_error() };
        let Detail { attempts, trace, settings, .. } = mem::take(&mut self.detail);
        self.detail = Detail { attempts, trace, settings, ..of_trigger };
        error
    }
}

fn lost_error() -> Error {
    Error::new(ErrorKind::Internal, "the call lost the error that ended it")
}
