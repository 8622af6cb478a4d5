//! Microsoft's clouds, and where Microsoft Graph is in each.

// Source: https://learn.microsoft.com/graph/deployments. All four clouds have the action.

/// One of Microsoft's clouds. Each refuses the tokens of the others.
///
/// ```
/// use autopilot_sync::Cloud;
///
/// assert_eq!(Cloud::default(), Cloud::Global);
/// assert_eq!(Cloud::UsGovernmentDod.root(), "https://dod-graph.microsoft.us");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[repr(i32)]
pub enum Cloud {
    /// The global service, and US Government GCC: <https://graph.microsoft.com>
    #[default]
    Global = 0,
    /// US Government L4 (GCC High): <https://graph.microsoft.us>
    UsGovernment = 1,
    /// US Government L5 (DoD): <https://dod-graph.microsoft.us>
    UsGovernmentDod = 2,
    /// China, operated by 21Vianet: <https://microsoftgraph.chinacloudapi.cn>
    China = 3,
}

impl Cloud {
    /// All clouds, in the order of their numbers in the C ABI.
    ///
    /// ```
    /// use autopilot_sync::Cloud;
    ///
    /// let named = |name: &str| Cloud::ALL.into_iter().find(|cloud| format!("{cloud:?}") == name);
    /// assert_eq!(named("China"), Some(Cloud::China));
    /// ```
    pub const ALL: [Cloud; 4] = [Cloud::Global, Cloud::UsGovernment, Cloud::UsGovernmentDod, Cloud::China];

    /// The root of this cloud's Microsoft Graph, without a final slash.
    ///
    /// To get a token, ask for the scope that is this root plus `/.default`:
    ///
    /// ```
    /// use autopilot_sync::Cloud;
    ///
    /// let scope = format!("{}/.default", Cloud::UsGovernment.root());
    /// assert_eq!(scope, "https://graph.microsoft.us/.default");
    /// ```
    pub const fn root(self) -> &'static str {
        match self {
            Cloud::Global => "https://graph.microsoft.com",
            Cloud::UsGovernment => "https://graph.microsoft.us",
            Cloud::UsGovernmentDod => "https://dod-graph.microsoft.us",
            Cloud::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// The host where Microsoft Entra gives tokens for this cloud.
    // Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
    pub(crate) fn login_host(self) -> &'static str {
        match self {
            Cloud::Global => "login.microsoftonline.com",
            Cloud::UsGovernment | Cloud::UsGovernmentDod => "login.microsoftonline.us",
            Cloud::China => "login.chinacloudapi.cn",
        }
    }

    /// The host of this cloud's Microsoft Graph.
    pub(crate) fn host(self) -> &'static str {
        self.root().trim_start_matches("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_documented_root() {
        let roots: Vec<&str> = Cloud::ALL.iter().map(|cloud| cloud.root()).collect();
        assert_eq!(
            roots,
            [
                "https://graph.microsoft.com",
                "https://graph.microsoft.us",
                "https://dod-graph.microsoft.us",
                "https://microsoftgraph.chinacloudapi.cn",
            ]
        );
    }
}
