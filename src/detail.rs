//! What is known of a call beside its result, the same for an answer and for an error.

use std::time::Duration;

use crate::settings::Settings;

/// What became of the trigger, the POST that starts a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[repr(i32)]
pub enum Trigger {
    /// It was not sent.
    #[default]
    NotSent = 0,
    /// It was sent, and whether it started a sync is not known.
    MayHaveRun = 1,
    /// It was sent, and started no sync.
    Refused = 2,
    /// It was accepted: a sync starts or has started.
    Accepted = 3,
    /// A sync that was running already was joined.
    Joined = 4,
}

impl Trigger {
    /// What became of two triggers of one call: a refusal of the second does not tell what became of the first.
    pub(crate) fn followed_by(self, next: Trigger) -> Trigger {
        match (self, next) {
            (Trigger::MayHaveRun, Trigger::Refused) => Trigger::MayHaveRun,
            (_, next) => next,
        }
    }
}

/// What is known of a call beside its result. The token is in none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    pub(crate) trigger: Trigger,
    pub(crate) http_status: Option<u16>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) claims: Option<String>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) settings: Option<Settings>,
}

impl Detail {
    /// The last request has no answer: an earlier one's would be taken for its.
    pub(crate) fn forget_answer(&mut self) {
        let Detail { trigger: _, http_status, code, message, retry_after, claims, attempts: _, settings: _ } =
            self;
        (*http_status, *code, *message, *retry_after, *claims) = Default::default();
    }

    /// What became of the trigger.
    pub fn trigger(&self) -> Trigger {
        self.trigger
    }

    /// The HTTP status of the last answer, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.http_status
    }

    /// Graph's `error.code`, such as `Forbidden`. It differs in case and value between front ends: for logs only.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The service's own words on one line, taken out of Graph's and Intune's envelopes.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The time after which the service wants to be asked again, counted from its answer. None where it did not say.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The claims of a claims challenge, as JSON: hand them to whatever issues the token (conditional access).
    pub fn claims(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// The settings that were read last, if any were.
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// The requests of this call in their order, with the ids that Microsoft's support asks for.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }
}

/// One request that went out, or was to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub(crate) client_request_id: String,
    pub(crate) request_id: Option<String>,
}

impl Attempt {
    /// The GUID that this library gave the request. Intune shows it as "Activity ID".
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }

    /// The id that Graph gave the request, if it answered.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_does_not_tell_what_became_of_the_trigger_before() {
        use Trigger::*;
        for (first, second, both) in [
            (NotSent, Refused, Refused),
            (Refused, Accepted, Accepted),
            (Refused, MayHaveRun, MayHaveRun),
            (MayHaveRun, Refused, MayHaveRun),
            (MayHaveRun, Accepted, Accepted),
        ] {
            assert_eq!(first.followed_by(second), both, "{first:?} {second:?}");
        }
    }
}
