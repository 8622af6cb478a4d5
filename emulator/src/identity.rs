//! The endpoint for the managed identity of the machine, over plain HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::arc_keys::ArcKeys;
use crate::entra::Entra;
use crate::form::Form;
use crate::machine::Machine;
use crate::record::Recorded;
use crate::reply::Reply;
use crate::token::DEFAULT_TENANT;

/// The client id of the machine's own identity.
const SYSTEM_ASSIGNED: &str = "5f5e0000-0000-4000-8000-000000000001";

/// The identities that the machine has.
///
/// Each field is also an option of the program, with the same name and default.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Managed identities")]
pub struct Identities {
    /// The kind of machine that the variables tell a program of [default: none]
    #[arg(long, value_enum, value_name = "KIND")]
    pub managed_identity: Option<Machine>,
    /// Whether the machine has an identity of its own
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub system_assigned: bool,
    /// The client id, object id or resource id of an identity that is assigned to it [default: any]; repeatable
    #[arg(long, value_name = "ID")]
    pub user_assigned: Vec<String>,
    /// The tenant of the identities
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TENANT)]
    pub identity_tenant: String,
    /// The form of `expires_in` and `expires_on`
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    pub expiry_form: ExpiryForm,
    /// Where the endpoint listens; port 0 for any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub identity_address: SocketAddr,
    /// The folder of Azure Arc's key files
    #[arg(long, value_name = "FOLDER", default_value = ARC_KEYS)]
    pub arc_keys: PathBuf,
}

const ARC_KEYS: &str = "/var/opt/azcmagent/tokens";

impl Default for Identities {
    fn default() -> Self {
        Self {
            managed_identity: None,
            system_assigned: true,
            user_assigned: Vec::new(),
            identity_tenant: DEFAULT_TENANT.to_owned(),
            expiry_form: ExpiryForm::Text,
            identity_address: (Ipv4Addr::LOCALHOST, 0).into(),
            arc_keys: PathBuf::from(ARC_KEYS),
        }
    }
}

/// How a reply gives the end of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExpiryForm {
    /// As text.
    Text,
    /// As a number.
    Number,
}

impl ExpiryForm {
    fn write(self, seconds: i64) -> Value {
        match self {
            Self::Text => seconds.to_string().into(),
            Self::Number => seconds.into(),
        }
    }
}

/// The endpoint.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) identities: Identities,
    /// What App Service's `X-IDENTITY-HEADER` has to be.
    pub(crate) header: String,
    keys: ArcKeys,
}

impl Identity {
    pub(crate) fn new(identities: Identities) -> Self {
        Self { identities, header: uuid::Uuid::new_v4().to_string(), keys: ArcKeys::default() }
    }

    /// Its own answer.
    pub(crate) fn answer(&mut self, request: &Recorded, entra: &mut Entra) -> Reply {
        let reply = match self.machine(request) {
            Some(machine) => self.token(machine, request, entra).unwrap_or_else(|error| error),
            None => Reply::new(404),
        };
        self.scripted(reply, request)
    }

    /// The typical error with this status.
    pub(crate) fn error(&self, status: u16, request: &Recorded) -> Reply {
        let machine = self.machine(request).unwrap_or(Machine::Imds);
        self.scripted(machine.typical_error(status), request)
    }

    /// A scripted reply, with the date.
    pub(crate) fn scripted(&self, reply: Reply, request: &Recorded) -> Reply {
        reply.or_header("Date", &httpdate::fmt_http_date(SystemTime::from(request.time)))
    }

    fn machine(&self, request: &Recorded) -> Option<Machine> {
        Machine::at(&request.path, self.identities.managed_identity)
    }

    /// A reply with a token, or with an error.
    fn token(&mut self, machine: Machine, request: &Recorded, entra: &mut Entra) -> Result<Reply, Reply> {
        self.check_headers(machine, request)?;
        let query = Form::read(request.query.as_deref().unwrap_or_default());
        if !query.get("api-version").is_some_and(|version| machine.api_versions().contains(&version)) {
            return Err(machine.error(400, "bad_request", "The api-version is missing or not supported"));
        }
        let missing =
            || machine.error(400, "invalid_request", "Required query variable 'resource' is missing");
        let resource = query.get("resource").ok_or_else(missing)?;
        if machine == Machine::Arc {
            self.keys.check(request.header("authorization"), &self.identities.arc_keys)?;
        }
        let named = machine.id_parameters().iter().find_map(|name| Some((*name, query.get(name)?)));
        let client = self.client(machine, named.map(|(_, id)| id))?;
        let token = entra.issue(&self.identities.identity_tenant, &client, resource, request.time);
        let time = |seconds| self.identities.expiry_form.write(seconds);
        let mut body = json!({
            "access_token": token.text,
            "client_id": client,
            "expires_on": time(token.until),
            "resource": resource,
            "token_type": "Bearer",
        });
        if machine != Machine::AppService {
            body["expires_in"] = time(token.until - token.from);
            body["ext_expires_in"] = time(token.until - token.from);
            body["not_before"] = time(token.from);
        }
        if let Some((name, id)) = named {
            body[name] = id.into();
        }
        Ok(Reply::new(200).json_utf8(&body))
    }

    fn check_headers(&self, machine: Machine, request: &Recorded) -> Result<(), Reply> {
        if request.method != "GET" {
            return Err(Reply::new(405).header("Allow", "GET"));
        }
        if request.header("x-forwarded-for").is_some() {
            return Err(machine.error(400, "bad_request", "The request came through a proxy"));
        }
        match machine {
            Machine::AppService if request.header("x-identity-header") != Some(&self.header) => {
                Err(machine.error(401, "", "The header X-IDENTITY-HEADER is missing or wrong"))
            }
            Machine::Imds | Machine::Arc if request.header("metadata") != Some("true") => {
                Err(machine.error(400, "bad_request_102", "Required metadata header not specified"))
            }
            _ => Ok(()),
        }
    }

    /// The client id of the identity that a request gets.
    fn client(&self, machine: Machine, named: Option<&str>) -> Result<String, Reply> {
        let Identities { system_assigned, user_assigned, .. } = &self.identities;
        match (named, &user_assigned[..]) {
            (Some(id), []) => Ok(id.to_owned()),
            (Some(id), all) if all.iter().any(|own| own.eq_ignore_ascii_case(id)) => Ok(id.to_owned()),
            (None, _) if *system_assigned => Ok(SYSTEM_ASSIGNED.to_owned()),
            (None, [only]) if machine != Machine::AppService => Ok(only.clone()),
            (None, [_, _, ..]) if machine != Machine::AppService => Err(machine.error(
                400,
                "invalid_request",
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in \
                 the token request",
            )),
            _ => Err(machine.typical_error(400)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        identities: Identities,
    }

    #[test]
    fn the_program_has_the_same_defaults() {
        assert_eq!(Options::parse_from(["emulator"]).identities, Identities::default());
    }
}
