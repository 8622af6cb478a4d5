//! What a path of the service leads to.

/// The path of the settings.
pub const SETTINGS_PATH: &str = "/beta/deviceManagement/windowsAutopilotSettings";
/// The path of the trigger.
pub const SYNC_PATH: &str = "/beta/deviceManagement/windowsAutopilotSettings/sync";

/// The scopes that may read the settings. The last may trigger too.
pub(crate) const READ_SCOPES: [&str; 2] =
    ["DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"];

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Settings,
    Sync,
}

impl Route {
    /// The method that it needs.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Settings => "GET",
            Self::Sync => "POST",
        }
    }

    /// The scopes of which a token needs one.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Settings => &READ_SCOPES,
            Self::Sync => &READ_SCOPES[1..],
        }
    }
}

/// What a path leads to. Neither its case nor a doubled slash matters, and the action may have its namespace.
pub(crate) fn route(path: &str) -> Result<Route, u16> {
    let path = path.to_ascii_lowercase();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        ["beta", "devicemanagement", "windowsautopilotsettings"] => Ok(Route::Settings),
        ["beta", "devicemanagement", "windowsautopilotsettings", "sync" | "microsoft.graph.sync"] => {
            Ok(Route::Sync)
        }
        ["beta" | "v1.0", ..] => Err(400),
        _ => Err(404),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_path() {
        let all = [
            (SETTINGS_PATH, Ok(Route::Settings)),
            ("/beta//deviceManagement/windowsAutopilotSettings", Ok(Route::Settings)),
            ("/Beta/devicemanagement/WINDOWSAUTOPILOTSETTINGS/", Ok(Route::Settings)),
            (SYNC_PATH, Ok(Route::Sync)),
            ("/beta//deviceManagement/windowsAutopilotSettings/sync", Ok(Route::Sync)),
            ("/beta/deviceManagement/windowsAutopilotSettings/microsoft.graph.sync", Ok(Route::Sync)),
            ("/beta/deviceManagement/windowsAutopilotSettings/Microsoft.Graph.Sync", Ok(Route::Sync)),
            ("/beta/deviceManagement/windowsAutopilotSettings/sync/sync", Err(400)),
            ("/beta/deviceManagement/windowsAutopilotSettings/graph.sync", Err(400)),
            ("/V1.0/deviceManagement/windowsAutopilotSettings", Err(400)),
            ("/deviceManagement/windowsAutopilotSettings", Err(404)),
        ];
        for (path, expected) in all {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
