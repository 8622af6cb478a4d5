//! What came of a command.

use std::time::Duration;

use crate::outcome::Settings;
use crate::service::retry::Obstacle;
use crate::text::Time;

/// What happened. Each command but a stop is followed by one event.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// The call starts, a pause is over, or there is a new token.
    Due,
    /// The service refused the token.
    TokenRefused,
    /// There is no new token.
    NoToken,
    /// The settings, and the `Date` of the reply.
    SettingsRead { settings: Settings, date: Option<Time> },
    /// The caller has no right to read the settings.
    ReadForbidden,
    /// Reading failed and may succeed later, but not before `retry_after`.
    ReadFailedForNow(Obstacle),
    /// Reading failed because no connection is possible: the name is unknown, the proxy refuses, or no certificate is
    /// trusted. The cause is the caller's setting, or the network for now.
    CannotConnect,
    /// Reading failed in a way that does not heal.
    ReadFailedForGood,
    /// 204, and the `Date` of the reply.
    TriggerAccepted { date: Option<Time> },
    /// 409.
    SyncAlreadyRunning,
    /// 429, and the `Date` of the reply.
    TriggerTooSoon { retry_after: Option<Duration>, date: Option<Time> },
    /// The trigger may have started a sync, but no reply says so.
    TriggerMayHaveRun,
    /// The trigger started no sync, and a later one may: the service cannot take it now, or it was never sent.
    TriggerFailedForNow(Obstacle),
    /// The trigger started no sync, and a later one will not either.
    TriggerFailed,
}
