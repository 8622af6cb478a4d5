//! The two requests that this library sends.

/// What a request asks the service to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reads the settings (GET). Sending it twice is harmless.
    ReadSettings,
    /// Triggers a sync (POST).
    TriggerSync,
}
