//! What is wrong with a token that the service refused, as far as its claims tell. Nothing is decided by it.

use std::time::Duration;

use crate::config::Cloud;
use crate::outcome::Operation;
use crate::text::{Claims, Time};

const READ: &str = "DeviceManagementServiceConfig.Read.All";
const READ_WRITE: &str = "DeviceManagementServiceConfig.ReadWrite.All";

/// The ids of two applications of Microsoft's, the same in every cloud and tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// How many permissions are named.
const NAMED: usize = 3;

/// The longest name of a host or a permission that is shown, in bytes.
const LONGEST_NAME: usize = 100;

/// What the service refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The token: a 401 of Graph's.
    Token,
    /// The tenant or its user, though Graph accepted the token: a 401 of Intune's.
    Tenant,
    /// The operation: 403.
    Operation(Operation),
}

/// One line for people. `cloud` is None if the caller gave the root of another service. Names scopes, roles, the
/// audience and times, but no id.
pub(super) fn hint(
    refused: Refused,
    cloud: Option<Cloud>,
    now: Time,
    claims: Option<&Claims<'_>>,
) -> Option<String> {
    match (refused, claims) {
        (Refused::Token, Some(claims)) => {
            let of_cloud = |cloud| of_audience(cloud, claims).or_else(|| of_issuer(cloud, claims));
            cloud.and_then(of_cloud).or_else(|| of_time(now, claims))
        }
        (Refused::Token, None) => None,
        (Refused::Tenant, claims) => Some(of_tenant(claims).to_owned()),
        (Refused::Operation(operation), claims) => of_operation(operation, claims?),
    }
}

/// A token for another service, or for another cloud's.
fn of_audience(cloud: Cloud, claims: &Claims<'_>) -> Option<String> {
    let audience = claims.audience.filter(|audience| *audience != GRAPH)?;
    let host = host(audience).filter(|host| is_name(host));
    let is_of = |cloud: &Cloud| host.is_some_and(|host| host.eq_ignore_ascii_case(cloud.host()));
    let root = cloud.root();
    match Cloud::ALL.iter().find(|cloud| is_of(cloud)) {
        Some(own) if *own == cloud => None,
        Some(other) => Some(format!("the token is for another cloud, {}, not {root}", other.root())),
        None => {
            let other =
                host.map_or_else(|| "another application".to_owned(), |host| format!("https://{host}"));
            Some(format!(
                "the token is for {other}, not Microsoft Graph: request one with the scope {root}/.default"
            ))
        }
    }
}

/// A token from another cloud.
fn of_issuer(cloud: Cloud, claims: &Claims<'_>) -> Option<String> {
    let issuer = host(claims.issuer?)?;
    let root = cloud.root();
    (!issues_for(issuer, cloud))
        .then(|| format!("the token comes from another cloud, not from that of {root}"))
}

/// Whether Entra ID issues tokens for a cloud under this host. True for an unknown one.
fn issues_for(issuer: &str, cloud: Cloud) -> bool {
    match &*issuer.to_ascii_lowercase() {
        "sts.chinacloudapi.cn" | "login.chinacloudapi.cn" | "login.partner.microsoftonline.cn" => {
            cloud == Cloud::China
        }
        "login.microsoftonline.us" => matches!(cloud, Cloud::UsGovernment | Cloud::UsGovernmentDod),
        // The US Government clouds have this one too.
        "sts.windows.net" => cloud != Cloud::China,
        "login.microsoftonline.com" => cloud == Cloud::Global,
        _ => true,
    }
}

fn of_time(now: Time, claims: &Claims<'_>) -> Option<String> {
    let expired = claims.expires.filter(|expires| expires.compare(now).is_le());
    let early = claims.not_before.filter(|begin| begin.compare(now).is_gt());
    match (expired, early) {
        (Some(expires), _) => Some(format!("the token expired {} ago", roughly(now.duration_since(expires)))),
        (None, Some(begin)) => {
            Some(format!("the token is not valid yet, but in {}", roughly(begin.duration_since(now))))
        }
        (None, None) => None,
    }
}

fn of_tenant(claims: Option<&Claims<'_>>) -> &'static str {
    match claims {
        Some(Claims { is_delegated: false, .. }) => {
            "the token itself is accepted, so the tenant lacks an active Intune licence"
        }
        _ => {
            "the token itself is accepted, so the tenant or the user lacks an Intune licence, or the user lacks a role \
             in Intune"
        }
    }
}

fn of_operation(operation: Operation, claims: &Claims<'_>) -> Option<String> {
    let (sufficient, needed): (&[&str], &str) = match operation {
        Operation::ReadSettings => (&[READ, READ_WRITE], READ),
        Operation::TriggerSync => (&[READ_WRITE], READ_WRITE),
    };
    let kind = if claims.is_delegated { "scope" } else { "role" };
    match claims.permissions.iter().find(|name| sufficient.contains(name)) {
        Some(_) if !claims.is_delegated => None,
        Some(name) => {
            Some(format!("the token has the scope {name}, so its user probably lacks a role in Intune"))
        }
        None => {
            let others = in_words(&claims.permissions);
            Some(format!("the token lacks the {kind} {needed}, and has {others}{}", because(claims)))
        }
    }
}

/// Why a token often lacks a permission.
fn because(claims: &Claims<'_>) -> &'static str {
    if claims.is_managed_identity {
        "; a managed identity's token can be a day old, and a role that was granted since is not in it"
    } else if claims.is_delegated && claims.application == Some(AZURE_CLI) {
        "; no user gets it from the Azure CLI: sign in to that as an application"
    } else {
        ""
    }
}

/// Names a few permissions, first those of the same kind as the needed one, and counts the others.
fn in_words(permissions: &[&str]) -> String {
    // No id has a hyphen here, because no permission of Intune's has one.
    let is_shown = |name: &&&str| is_name(name) && !name.contains('-');
    let (of_intune, others): (Vec<&str>, Vec<&str>) =
        permissions.iter().filter(is_shown).partition(|name| name.starts_with("DeviceManagement"));
    let named: Vec<&str> = of_intune.into_iter().chain(others).take(NAMED).collect();
    match (named.join(", "), permissions.len() - named.len()) {
        (_, 0) if named.is_empty() => "no other".to_owned(),
        (names, 0) => format!("only {names}"),
        (_, count) if named.is_empty() => format!("only {count} others"),
        (names, count) => format!("only {names} and {count} {}", if count == 1 { "other" } else { "others" }),
    }
}

/// The host of an https URL.
fn host(url: &str) -> Option<&str> {
    let scheme = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"))?;
    url[scheme.len()..].split(['/', ':', '?', '#']).next()
}

/// Whether a text can be shown as the name of a host or a permission: it is short and no GUID.
fn is_name(text: &str) -> bool {
    let is_id =
        |part: &str| part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    text.len() <= LONGEST_NAME && text.bytes().all(fits) && !text.split('.').any(is_id)
}

/// A duration in its largest unit, such as `12 minutes`.
fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Payload, Token};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    const NOW: i64 = 1_767_323_045;

    fn hint_of(refused: Refused, cloud: Option<Cloud>, claims: &Value) -> Option<String> {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let payload = Payload::of(Token::new(&token).unwrap()).unwrap();
        let claims = Claims::read(&payload).unwrap();
        hint(refused, cloud, Time::from_seconds(NOW), Some(&claims))
    }

    #[test]
    fn a_refused_token_is_for_another_service_or_cloud_or_out_of_time() {
        use Cloud::*;
        let other = |named: &str, root: &str| {
            format!(
                "the token is for {named}, not Microsoft Graph: request one with the scope {root}/.default"
            )
        };
        let global = "https://graph.microsoft.com";
        let (arm, unnamed) =
            (other("https://management.azure.com", global), other("another application", global));
        let foreign =
            |root: &str| Some(format!("the token comes from another cloud, not from that of {root}"));
        let tenant = "11111111-2222-3333-4444-555555555555";
        let told = |words: &str| Some(words.to_owned());
        for (cloud, claims, expected) in [
            (Global, json!({"aud": GRAPH}), None),
            (Global, json!({"aud": global}), None),
            (Global, json!({"aud": "https://Graph.Microsoft.com/"}), None),
            (China, json!({"aud": "https://microsoftgraph.chinacloudapi.cn"}), None),
            (Global, json!({}), None),
            (Global, json!({"aud": ["https://management.azure.com"]}), None),
            (Global, json!({"aud": "https://management.azure.com"}), Some(arm.clone())),
            (Global, json!({"aud": "https://management.azure.com/", "exp": NOW - 60}), Some(arm)),
            (
                UsGovernment,
                json!({"aud": "https://vault.usgovcloudapi.net"}),
                Some(other("https://vault.usgovcloudapi.net", "https://graph.microsoft.us")),
            ),
            (Global, json!({"aud": tenant}), Some(unnamed.clone())),
            (Global, json!({"aud": format!("api://{tenant}")}), Some(unnamed.clone())),
            (Global, json!({"aud": format!("https://{tenant}.example")}), Some(unnamed.clone())),
            (Global, json!({"aud": format!("https://{}", "x".repeat(101))}), Some(unnamed.clone())),
            (Global, json!({"aud": "https://\u{202e}"}), Some(unnamed)),
            (
                Global,
                json!({"aud": "https://graph.microsoft.us"}),
                told(
                    "the token is for another cloud, https://graph.microsoft.us, not https://graph.microsoft.com",
                ),
            ),
            (
                UsGovernmentDod,
                json!({"aud": "https://graph.microsoft.us/"}),
                told(
                    "the token is for another cloud, https://graph.microsoft.us, not https://dod-graph.microsoft.us",
                ),
            ),
            (Global, json!({"aud": GRAPH, "iss": format!("https://sts.windows.net/{tenant}/")}), None),
            (UsGovernment, json!({"aud": GRAPH, "iss": format!("https://sts.windows.net/{tenant}/")}), None),
            (
                China,
                json!({"aud": GRAPH, "iss": format!("https://sts.windows.net/{tenant}/")}),
                foreign("https://microsoftgraph.chinacloudapi.cn"),
            ),
            (
                Global,
                json!({"aud": GRAPH, "iss": format!("https://login.microsoftonline.us/{tenant}/v2.0")}),
                foreign(global),
            ),
            (Global, json!({"aud": global, "iss": "https://sts.chinacloudapi.cn/"}), foreign(global)),
            (China, json!({"iss": "https://login.partner.microsoftonline.cn/x/v2.0"}), None),
            (UsGovernmentDod, json!({"iss": "https://login.microsoftonline.us/x/v2.0"}), None),
            (
                UsGovernment,
                json!({"iss": "https://login.microsoftonline.com/x/v2.0"}),
                foreign("https://graph.microsoft.us"),
            ),
            (Global, json!({"iss": "https://issuer.example"}), None),
            (Global, json!({"exp": NOW + 1}), None),
            (Global, json!({"exp": NOW}), told("the token expired 0 seconds ago")),
            (Global, json!({"exp": NOW - 1}), told("the token expired 1 second ago")),
            (Global, json!({"exp": NOW - 759, "aud": GRAPH}), told("the token expired 12 minutes ago")),
            (Global, json!({"exp": NOW - 3600}), told("the token expired 1 hour ago")),
            (Global, json!({"exp": NOW - 200_000}), told("the token expired 2 days ago")),
            (Global, json!({"exp": 0, "nbf": NOW + 9}), told("the token expired 20455 days ago")),
            (Global, json!({"exp": NOW + 4000, "nbf": NOW}), None),
            (
                Global,
                json!({"exp": NOW + 4000, "nbf": NOW + 300}),
                told("the token is not valid yet, but in 5 minutes"),
            ),
        ] {
            assert_eq!(hint_of(Refused::Token, Some(cloud), &claims), expected, "{cloud:?} {claims}");
        }
        for (claims, expected) in [
            (json!({"aud": "https://management.azure.com", "iss": "https://sts.chinacloudapi.cn/"}), None),
            (json!({"aud": tenant, "exp": NOW - 60}), Some("the token expired 1 minute ago")),
        ] {
            let hint = hint_of(Refused::Token, None, &claims);
            assert_eq!(hint.as_deref(), expected, "another root: {claims}");
        }
    }

    #[test]
    fn a_refused_operation_lacks_a_permission_or_its_user_a_role() {
        let (read, trigger) =
            (Refused::Operation(Operation::ReadSettings), Refused::Operation(Operation::TriggerSync));
        let lacks = |kind: &str, name: &str, has: &str| {
            Some(format!("the token lacks the {kind} {name}, and has {has}"))
        };
        let user = |name: &str| {
            Some(format!("the token has the scope {name}, so its user probably lacks a role in Intune"))
        };
        let many: Vec<String> = (0..200).map(|number| format!("Other{number}.Read.All")).collect();
        let of_azure_cli = json!({"scp": "openid User.Read.All", "appid": AZURE_CLI});
        for (refused, claims, expected) in [
            (trigger, json!({"scp": READ_WRITE}), user(READ_WRITE)),
            (read, json!({"scp": READ_WRITE}), user(READ_WRITE)),
            (read, json!({"scp": format!("openid {READ}")}), user(READ)),
            (trigger, json!({"roles": [READ_WRITE]}), None),
            (read, json!({"roles": [READ]}), None),
            (read, json!({"roles": [READ_WRITE, "User.Read.All"]}), None),
            (trigger, json!({"scp": READ}), lacks("scope", READ_WRITE, &format!("only {READ}"))),
            (trigger, json!({"scp": "openid profile"}), lacks("scope", READ_WRITE, "only openid, profile")),
            (read, json!({"scp": "openid"}), lacks("scope", READ, "only openid")),
            (trigger, json!({"scp": ""}), lacks("scope", READ_WRITE, "no other")),
            (trigger, json!({"roles": []}), lacks("role", READ_WRITE, "no other")),
            (trigger, json!({}), lacks("role", READ_WRITE, "no other")),
            (
                trigger,
                json!({"scp": "openid", "roles": [READ_WRITE]}),
                lacks("scope", READ_WRITE, "only openid"),
            ),
            (
                trigger,
                json!({"scp": "openid profile email User.Read DeviceManagementApps.Read.All"}),
                lacks(
                    "scope",
                    READ_WRITE,
                    "only DeviceManagementApps.Read.All, openid, profile and 2 others",
                ),
            ),
            (
                trigger,
                json!({"roles": many}),
                lacks(
                    "role",
                    READ_WRITE,
                    "only Other0.Read.All, Other1.Read.All, Other2.Read.All and 197 others",
                ),
            ),
            (
                read,
                json!({"roles": ["11111111-2222-3333-4444-555555555555", "a b", "x".repeat(101), "\u{202e}"]}),
                lacks("role", READ, "only 4 others"),
            ),
            (
                read,
                json!({"roles": ["A.Read", "User-A.Read"]}),
                lacks("role", READ, "only A.Read and 1 other"),
            ),
            (
                trigger,
                json!({"idtyp": "app", "xms_mirid": "/subscriptions/s"}),
                lacks(
                    "role",
                    READ_WRITE,
                    "no other; a managed identity's token can be a day old, and a role that was granted since is not \
                     in it",
                ),
            ),
            (
                trigger,
                of_azure_cli,
                lacks(
                    "scope",
                    READ_WRITE,
                    "only openid, User.Read.All; no user gets it from the Azure CLI: sign in to that as an application",
                ),
            ),
            (trigger, json!({"roles": ["A"], "appid": AZURE_CLI}), lacks("role", READ_WRITE, "only A")),
        ] {
            assert_eq!(hint_of(refused, Some(Cloud::Global), &claims), expected, "{claims}");
            assert_eq!(hint_of(refused, None, &claims), expected, "{claims}");
        }
    }

    #[test]
    fn intunes_own_401_is_about_the_licence_or_the_users_role() {
        for (claims, is_of_user) in [
            (json!({"scp": READ_WRITE, "exp": NOW - 1}), true),
            (json!({"roles": [READ_WRITE]}), false),
            (json!({}), false),
        ] {
            let hint = hint_of(Refused::Tenant, Some(Cloud::Global), &claims).unwrap();
            assert_eq!(hint.contains("user"), is_of_user, "{hint}");
            assert!(hint.starts_with("the token itself is accepted, so the tenant "), "{hint}");
        }
    }

    #[test]
    fn an_opaque_token_tells_nothing() {
        let hint = |refused| hint(refused, Some(Cloud::Global), Time::from_seconds(NOW), None);
        assert_eq!(hint(Refused::Token), None);
        assert_eq!(hint(Refused::Operation(Operation::TriggerSync)), None);
        assert!(hint(Refused::Tenant).unwrap().contains("or the user lacks a role in Intune"));
    }
}
