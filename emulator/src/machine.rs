//! The kinds of machines that have a managed identity, and how their endpoints differ.

use clap::ValueEnum;
use serde_json::json;

use crate::reply::Reply;

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const APP_SERVICE_PATH: &str = "/msi/token";
const ARC_PATH: &str = "/arc/metadata/identity/oauth2/token";

/// A kind of machine that has a managed identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Machine {
    /// A virtual machine, whose metadata service is IMDS.
    Imds,
    /// App Service, Functions, or Container Apps.
    AppService,
    /// A server that Azure Arc manages.
    Arc,
}

impl Machine {
    /// The one whose endpoint has this path. Azure Arc has the path of IMDS if this is such a server.
    pub(crate) fn at(path: &str, this: Option<Self>) -> Option<Self> {
        match path.trim_end_matches('/') {
            IMDS_PATH if this == Some(Self::Arc) => this,
            IMDS_PATH => Some(Self::Imds),
            APP_SERVICE_PATH => Some(Self::AppService),
            ARC_PATH => Some(Self::Arc),
            _ => None,
        }
    }

    /// The variables that lead a program to its endpoint, which is at this URL and wants this `X-IDENTITY-HEADER`.
    pub(crate) fn env(self, url: &str, header: &str) -> Vec<(&'static str, String)> {
        let endpoint = |path| ("IDENTITY_ENDPOINT", format!("{url}{path}"));
        match self {
            Self::Imds => vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.to_owned())],
            Self::AppService => vec![endpoint(APP_SERVICE_PATH), ("IDENTITY_HEADER", header.to_owned())],
            Self::Arc => vec![endpoint(ARC_PATH), ("IMDS_ENDPOINT", url.to_owned())],
        }
    }

    pub(crate) fn api_versions(self) -> &'static [&'static str] {
        match self {
            Self::Imds => &["2018-02-01", "2019-08-01", "2019-11-01", "2020-06-01", "2021-02-01"],
            Self::AppService => &["2019-08-01"],
            Self::Arc => &["2019-11-01", "2020-06-01"],
        }
    }

    /// The parameters that name a user-assigned identity.
    pub(crate) fn id_parameters(self) -> &'static [&'static str] {
        match self {
            Self::Imds | Self::Arc => &["client_id", "object_id", "msi_res_id"],
            Self::AppService => &["client_id", "object_id", "principal_id", "mi_res_id"],
        }
    }

    /// An error in its own form.
    pub(crate) fn error(self, status: u16, code: &str, text: &str) -> Reply {
        Reply::new(status).json_utf8(&match self {
            Self::Imds | Self::Arc => json!({"error": code, "error_description": text}),
            Self::AppService => {
                json!({"statusCode": status, "message": text, "correlationId": uuid::Uuid::new_v4().to_string()})
            }
        })
    }

    /// Its typical error with this status.
    pub(crate) fn typical_error(self, status: u16) -> Reply {
        let (code, text) = match (status, self) {
            (400, Self::Imds | Self::Arc) => ("invalid_request", "Identity not found"),
            (400, Self::AppService) => (
                "",
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            ),
            (404 | 410, _) => ("unavailable", "The metadata service is being updated."),
            (429, _) => ("too_many_requests", "Too many requests."),
            _ => ("unknown", "Failed to retrieve the token. Please try again later."),
        };
        self.error(status, code, text)
    }
}
