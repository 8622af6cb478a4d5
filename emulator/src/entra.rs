//! Entra ID: discovery, and the token endpoint for applications.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::record::Recorded;
use crate::refusal::{Refusal, Subject};
use crate::registration::Registration;
use crate::reply::Reply;
use crate::token;

/// The hosts of Entra in all clouds.
pub const LOGIN_HOSTS: [&str; 4] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// One cloud of Entra.
#[derive(Debug)]
pub(crate) struct Cloud {
    login: &'static [&'static str],
    /// The hosts of Graph that it issues tokens for.
    graph: &'static [&'static str],
    /// The audience of the assertions of other identity providers.
    pub(crate) exchange: &'static str,
}

const CLOUDS: [Cloud; 3] = [
    Cloud {
        login: &["login.microsoftonline.com"],
        graph: &["graph.microsoft.com"],
        exchange: "api://AzureADTokenExchange",
    },
    Cloud {
        login: &["login.microsoftonline.us"],
        graph: &["graph.microsoft.us", "dod-graph.microsoft.us"],
        exchange: "api://AzureADTokenExchangeUSGov",
    },
    Cloud {
        login: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        graph: &["microsoftgraph.chinacloudapi.cn"],
        exchange: "api://AzureADTokenExchangeChina",
    },
];

impl Cloud {
    /// The cloud with this host of Entra.
    pub(crate) fn at(host: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.login.contains(&host))
    }

    /// Whether it knows a resource: any, except the Graph of another cloud.
    fn knows(&self, resource: &str) -> bool {
        let host = resource.strip_prefix("https://").unwrap_or_default().trim_end_matches('/');
        let is_of = |cloud: &Self| cloud.graph.contains(&host);
        is_of(self) || !CLOUDS.iter().any(is_of)
    }
}

/// Entra, with one application that all its tenants share.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) registration: Registration,
}

/// What replies say about a request.
struct Context<'a> {
    host: &'a str,
    trace: String,
    correlation: String,
    time: DateTime<Utc>,
}

impl<'a> Context<'a> {
    fn new(request: &'a Recorded, now: DateTime<Utc>) -> Self {
        let id = || uuid::Uuid::new_v4().to_string();
        let correlation = request.header("client-request-id").map_or_else(id, str::to_owned);
        Self { host: &request.host, trace: id(), correlation, time: now }
    }

    fn refusal(&self, refusal: &Refusal) -> Reply {
        let error = refusal.json(self.host, &self.trace, &self.correlation, self.time);
        Reply::new(refusal.status).json(&error)
    }
}

impl Entra {
    /// Its own answer.
    pub(crate) fn answer(&self, request: &Recorded, now: DateTime<Utc>) -> Reply {
        let context = Context::new(request, now);
        let segments: Vec<_> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        let reply = match (&*request.method, &segments[..]) {
            ("POST", [tenant, "oauth2", "v2.0", "token"]) => match self.token(tenant, request, now) {
                Ok(token) => Reply::new(200).json(&token),
                Err(refusal) => context.refusal(&refusal),
            },
            (_, [tenant, "oauth2", "v2.0", "token"]) => {
                context.refusal(&Refusal::new(900_561, &subject(tenant, request), now))
            }
            ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
                match self.registration.check_tenant(&subject(tenant, request), now) {
                    Ok(()) => Reply::new(200).json(&configuration(context.host, tenant)),
                    // The same error has another name here.
                    Err(refusal) => context.refusal(&refusal.named("invalid_tenant")),
                }
            }
            ("GET", ["common", "discovery", "instance"]) => Reply::new(200).json(&instances(context.host)),
            _ => Reply::new(404),
        };
        dressed(reply, &context)
    }

    /// The error with this code; with a code up to 999, one with this status.
    pub(crate) fn error(&self, code: u32, request: &Recorded, now: DateTime<Utc>) -> Reply {
        let tenant = request.path.split('/').nth(1).unwrap_or_default();
        let context = Context::new(request, now);
        dressed(context.refusal(&Refusal::new(code, &subject(tenant, request), now)), &context)
    }

    /// A scripted reply, with Entra's usual headers unless it is bare.
    pub(crate) fn scripted(&self, reply: Reply, request: &Recorded, now: DateTime<Utc>) -> Reply {
        dressed(reply, &Context::new(request, now))
    }

    fn token(&self, tenant: &str, request: &Recorded, now: DateTime<Utc>) -> Result<Value, Refusal> {
        let (form, subject) = (request.form(), subject(tenant, request));
        let refuse = |code, value: &str| Refusal::new(code, &subject.with(value), now);
        let field = |name| form.get(name).ok_or_else(|| refuse(900_144, name));
        let grant = field("grant_type")?;
        if grant != "client_credentials" {
            return Err(refuse(70_003, grant));
        }
        let client = field("client_id")?;
        let cloud = Cloud::at(&request.host).unwrap_or(&CLOUDS[0]);
        self.registration.check(&form, &subject, &request.host, cloud, now)?;
        let scope = field("scope")?;
        let resource = scope.strip_suffix("/.default").ok_or_else(|| refuse(1_002_012, scope))?;
        if !cloud.knows(resource) {
            return Err(refuse(500_011, resource));
        }
        let seconds = self.registration.token_lifetime.as_secs();
        let mut reply = json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self.issue(tenant, client, resource, now),
        });
        if seconds > 2 * 3600 {
            // Tokens that live long are to be renewed half-way.
            reply["refresh_in"] = json!(seconds / 2);
        }
        Ok(reply)
    }

    /// A new token of an application.
    pub(crate) fn issue(&self, tenant: &str, client: &str, resource: &str, now: DateTime<Utc>) -> String {
        let Registration { token_roles, token_lifetime, .. } = &self.registration;
        let seconds = now.timestamp();
        token::jwt(&json!({
            "aud": resource,
            "iss": format!("https://sts.windows.net/{tenant}/"),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds.saturating_add_unsigned(token_lifetime.as_secs()),
            "appid": client,
            "idtyp": "app",
            "roles": token_roles,
            "tid": tenant,
            "uti": uuid::Uuid::new_v4().to_string(),
            "ver": "1.0",
        }))
    }
}

fn subject(tenant: &str, request: &Recorded) -> Subject {
    let client = request.form().get("client_id").unwrap_or_default().to_owned();
    Subject { tenant: tenant.to_owned(), client, value: String::new() }
}

fn configuration(host: &str, tenant: &str) -> Value {
    let at = format!("https://{host}/{tenant}");
    json!({
        "token_endpoint": format!("{at}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{at}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{at}/v2.0"),
        "authorization_endpoint": format!("{at}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{at}/oauth2/v2.0/devicecode"),
    })
}

fn instances(host: &str) -> Value {
    let metadata = CLOUDS.map(|cloud| {
        json!({"preferred_network": cloud.login[0], "preferred_cache": cloud.login[0], "aliases": cloud.login})
    });
    json!({
        "tenant_discovery_endpoint": format!("https://{host}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": metadata,
    })
}

/// Adds the headers that every reply of Entra has; a bare one gets the date only.
fn dressed(reply: Reply, context: &Context) -> Reply {
    let date = httpdate::fmt_http_date(SystemTime::from(context.time));
    if reply.bare {
        return reply.or_header("Date", &date);
    }
    reply
        .or_header("Cache-Control", "no-store, no-cache")
        .or_header("Pragma", "no-cache")
        .or_header("Expires", "-1")
        .or_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        .or_header("X-Content-Type-Options", "nosniff")
        .or_header("client-request-id", &context.correlation)
        .or_header("x-ms-request-id", &context.trace)
        .or_header("x-ms-ests-server", "2.1.0.0 - EMULATOR ProdSlices")
        .or_header("Date", &date)
}
