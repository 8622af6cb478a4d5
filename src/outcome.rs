//! What the service answered to a trigger.

use crate::detail::Detail;

/// The answers that are no error. The numbers are those of the C ABI, the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Answer {
    /// Done: the sync was accepted (HTTP 204). It runs on afterwards.
    Accepted = 0,
    /// A sync is running already (HTTP 409).
    AlreadyRunning = 1,
    /// A sync ran moments ago, not necessarily the caller's (HTTP 429); see [`Detail::retry_after`].
    TooSoon = 2,
}

impl Answer {
    /// All answers, in the order of their codes.
    pub const ALL: [Answer; 3] = [Answer::Accepted, Answer::AlreadyRunning, Answer::TooSoon];

    /// The code of this answer in the C ABI, zero or above.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// What the service answered, and all that is known beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncOutcome {
    pub(crate) answer: Answer,
    pub(crate) detail: Detail,
}

impl SyncOutcome {
    /// What the service answered.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// All that is known of the call: request ids, the service's own words, when to ask again.
    pub fn detail(&self) -> &Detail {
        &self.detail
    }
}
