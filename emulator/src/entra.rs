//! Entra ID: discovery, and the token endpoint for applications.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::cloud::{CLOUDS, Cloud};
use crate::record::Recorded;
use crate::refusal::Refusal;
use crate::registration::Registration;
use crate::reply::Reply;
use crate::tenant_request::TenantRequest;
use crate::token;

/// Tokens that live longer than this many seconds are to be renewed half-way.
const LONG: i64 = 7200;

/// A token that Entra issues, and the seconds since 1970 between which it is valid.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) text: String,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// Entra, with one application that all its tenants share.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) registration: Registration,
    issued: u64,
}

impl Entra {
    pub(crate) fn new(registration: Registration) -> Self {
        Self { registration, issued: 0 }
    }

    /// How many tokens it has issued. The claim `uti` of each is its number.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// Its own answer.
    pub(crate) fn answer(&mut self, request: &Recorded) -> Reply {
        let asked = TenantRequest::new(request);
        let segments: Vec<_> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        let answer = match (&*request.method, &segments[..]) {
            ("POST", [_, "oauth2", "v2.0", "token"]) => self.token(&asked),
            (_, [_, "oauth2", "v2.0", "token"]) => Err(asked.refusal(900_561, "")),
            ("GET", [_, "v2.0", ".well-known", "openid-configuration"]) => {
                let check = self.registration.check_tenant(&asked);
                check.map(|()| configuration(&asked)).map_err(|refusal| refusal.named("invalid_tenant"))
            }
            ("GET", ["common", "discovery", "instance"]) => Ok(instances(&asked)),
            _ => return self.scripted(Reply::new(404), request),
        };
        match answer {
            Ok(value) => self.scripted(Reply::new(200).json_utf8(&value), request),
            Err(refusal) => refused(&refusal, &asked, request),
        }
    }

    /// The error with this code; with a code up to 999, one with this status.
    pub(crate) fn error(&self, code: u32, request: &Recorded) -> Reply {
        let asked = TenantRequest::new(request);
        refused(&asked.refusal(code, ""), &asked, request)
    }

    /// A scripted reply, with Entra's usual headers unless it is bare.
    pub(crate) fn scripted(&self, reply: Reply, request: &Recorded) -> Reply {
        dressed(reply, &new_id(), &correlation(request), request.time)
    }

    fn token(&mut self, asked: &TenantRequest) -> Result<Value, Refusal> {
        if let Some(code) = self.registration.token_error {
            return Err(asked.refusal(code, ""));
        }
        let grant = asked.field("grant_type")?;
        if grant != "client_credentials" {
            return Err(asked.refusal(70_003, grant));
        }
        self.registration.check(asked)?;
        let scope = asked.field("scope")?;
        let resource = scope.strip_suffix("/.default").ok_or_else(|| asked.refusal(1_002_012, scope))?;
        if !Cloud::at(asked.host).knows(resource) {
            return Err(asked.refusal(500_011, resource));
        }
        let token = self.issue(asked.tenant, asked.client(), resource, asked.time);
        let seconds = token.until - token.from;
        let mut reply = json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token.text,
        });
        if seconds > LONG {
            reply["refresh_in"] = json!(seconds / 2);
        }
        Ok(reply)
    }

    /// A new token of an application.
    pub(crate) fn issue(&mut self, tenant: &str, client: &str, resource: &str, now: DateTime<Utc>) -> Issued {
        self.issued += 1;
        let Registration { token_roles, token_lifetime, .. } = &self.registration;
        let from = now.timestamp();
        let until = from.saturating_add_unsigned(token_lifetime.as_secs());
        let text = token::jwt(&json!({
            "aud": resource,
            "iss": format!("https://sts.windows.net/{tenant}/"),
            "iat": from,
            "nbf": from,
            "exp": until,
            "appid": client,
            "idtyp": "app",
            "roles": token_roles.iter().filter(|role| !role.is_empty()).collect::<Vec<_>>(),
            "tid": tenant,
            "uti": self.issued.to_string(),
            "ver": "1.0",
        }));
        Issued { text, from, until }
    }
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The caller's id of the request.
fn correlation(request: &Recorded) -> String {
    request.header("client-request-id").map_or_else(new_id, str::to_owned)
}

fn refused(refusal: &Refusal, asked: &TenantRequest, request: &Recorded) -> Reply {
    let (trace, correlation) = (new_id(), correlation(request));
    let error = refusal.json(asked, &trace, &correlation);
    dressed(Reply::new(refusal.status).json_utf8(&error), &trace, &correlation, request.time)
}

fn configuration(asked: &TenantRequest) -> Value {
    let at = format!("https://{}/{}", asked.host, asked.tenant);
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

fn instances(asked: &TenantRequest) -> Value {
    let metadata = CLOUDS.map(|cloud| {
        json!({"preferred_network": cloud.login[0], "preferred_cache": cloud.login[0], "aliases": cloud.login})
    });
    json!({
        "tenant_discovery_endpoint": format!("https://{}/common/v2.0/.well-known/openid-configuration", asked.host),
        "api-version": "1.1",
        "metadata": metadata,
    })
}

/// Adds the headers that every reply of Entra has; a bare one gets the date only.
fn dressed(reply: Reply, trace: &str, correlation: &str, now: DateTime<Utc>) -> Reply {
    let date = httpdate::fmt_http_date(SystemTime::from(now));
    if reply.bare {
        return reply.or_header("Date", &date);
    }
    reply
        .or_header("Cache-Control", "no-store, no-cache")
        .or_header("Pragma", "no-cache")
        .or_header("Expires", "-1")
        .or_header("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        .or_header("X-Content-Type-Options", "nosniff")
        .or_header("client-request-id", correlation)
        .or_header("x-ms-request-id", trace)
        .or_header("x-ms-ests-server", "2.1.0.0 - EMULATOR ProdSlices")
        .or_header("Date", &date)
}
