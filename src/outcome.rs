//! What a trigger, or the wait for its end, came to.

use crate::detail::Detail;

/// The answers that are no error. The numbers are those of the C ABI, the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Answer {
    /// What was asked was done: the service accepted the trigger (HTTP 204), and the sync runs on afterwards; from a wait,
    /// that sync is completed.
    Done = 0,
    /// A sync was running already (HTTP 409); from a wait, it was joined and is completed.
    AlreadyRunning = 1,
    /// A sync ran moments ago, not necessarily the caller's (HTTP 429); see [`Detail::retry_after`].
    TooSoon = 2,
    /// From a wait only: a sync was accepted, or was running, but its end could not be observed.
    Unconfirmed = 3,
}

impl Answer {
    /// All answers, in the order of their codes.
    pub const ALL: [Answer; 4] = [Answer::Done, Answer::AlreadyRunning, Answer::TooSoon, Answer::Unconfirmed];

    /// The code of this answer in the C ABI, zero or above.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// What a call came to that is no error, and all that is known beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncOutcome {
    pub(crate) answer: Answer,
    pub(crate) detail: Detail,
}

impl SyncOutcome {
    /// What to branch on.
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// All that is known of the call: request ids, the service's own words, when to ask again.
    pub fn detail(&self) -> &Detail {
        &self.detail
    }
}
