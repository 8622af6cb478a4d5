//! What the service answers to a request.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::behaviour::Behaviour;
use crate::claims::Claims;
use crate::cloud::CLOUD_HOSTS;
use crate::envelope::Context;
use crate::graph_reply::{
    dressed, refusal, refusal_by_claims, settings, too_soon, typical_error, unauthorized, unroutable,
    wrong_method,
};
use crate::record::Recorded;
use crate::reply::Reply;
use crate::route::{Route, route};
use crate::tenant::{Answer, Tenant, retry_after};
use crate::time::after;
use crate::token::{Access, DEFAULT_TENANT, Token};

/// The parts of a request that the service looks at.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) client_request_id: Option<String>,
    pub(crate) body: Body,
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Nothing,
    /// `{}`, as some clients post it.
    EmptyObject,
    Other,
    /// Anything, or nothing, with `Transfer-Encoding`.
    Chunked,
}

/// The service without its sockets: tokens, and the tenants that they belong to. Every time is an argument.
#[derive(Debug)]
pub struct Service {
    start: DateTime<Utc>,
    behaviour: Behaviour,
    tenants: BTreeMap<String, Tenant>,
    tokens: BTreeMap<String, Known>,
    others: Access,
    /// Entra's tokens up to this number are revoked.
    revoked: u64,
}

#[derive(Debug)]
struct Known {
    token: Token,
    since: DateTime<Utc>,
    used: u32,
}

impl Service {
    /// A service. `behaviour` is for tenants that are not declared, `others` for tokens that are not declared.
    pub fn new(behaviour: Behaviour, others: Access, start: DateTime<Utc>) -> Self {
        Self { start, behaviour, tenants: BTreeMap::new(), tokens: BTreeMap::new(), others, revoked: 0 }
    }

    /// The tenant with this name. If it is not declared, this makes it.
    pub(crate) fn tenant(&mut self, name: &str) -> &mut Tenant {
        let fresh = || Tenant::new(self.behaviour.clone(), self.start);
        self.tenants.entry(name.to_owned()).or_insert_with(fresh)
    }

    /// Declares a tenant, or resets it.
    pub(crate) fn set_tenant(&mut self, name: &str, behaviour: Behaviour, now: DateTime<Utc>) {
        self.tenants.insert(name.to_owned(), Tenant::new(behaviour, now));
    }

    /// Declares a token, or changes it.
    pub(crate) fn set_token(&mut self, text: &str, token: Token, now: DateTime<Utc>) {
        self.tokens.insert(text.to_owned(), Known { token, since: now, used: 0 });
    }

    /// Changes what tokens may do that are not declared.
    pub(crate) fn set_others(&mut self, access: Access) {
        self.others = access;
    }

    /// Asks for other tokens than the first ones that Entra has issued, up to this number.
    pub(crate) fn revoke(&mut self, until: u64) {
        self.revoked = until;
    }

    /// The reply to a request with this token.
    pub fn request(&mut self, method: &str, path: &str, token: &str, now: DateTime<Utc>) -> Reply {
        let question = Question {
            method: method.to_owned(),
            host: CLOUD_HOSTS[0].to_owned(),
            path: path.to_owned(),
            token: Some(token.to_owned()),
            client_request_id: None,
            body: Body::Nothing,
        };
        self.answer(&question, now)
    }

    /// The service's own reply, with Graph's usual headers.
    pub(crate) fn answer(&mut self, question: &Question, now: DateTime<Utc>) -> Reply {
        let context = self.context(question, now);
        let reply = self.reply(question, &context, now);
        dressed(reply, &context)
    }

    /// A scripted reply, with Graph's usual headers unless it is bare.
    pub(crate) fn scripted(&mut self, reply: Reply, question: &Question, now: DateTime<Utc>) -> Reply {
        dressed(reply, &self.context(question, now))
    }

    /// The typical error with this status.
    pub(crate) fn error(&mut self, status: u16, question: &Question, now: DateTime<Utc>) -> Reply {
        let context = self.context(question, now);
        dressed(typical_error(status, &context), &context)
    }

    fn reply(&mut self, question: &Question, context: &Context, now: DateTime<Utc>) -> Reply {
        let route = match route(&question.path) {
            Ok(route) if question.method == route.method() => route,
            Ok(route) => return wrong_method(route, context),
            Err(status) => return unroutable(status, &question.path, context),
        };
        if route == Route::Sync && question.body == Body::Chunked {
            return Reply::new(400).bare();
        }
        let (access, tenant) = match question.token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => (self.access(token, now), self.tenant_of(token)),
            None => return unauthorized("The request has no access token.", context),
        };
        let claims = self.claims(question);
        let tenant = self.tenant(&tenant);
        if route == Route::Sync && question.body == Body::Other && !tenant.behaviour().any_body {
            return Reply::new(400).bare();
        }
        if tenant.is_throttled() {
            return typical_error(429, context);
        }
        let by_claims =
            || claims.and_then(|claims| refusal_by_claims(&claims, &question.host, route, context));
        if let Some(refusal) = refusal(access, route, context).or_else(by_claims) {
            return refusal;
        }
        match route {
            Route::Settings => {
                if let Some(status) = tenant.failing_reading(now) {
                    return typical_error(status, context);
                }
                settings(&tenant.read(now), tenant.behaviour().wrapped_settings, &question.host)
            }
            Route::Sync => {
                let answer = tenant.post(now);
                let form = &tenant.behaviour().retry_after;
                match answer {
                    Answer::Accepted => Reply::new(204),
                    Answer::Running => typical_error(409, context),
                    Answer::TooSoon { until } => too_soon(retry_after(form, now, until), context),
                }
            }
        }
    }

    /// The name of a token's tenant. One that is not declared may be a JWT and name it.
    pub(crate) fn tenant_of(&self, token: &str) -> String {
        let claims = Claims::read(token);
        let known = self.tokens.get(token).map(|known| &*known.token.tenant);
        let named = || claims.as_ref().and_then(|claims| claims.text("tid"));
        known.or_else(named).unwrap_or(DEFAULT_TENANT).to_owned()
    }

    /// What a token may do now. Counts the use.
    fn access(&mut self, text: &str, now: DateTime<Utc>) -> Access {
        let Some(known) = self.tokens.get_mut(text) else {
            return if self.has_revoked(text) { Access::Challenged } else { self.others };
        };
        let used_up = known.token.requests.is_some_and(|requests| known.used >= requests);
        let too_old = known.token.lifetime.is_some_and(|lifetime| now >= after(known.since, lifetime));
        known.used = known.used.saturating_add(1);
        if used_up || too_old { Access::Expired } else { known.token.access }
    }

    fn has_revoked(&self, text: &str) -> bool {
        let claims = Claims::read(text);
        let number = claims.as_ref().and_then(|claims| claims.text("uti")?.parse().ok());
        number.is_some_and(|number| (1..=self.revoked).contains(&number))
    }

    /// The claims of a token that is not declared.
    fn claims(&self, question: &Question) -> Option<Claims> {
        let token = question.token.as_deref().filter(|token| !self.tokens.contains_key(*token))?;
        Claims::read(token)
    }

    fn context(&mut self, question: &Question, now: DateTime<Utc>) -> Context {
        let name = self.tenant_of(question.token.as_deref().unwrap_or_default());
        let behaviour = self.tenant(&name).behaviour();
        Context {
            request_id: uuid::Uuid::new_v4().to_string(),
            client_request_id: question
                .client_request_id
                .clone()
                .unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            time: now,
            path: question.path.clone(),
            form: behaviour.error_form,
            lowercase_inner_error: behaviour.lowercase_inner_error,
        }
    }
}

/// What the service looks at in a request.
pub(crate) fn question(request: &Recorded) -> Question {
    let header = |name: &str| request.header(name);
    Question {
        method: request.method.clone(),
        host: request.host.clone(),
        path: request.path.clone(),
        token: request.token.clone(),
        client_request_id: header("client-request-id").map(str::to_owned),
        body: match request.body.as_slice() {
            _ if header("transfer-encoding").is_some() => Body::Chunked,
            [] => Body::Nothing,
            text if is_empty_object(text) => Body::EmptyObject,
            _ => Body::Other,
        },
    }
}

/// `{}`, however it is spaced.
fn is_empty_object(text: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Map<_, _>>(text).is_ok_and(|fields| fields.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Past, RetryAfter};
    use crate::graph_reply::echo;
    use crate::route::{READ_SCOPES, SETTINGS_PATH, SYNC_PATH};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use serde_json::json;

    fn question(method: &str, path: &str, token: Option<&str>) -> Question {
        Question {
            method: method.to_owned(),
            host: "graph.microsoft.com".to_owned(),
            path: path.to_owned(),
            token: token.map(str::to_owned),
            client_request_id: Some("11111111-2222-4333-8444-555555555555".to_owned()),
            body: Body::Nothing,
        }
    }

    fn service(behaviour: Behaviour) -> (Service, DateTime<Utc>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("valid");
        (Service::new(behaviour, Access::Full, now), now)
    }

    fn body(reply: &Reply) -> serde_json::Value {
        serde_json::from_slice(&reply.body).expect("JSON")
    }

    #[test]
    fn routes() {
        let (mut service, now) = service(Behaviour::default());
        let mut status = |method, path| service.answer(&question(method, path, Some("t")), now).status;
        assert_eq!(status("GET", SETTINGS_PATH), 200);
        assert_eq!(status("POST", SYNC_PATH), 204);
        assert_eq!(status("GET", SYNC_PATH), 405);
        assert_eq!(status("PATCH", SETTINGS_PATH), 405);
        assert_eq!(status("POST", "/v1.0/deviceManagement/windowsAutopilotSettings/sync"), 400);
        assert_eq!(status("GET", "/beta/me"), 400);
        assert_eq!(status("GET", "/"), 404);
    }

    #[test]
    fn which_methods_a_path_has() {
        let (mut service, now) = service(Behaviour::default());
        for (method, path, allowed) in
            [("PATCH", "/beta//DeviceManagement/windowsAutopilotSettings", "GET"), ("GET", SYNC_PATH, "POST")]
        {
            let reply = service.answer(&question(method, path, Some("t")), now);
            assert_eq!((reply.status, reply.get("Allow")), (405, Some(allowed)));
        }
    }

    #[test]
    fn the_rights_of_tokens() {
        let (mut service, now) =
            service(Behaviour { window: std::time::Duration::ZERO, ..Behaviour::default() });
        let table = [
            (Access::Full, 200, 204),
            (Access::ReadOnly, 200, 403),
            (Access::TriggerOnly, 403, 204),
            (Access::Forbidden, 403, 403),
            (Access::Unlicensed, 401, 401),
            (Access::Invalid, 401, 401),
            (Access::Expired, 401, 401),
            (Access::Challenged, 401, 401),
        ];
        for (access, get, post) in table {
            let name = format!("{access:?}");
            service.set_token(&name, Token::new(access).of(&name), now);
            let mut status = |method, path| service.answer(&question(method, path, Some(&name)), now).status;
            assert_eq!((status("GET", SETTINGS_PATH), status("POST", SYNC_PATH)), (get, post), "{name}");
        }
        assert_eq!(service.answer(&question("GET", SETTINGS_PATH, None), now).status, 401);
        service.set_others(Access::Forbidden);
        assert_eq!(service.answer(&question("GET", SETTINGS_PATH, Some("other")), now).status, 403);
    }

    #[test]
    fn the_claims_of_a_token_that_is_not_declared_count() {
        let (mut service, now) = service(Behaviour::default());
        let jwt = |claims: serde_json::Value| {
            format!(
                "e30.{}.c2ln",
                base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string())
            )
        };
        let [read, write] = READ_SCOPES;
        for (claims, get, post) in [
            (json!({"scp": "openid"}), 403, 403),
            (json!({"scp": read}), 200, 403),
            (json!({"roles": [write], "aud": "https://graph.microsoft.com"}), 200, 204),
            (json!({"roles": [write], "aud": "https://management.azure.com"}), 401, 401),
            (json!({"roles": [write], "exp": now.timestamp()}), 401, 401),
        ] {
            let token = jwt(claims.clone());
            let mut status = |method, path| service.answer(&question(method, path, Some(&token)), now).status;
            assert_eq!((status("GET", SETTINGS_PATH), status("POST", SYNC_PATH)), (get, post), "{claims}");
        }
        let declared = jwt(json!({"scp": "openid"}));
        service.set_token(&declared, Token::new(Access::Full), now);
        assert_eq!(service.answer(&question("GET", SETTINGS_PATH, Some(&declared)), now).status, 200);
        service.set_others(Access::Challenged);
        let reply = service.answer(&question("GET", SETTINGS_PATH, Some(&jwt(json!({})))), now);
        assert!(reply.get("WWW-Authenticate").is_some_and(|value| value.contains("claims")));
    }

    #[test]
    fn three_kinds_of_401() {
        let (mut service, now) = service(Behaviour::default());
        let mut reply = |access| {
            service.set_others(access);
            service.answer(&question("POST", SYNC_PATH, Some("t")), now)
        };
        let plain = reply(Access::Expired);
        assert!(plain.get("WWW-Authenticate").is_some_and(|value| value.contains("authorization_uri")));
        assert_eq!(body(&plain)["error"]["code"], "InvalidAuthenticationToken");
        let challenged = reply(Access::Challenged);
        let header = challenged.get("WWW-Authenticate").expect("present");
        let claims =
            header.split("claims=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("claims");
        assert!(String::from_utf8(BASE64.decode(claims).expect("base64")).expect("text").contains("nbf"));
        assert!(header.contains("error=\"insufficient_claims\""));
        let unlicensed = reply(Access::Unlicensed);
        assert_eq!(unlicensed.get("WWW-Authenticate"), None);
        assert!(body(&unlicensed)["error"]["message"].as_str().is_some_and(|text| text.contains("_version")));
    }

    #[test]
    fn tokens_expire_by_requests_and_by_time() {
        let (mut service, now) = service(Behaviour::default());
        let get = question("GET", SETTINGS_PATH, Some("t"));
        service.set_token("t", Token::default().for_requests(1), now);
        assert_eq!(service.answer(&get, now).status, 200);
        assert_eq!(service.answer(&get, now).status, 401);
        service.set_token("t", Token::default().for_time(std::time::Duration::from_secs(60)), now);
        assert_eq!(service.answer(&get, now + chrono::TimeDelta::seconds(59)).status, 200);
        assert_eq!(service.answer(&get, now + chrono::TimeDelta::seconds(60)).status, 401);
    }

    #[test]
    fn tenants_have_their_own_state() {
        let (mut service, now) = service(Behaviour::default());
        service.set_token("b", Token::default().of("b"), now);
        let mut post = |token| service.answer(&question("POST", SYNC_PATH, Some(token)), now).status;
        assert_eq!((post("a"), post("a"), post("b"), post("c")), (204, 409, 204, 409));
    }

    #[test]
    fn which_bodies_a_trigger_may_have() {
        for (any_body, body, status) in [
            (false, Body::Nothing, 204),
            (false, Body::EmptyObject, 204),
            (false, Body::Other, 400),
            (true, Body::Other, 204),
            (true, Body::Chunked, 400),
        ] {
            let (mut service, now) = service(Behaviour { any_body, ..Behaviour::default() });
            let reply = service.answer(&Question { body, ..question("POST", SYNC_PATH, Some("t")) }, now);
            let is_bare = reply.body.is_empty() && reply.get("request-id").is_none();
            assert_eq!((reply.status, is_bare), (status, status == 400), "{any_body} {body:?}");
        }
    }

    #[test]
    fn throttling_knows_no_window_and_no_envelope_of_intune() {
        let (mut service, now) = service(Behaviour { throttled_requests: 1, ..Behaviour::default() });
        let reply = service.answer(&question("POST", SYNC_PATH, Some("t")), now);
        assert_eq!(
            (reply.status, body(&reply)["error"]["message"].as_str()),
            (429, Some("Too many requests."))
        );
        assert_eq!(service.answer(&question("POST", SYNC_PATH, Some("t")), now).status, 204);
    }

    #[test]
    fn readings_may_fail_for_a_while() {
        let failing_readings =
            vec!["5s..60s".parse().expect("a span"), "60s..61s:503".parse().expect("a span")];
        let (mut service, start) = service(Behaviour { failing_readings, ..Behaviour::default() });
        let mut status = |method, path, seconds| {
            let now = start + chrono::TimeDelta::seconds(seconds);
            service.answer(&question(method, path, Some("t")), now).status
        };
        assert_eq!(
            [4, 5, 59, 60, 61].map(|time| status("GET", SETTINGS_PATH, time)),
            [200, 500, 500, 503, 200]
        );
        assert_eq!(status("POST", SYNC_PATH, 30), 204);
    }

    #[test]
    fn too_soon_carries_the_retry_after_that_was_chosen() {
        let behaviour = Behaviour {
            retry_after: RetryAfter::Seconds,
            last_sync: Past::Ago(Default::default()),
            ..Behaviour::default()
        };
        let (mut service, now) = service(behaviour);
        let later = now + chrono::TimeDelta::milliseconds(1);
        let reply = service.answer(&question("POST", SYNC_PATH, Some("t")), later);
        assert_eq!((reply.status, reply.get("Retry-After")), (429, Some("600")));
        let activity = "Activity ID: 11111111-2222-4333-8444-555555555555 - Url";
        assert!(String::from_utf8(reply.body.clone()).expect("text").contains(activity));
        assert_eq!(reply.get("client-request-id"), Some("11111111-2222-4333-8444-555555555555"));
        assert_eq!(reply.get("Date"), Some(httpdate::fmt_http_date(later.into()).as_str()));
    }

    #[test]
    fn settings_are_as_on_the_wire() {
        let behaviour = Behaviour { last_trigger: Past::Never, ..Behaviour::default() };
        let (mut service, now) = service(behaviour);
        let get = question("GET", SETTINGS_PATH, Some("t"));
        let bare = body(&service.answer(&get, now));
        assert_eq!(bare["lastManualSyncTriggerDateTime"], "0001-01-01T00:00:00Z");
        assert_eq!(bare["lastSyncDateTime"], "2027-01-14T08:00:00.0000000Z");
        assert_eq!(bare["syncStatus"], "completed");
        service.tenant(DEFAULT_TENANT).behaviour_mut().wrapped_settings = true;
        assert_eq!(body(&service.answer(&get, now))["value"]["id"], bare["id"]);
    }

    #[test]
    fn an_echo_has_the_token_everywhere() {
        let reply = echo(401, "secret");
        assert!(reply.headers.iter().filter(|(_, value)| value.contains("secret")).count() >= 6);
        assert!(String::from_utf8(reply.body).expect("text").matches("secret").count() >= 6);
        assert!(echo(204, "secret").body.is_empty());
    }
}
