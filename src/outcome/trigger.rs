//! What became of a trigger.

/// What became of the trigger, the request that starts a sync.
///
/// After an error too, it tells whether a sync may be running.
///
/// ```
/// use autopilot_sync::{Client, Trigger};
///
/// let error = Client::new()?.sync("not a token").unwrap_err();
/// assert_eq!(error.detail().trigger(), Trigger::NotSent);
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[repr(i32)]
pub enum Trigger {
    /// It was not sent.
    #[default]
    NotSent = 0,
    /// It was sent. Whether it started a sync is unknown.
    MayHaveRun = 1,
    /// It was sent and refused: it started no sync.
    Refused = 2,
    /// The service accepted it: a sync has started or will start.
    Accepted = 3,
    /// The call joined a sync that was already running.
    Joined = 4,
}

impl Trigger {
    /// What became of a trigger that the service answered with this status.
    pub(crate) fn after_status(status: u16) -> Trigger {
        match status {
            204 => Trigger::Accepted,
            // The service sends these before it carries out a request.
            300..=499 | 503 | 509 => Trigger::Refused,
            _ => Trigger::MayHaveRun,
        }
    }

    /// What became of two triggers of one call. If the second is refused, the first may still have run.
    pub(crate) fn followed_by(self, next: Trigger) -> Trigger {
        match (self, next) {
            (Trigger::MayHaveRun, Trigger::Refused) => Trigger::MayHaveRun,
            (_, next) => next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_what_became_of_the_trigger() {
        for (status, expected) in [
            (204, Trigger::Accepted),
            (200, Trigger::MayHaveRun),
            (302, Trigger::Refused),
            (400, Trigger::Refused),
            (409, Trigger::Refused),
            (429, Trigger::Refused),
            (499, Trigger::Refused),
            (500, Trigger::MayHaveRun),
            (502, Trigger::MayHaveRun),
            (503, Trigger::Refused),
            (504, Trigger::MayHaveRun),
            (509, Trigger::Refused),
            (520, Trigger::MayHaveRun),
        ] {
            assert_eq!(Trigger::after_status(status), expected, "{status}");
        }
    }

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
