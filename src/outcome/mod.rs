//! The values that a caller gets from a call.

mod answer;
mod detail;
mod error;
mod happening;
mod operation;
mod settings;
mod topic;
mod trace;
mod trigger;

pub use answer::{Answer, SyncOutcome};
pub use detail::{Attempt, Detail};
pub(crate) use error::{Cause, CauseText};
pub use error::{Error, ErrorKind};
pub(crate) use happening::{Certificate, Happening, Name, Owner};
pub(crate) use operation::Operation;
pub(crate) use settings::WINDOW_SECONDS;
pub use settings::{Settings, SyncStatus};
pub use topic::Topic;
pub use trace::{Trace, TraceEvent};
pub use trigger::Trigger;
