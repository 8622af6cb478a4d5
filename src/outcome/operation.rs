//! The two requests that this library sends.

/// What a request asks the service to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reads the settings (GET). Sending it twice is harmless.
    ReadSettings,
    /// Triggers a sync (POST).
    TriggerSync,
}

impl Operation {
    /// The request's method and path, as in its first line.
    pub(crate) const fn line(self) -> (&'static str, &'static str) {
        match self {
            Operation::ReadSettings => ("GET", "/beta/deviceManagement/windowsAutopilotSettings"),
            Operation::TriggerSync => ("POST", "/beta/deviceManagement/windowsAutopilotSettings/sync"),
        }
    }
}
