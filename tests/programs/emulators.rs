//! Emulators that many tests use.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Clock, Config, Emulator, RetryAfter};

/// Syncs that start and end within three seconds.
pub(crate) fn quick() -> Behaviour {
    Behaviour {
        start_delay: Duration::from_millis(200),
        duration: Duration::from_secs(2),
        ..Behaviour::default()
    }
}

/// Each request moves the clock by six seconds, so three calls in a row meet a sync accepted, running, and completed.
/// The third reply says until when it is too soon, so each call is one request.
pub(crate) fn stepping() -> Emulator {
    let clock = Clock::manual().step(Duration::from_secs(6));
    let behaviour = Behaviour { retry_after: RetryAfter::Seconds, ..Behaviour::default() };
    Emulator::start(Config { clock, behaviour, ..Config::default() })
}
