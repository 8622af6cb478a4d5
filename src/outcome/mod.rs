//! The values that a caller gets from a call.

mod answer;
mod detail;
mod error;
mod settings;
mod trigger;

pub use answer::{Answer, SyncOutcome};
pub use detail::{Attempt, Detail};
pub(crate) use error::{Cause, CauseText};
pub use error::{Error, ErrorKind};
pub(crate) use settings::WINDOW_SECONDS;
pub use settings::{Settings, SyncStatus};
pub use trigger::Trigger;
