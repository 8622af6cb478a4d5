//! The replies of Graph.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use crate::claims::Claims;
use crate::envelope::{self, Context};
use crate::reply::Reply;
use crate::route::Route;
use crate::tenant::{Settings, wire_time};
use crate::token::Access;

pub(crate) fn unroutable(status: u16, path: &str, context: &Context) -> Reply {
    let segment = path.rsplit('/').next().unwrap_or_default();
    let (code, message) = match status {
        404 => ("NotFound", "There is nothing at this address.".to_owned()),
        _ => ("BadRequest", format!("Resource not found for the segment '{segment}'.")),
    };
    Reply::new(status).json(&envelope::graph(code, &message, context))
}

pub(crate) fn wrong_method(route: Route, context: &Context) -> Reply {
    let error = envelope::graph("Request_BadRequest", "This method is not allowed here.", context);
    Reply::new(405).json(&error).header("Allow", route.method())
}

/// The refusal of a token without the right, before the service looks at the tenant's state.
pub(crate) fn refusal(access: Access, route: Route, context: &Context) -> Option<Reply> {
    match (access, route) {
        (Access::Full, _) | (Access::ReadOnly, Route::Settings) | (Access::TriggerOnly, Route::Sync) => None,
        (Access::Forbidden | Access::ReadOnly | Access::TriggerOnly, _) => Some(forbidden(route, context)),
        (Access::Unlicensed, _) => {
            let error =
                envelope::intune("Unauthorized", "The tenant or the user has no licence for this.", context);
            Some(Reply::new(401).json(&error))
        }
        (Access::Invalid, _) => Some(unauthorized("The access token cannot be read.", context)),
        (Access::Expired, _) => Some(unauthorized("The access token has expired.", context)),
        (Access::Challenged, _) => Some(challenge(context)),
    }
}

/// The refusal of a token that tells itself that it has not the right.
pub(crate) fn refusal_by_claims(
    claims: &Claims,
    host: &str,
    route: Route,
    context: &Context,
) -> Option<Reply> {
    match claims.fault(host, context.time) {
        Some(fault) => Some(unauthorized(fault, context)),
        None => (!claims.permits(route.scopes())).then(|| forbidden(route, context)),
    }
}

fn forbidden(route: Route, context: &Context) -> Reply {
    let scopes = route.scopes().join(", ");
    let text =
        format!("The application lacks the scopes for this operation; one of these is needed: {scopes}");
    Reply::new(403).json(&envelope::intune("Forbidden", &text, context))
}

pub(crate) fn unauthorized(message: &str, context: &Context) -> Reply {
    Reply::new(401)
        .json(&envelope::graph("InvalidAuthenticationToken", message, context))
        .header("WWW-Authenticate", &bearer())
}

fn challenge(context: &Context) -> Reply {
    let claims =
        json!({"access_token": {"nbf": {"essential": true, "value": context.time.timestamp().to_string()}}});
    let message = "Continuous access evaluation asks for a new token.";
    Reply::new(401)
        .json(&envelope::graph("InvalidAuthenticationToken", message, context))
        .header("WWW-Authenticate", &with_claims(&claims.to_string()))
}

fn bearer() -> String {
    "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
     client_id=\"00000003-0000-0000-c000-000000000000\""
        .to_owned()
}

fn with_claims(claims: &str) -> String {
    format!("{}, error=\"insufficient_claims\", claims=\"{}\"", bearer(), BASE64.encode(claims))
}

pub(crate) fn too_soon(retry_after: Option<String>, context: &Context) -> Reply {
    let text = "A sync took place within the last 10 minutes.";
    let reply = Reply::new(429).json(&envelope::intune("TooManyRequests", text, context));
    match retry_after {
        Some(value) => reply.header("Retry-After", &value),
        None => reply,
    }
}

pub(crate) fn typical_error(status: u16, context: &Context) -> Reply {
    let error = match status {
        400 => envelope::intune("BadRequest", "", context),
        401 => return unauthorized("The access token has expired.", context),
        403 => return forbidden(Route::Sync, context),
        409 => envelope::intune("Conflict", "A sync is already in progress.", context),
        429 => envelope::graph("TooManyRequests", "Too many requests.", context),
        500 => envelope::intune("InternalError", "An error has occurred", context),
        503 => envelope::graph("ServiceUnavailable", "The service is not available.", context),
        504 => envelope::graph("GatewayTimeout", "The service behind the gateway did not answer.", context),
        509 => envelope::graph("BandwidthLimitExceeded", "The bandwidth limit is exceeded.", context),
        _ => envelope::graph("UnknownError", "", context),
    };
    Reply::new(status).json(&error)
}

pub(crate) fn settings(settings: &Settings, wrapped: bool, host: &str) -> Reply {
    let context = format!("https://{host}/beta/$metadata#deviceManagement/windowsAutopilotSettings/$entity");
    let body = json!({
        "@odata.context": context,
        "id": settings.id.to_string(),
        "lastSyncDateTime": wire_time(settings.last_sync),
        "lastManualSyncTriggerDateTime": wire_time(settings.last_trigger),
        "syncStatus": settings.status.as_str(),
    });
    let body = if wrapped { json!({ "value": body }) } else { body };
    let kind =
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
    Reply::new(200).header("Content-Type", kind).body(body.to_string())
}

/// Adds the headers that every reply of Graph has; a bare one gets the date only.
pub(crate) fn dressed(reply: Reply, context: &Context) -> Reply {
    let date = httpdate::fmt_http_date(SystemTime::from(context.time));
    if reply.bare {
        return reply.or_header("Date", &date);
    }
    let diagnostic =
        r#"{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1","RoleInstance":"EMULATOR"}}"#;
    reply
        .or_header("Strict-Transport-Security", "max-age=31536000")
        .or_header("request-id", &context.request_id)
        .or_header("client-request-id", &context.client_request_id)
        .or_header("x-ms-ags-diagnostic", diagnostic)
        .or_header("Date", &date)
}

/// A reply that repeats the token wherever a careless client might log it.
pub(crate) fn echo(status: u16, token: &str) -> Reply {
    let claims = json!({"access_token": {"xms_echo": {"value": token}}}).to_string();
    let inner = json!({"_version": 3, "Message": format!("Inner {token} - Activity ID: {token}")});
    let middle = json!({"ErrorCode": token, "Message": inner.to_string()});
    let error = json!({"error": {
        "code": token,
        "message": middle.to_string(),
        "target": token,
        "innerError": {"date": token, "request-id": token, "client-request-id": token},
    }});
    // 204 cannot have a body; the rest is the same for every status.
    let reply =
        if Reply::new(status).may_have_body() { Reply::new(status).json(&error) } else { Reply::new(status) };
    reply
        .reason(&format!("Echo {token}"))
        .header("request-id", token)
        .header("client-request-id", token)
        .header("x-ms-ags-diagnostic", token)
        .header("Authorization", &format!("Bearer {token}"))
        .header("Location", &format!("https://localhost/{token}"))
        .header("Retry-After", token)
        .header("WWW-Authenticate", &format!("{}, echo=\"{token}\"", with_claims(&claims)))
}
