//! The managed identity of the machine: IMDS, App Service and Azure Arc, over plain HTTP.

use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::arc_keys::ArcKeys;
use crate::entra::Entra;
use crate::form::Form;
use crate::record::Recorded;
use crate::reply::Reply;
use crate::token::DEFAULT_TENANT;

const IMDS_PATH: &str = "/metadata/identity/oauth2/token";
const APP_SERVICE_PATH: &str = "/msi/token";
const ARC_PATH: &str = "/arc/metadata/identity/oauth2/token";

/// The identities of the machine.
///
/// Each field is also an option of the program, with the same name and default.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Managed identities")]
pub struct Identities {
    /// The kind of machine that the variables tell of [default: none]
    #[arg(long, value_enum, value_name = "KIND")]
    pub managed_identity: Option<Machine>,
    /// Whether the machine has an identity of its own
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub system_assigned: bool,
    /// The id of an identity that is assigned to the machine: client id, object id or resource id [default: any]; repeatable
    #[arg(long, value_name = "ID")]
    pub user_assigned: Vec<String>,
    /// The tenant of the identities
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TENANT)]
    pub identity_tenant: String,
    /// The form of `expires_in` and `expires_on`
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    pub expiry_form: ExpiryForm,
    /// The folder of Azure Arc's key files
    #[arg(long, value_name = "FOLDER", default_value = "/var/opt/azcmagent/tokens")]
    pub arc_keys: PathBuf,
}

impl Default for Identities {
    fn default() -> Self {
        Self {
            managed_identity: None,
            system_assigned: true,
            user_assigned: Vec::new(),
            identity_tenant: DEFAULT_TENANT.to_owned(),
            expiry_form: ExpiryForm::Text,
            arc_keys: PathBuf::from("/var/opt/azcmagent/tokens"),
        }
    }
}

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
    /// The one that a path leads to.
    fn at(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            IMDS_PATH => Some(Self::Imds),
            APP_SERVICE_PATH => Some(Self::AppService),
            ARC_PATH => Some(Self::Arc),
            _ => None,
        }
    }

    /// The variables that lead a program to it. `at` is the endpoint's URL, without a path.
    pub(crate) fn env(self, at: &str, header: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::Imds => vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", at.to_owned())],
            Self::AppService => vec![
                ("IDENTITY_ENDPOINT", format!("{at}{APP_SERVICE_PATH}")),
                ("IDENTITY_HEADER", header.to_owned()),
            ],
            Self::Arc => {
                vec![("IDENTITY_ENDPOINT", format!("{at}{ARC_PATH}")), ("IMDS_ENDPOINT", at.to_owned())]
            }
        }
    }

    fn api_versions(self) -> &'static [&'static str] {
        match self {
            Self::Imds => &["2018-02-01", "2019-08-01", "2019-11-01", "2020-06-01", "2021-02-01"],
            Self::AppService => &["2019-08-01"],
            Self::Arc => &["2019-11-01", "2020-06-01"],
        }
    }

    /// The parameters that name a user-assigned identity.
    fn id_parameters(self) -> &'static [&'static str] {
        match self {
            Self::Imds | Self::Arc => &["client_id", "object_id", "msi_res_id"],
            Self::AppService => &["client_id", "principal_id", "object_id", "mi_res_id"],
        }
    }

    /// An error as it writes them.
    fn error(self, status: u16, code: &str, text: &str) -> Reply {
        Reply::new(status).json(&match self {
            Self::AppService => {
                json!({"statusCode": status, "message": text, "correlationId": uuid::Uuid::new_v4().to_string()})
            }
            Self::Imds | Self::Arc => json!({"error": code, "error_description": text}),
        })
    }
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExpiryForm {
    /// As text.
    Text,
    /// As numbers.
    Number,
}

/// The endpoint of the managed identity.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) identities: Identities,
    /// The value that App Service's `X-IDENTITY-HEADER` must have.
    pub(crate) header: String,
    keys: ArcKeys,
}

impl Identity {
    pub(crate) fn new(identities: Identities) -> Self {
        Self { identities, header: uuid::Uuid::new_v4().to_string(), keys: ArcKeys::default() }
    }

    /// Its own answer.
    pub(crate) fn answer(&mut self, request: &Recorded, entra: &Entra, now: DateTime<Utc>) -> Reply {
        let reply = match Machine::at(&request.path) {
            Some(machine) => self.reply(machine, request, entra, now).unwrap_or_else(|error| error),
            None => Reply::new(404),
        };
        dressed(reply, now)
    }

    /// The typical error with this status.
    pub(crate) fn error(&self, status: u16, request: &Recorded, now: DateTime<Utc>) -> Reply {
        let machine = Machine::at(&request.path).unwrap_or(Machine::Imds);
        let (code, text) = match (status, machine) {
            (400, Machine::AppService) => (
                "",
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            ),
            (400, _) => ("invalid_request", "Identity not found"),
            (404, _) => ("not_found", "The metadata service is being updated."),
            (410, _) => ("gone", "The metadata service is being updated."),
            (429, _) => ("too_many_requests", "Too many requests."),
            _ => ("unknown", "Failed to retrieve the token. Please retry later."),
        };
        dressed(machine.error(status, code, text), now)
    }

    /// A scripted reply.
    pub(crate) fn scripted(&self, reply: Reply, now: DateTime<Utc>) -> Reply {
        dressed(reply, now)
    }

    fn reply(
        &mut self,
        machine: Machine,
        request: &Recorded,
        entra: &Entra,
        now: DateTime<Utc>,
    ) -> Result<Reply, Reply> {
        let refuse = |status, code, text: &str| Err(machine.error(status, code, text));
        if request.method != "GET" {
            return refuse(405, "method_not_allowed", "Only GET is allowed.");
        }
        match machine {
            Machine::AppService if request.header("x-identity-header") != Some(&*self.header) => {
                return refuse(401, "", "The X-IDENTITY-HEADER is missing or wrong.");
            }
            Machine::Imds | Machine::Arc if request.header("metadata") != Some("true") => {
                return refuse(400, "bad_request_102", "Required metadata header not specified");
            }
            _ if request.header("x-forwarded-for").is_some() => {
                return refuse(400, "bad_request_103", "The request came through a proxy.");
            }
            _ => {}
        }
        let query = Form::read(request.query.as_deref().unwrap_or_default());
        if !query.get("api-version").is_some_and(|version| machine.api_versions().contains(&version)) {
            return refuse(400, "bad_request", "The api-version is missing or not supported.");
        }
        let Some(resource) = query.get("resource") else {
            return refuse(400, "invalid_request", "Required parameter resource not specified");
        };
        if machine == Machine::Arc {
            self.keys.check(request.header("authorization"), &self.identities.arc_keys)?;
        }
        let named = machine.id_parameters().iter().find_map(|name| Some((*name, query.get(name)?)));
        let id = self.identity(machine, named.map(|(_, id)| id))?;
        let token = entra.issue(&self.identities.identity_tenant, &id, resource, now);
        let mut body =
            json!({"access_token": token, "client_id": id, "resource": resource, "token_type": "Bearer"});
        if let Some((name, id)) = named {
            body[name] = json!(id);
        }
        let lifetime = entra.registration.token_lifetime.as_secs();
        let form = |seconds: i64| match self.identities.expiry_form {
            ExpiryForm::Text => Value::from(seconds.to_string()),
            ExpiryForm::Number => Value::from(seconds),
        };
        body["expires_on"] = form(now.timestamp().saturating_add_unsigned(lifetime));
        if machine != Machine::AppService {
            body["expires_in"] = form(lifetime.cast_signed());
            body["ext_expires_in"] = form(lifetime.cast_signed());
            body["not_before"] = form(now.timestamp());
        }
        Ok(Reply::new(200).json(&body))
    }

    /// The client id of the identity that a request gets.
    fn identity(&self, machine: Machine, named: Option<&str>) -> Result<String, Reply> {
        let Identities { system_assigned, user_assigned, .. } = &self.identities;
        let not_found = || {
            match machine {
            Machine::AppService => machine.error(
                400,
                "",
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            ),
            Machine::Imds | Machine::Arc => machine.error(400, "invalid_request", "Identity not found"),
        }
        };
        match (named, &user_assigned[..]) {
            (Some(id), []) => Ok(id.to_owned()),
            (Some(id), all) => all.iter().find(|own| own.eq_ignore_ascii_case(id)).cloned().ok_or_else(not_found),
            (None, _) if *system_assigned => Ok("00000000-0000-0000-0000-00000000abcd".to_owned()),
            (None, [only]) => Ok(only.clone()),
            (None, []) => Err(not_found()),
            (None, _) => Err(machine.error(
                400,
                "invalid_request",
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in \
                 the token request",
            )),
        }
    }
}

fn dressed(reply: Reply, now: DateTime<Utc>) -> Reply {
    reply.or_header("Date", &httpdate::fmt_http_date(SystemTime::from(now)))
}
