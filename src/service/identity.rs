//! Whose token the service has refused.

use crate::text::Claims;

/// The application and the tenant of a token, and its end, on one line for a trace. None if the claims tell none of
/// these.
pub(super) fn identity(claims: &Claims<'_>) -> Option<String> {
    let guid = |id: Option<&str>| id.filter(|id| is_guid(id)).map(str::to_owned);
    let parts = [
        ("of the application ", guid(claims.application)),
        ("in the tenant ", guid(claims.tenant)),
        ("valid until ", claims.expires.map(|end| end.to_string())),
    ];
    let told: Vec<String> =
        parts.into_iter().filter_map(|(what, value)| Some(format!("{what}{}", value?))).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Anything else may be a secret that is in the wrong place.
fn is_guid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Time;

    #[test]
    fn an_identity_is_ids_and_a_time_and_nothing_else() {
        const APPLICATION: &str = "11111111-2222-3333-4444-555555555555";
        const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
        let end = Some(Time::from_seconds(1_800_000_000));
        for (application, tenant, expires, told) in [
            (None, None, None, None),
            (Some("a-secret"), Some("contoso.example"), None, None),
            (None, Some(TENANT), None, Some(format!("in the tenant {TENANT}"))),
            (
                Some(APPLICATION),
                Some(TENANT),
                end,
                Some(format!(
                    "of the application {APPLICATION}, in the tenant {TENANT}, valid until 2027-01-15 08:00:00 UTC"
                )),
            ),
        ] {
            let claims = Claims { application, tenant, expires, ..Claims::default() };
            assert_eq!(identity(&claims), told);
        }
    }
}
