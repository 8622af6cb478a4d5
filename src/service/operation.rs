//! The two requests that this library sends.

/// A request, named after its effect on the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reads the settings (GET). Sending it twice is harmless.
    GetSettings,
    /// Triggers a sync (POST).
    Sync,
}
