//! What a reply without a token means: pure functions of its status and its words.

use std::fmt;
use std::time::Duration;

use super::refusal::Refusal;
use crate::outcome::{Detail, Error, ErrorKind};
use crate::service::reply::{RawReply, retry_after};
use crate::service::retry::Obstacle;
use crate::text::Time;
use crate::transport::Failure;

/// A clock that is wrong by less than this is not the reason of a refusal.
const WRONG_CLOCK: Duration = Duration::from_secs(300);

/// The code of an assertion that is not valid at Microsoft Entra's time.
const NOT_VALID_NOW: &str = "AADSTS700024";

/// Who was asked.
pub(super) enum Issuer {
    /// A host of Microsoft Entra's.
    Entra(String),
    /// A platform, in words.
    Platform(String),
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Issuer::Entra(name) | Issuer::Platform(name)) = self;
        f.write_str(name)
    }
}

/// Records the reply in the detail of its call.
pub(super) fn record(detail: &mut Detail, status: u16, refusal: Option<&Refusal>) {
    detail.forget_reply();
    detail.http_status = Some(status);
    if let Some(refusal) = refusal {
        (detail.code, detail.message) = (refusal.code.clone(), refusal.message.clone());
        if let Some(attempt) = detail.attempts.last_mut() {
            attempt.request_id = refusal.request_id.as_deref().map(Into::into);
        }
    }
}

/// The reply as the failure of the call that needs a token. `refusal` is None if nobody knows the form of its body.
pub(super) fn failure(reply: &RawReply, refusal: Option<&Refusal>, issuer: &Issuer, now: Time) -> Failure {
    let date = reply.date.as_deref().and_then(Time::parse_http);
    let clock = date.filter(|_| code(refusal) == Some(NOT_VALID_NOW)).and_then(|date| wrong_clock(date, now));
    let kind = match (reply.status, issuer) {
        (429 | 500..=599, _) | (404 | 410, Issuer::Platform(_)) => ErrorKind::Service,
        (200..400, _) => ErrorKind::Protocol,
        (_, Issuer::Platform(_)) => ErrorKind::Configuration,
        (_, Issuer::Entra(_)) if refusal.is_none() => ErrorKind::Protocol,
        _ if clock.is_some() => ErrorKind::Configuration,
        _ => ErrorKind::Unauthorized,
    };
    let mut text = format!("no token: HTTP {} from {issuer}", reply.status);
    if let Some(Refusal { code, message, .. }) = refusal {
        // Entra's message begins with its code.
        let code =
            code.as_ref().filter(|code| !message.as_ref().is_some_and(|text| text.starts_with(&**code)));
        code.into_iter().chain(message).for_each(|part| text = format!("{text}: {part}"));
    }
    if refusal.is_none() && matches!(issuer, Issuer::Entra(_)) {
        text.push_str(", from a proxy or gateway, not from Microsoft Entra");
    }
    if let Some(hint) = clock.or_else(|| refusal.and_then(Refusal::advice).map(str::to_owned)) {
        text = format!("{}; hint: {hint}", text.trim_end_matches('.'));
    }
    let is_repeatable = matches!(reply.status, 429 | 500 | 502 | 503 | 504)
        || matches!((reply.status, issuer), (404 | 410, Issuer::Platform(_)));
    let retry_after = retry_after(reply.retry_after.as_deref(), date);
    let is_starting = matches!(issuer, Issuer::Platform(_));
    Failure {
        obstacle: Obstacle { retry_after, is_repeatable, is_starting },
        ..Failure::unsent(Error::new(kind, text), false)
    }
}

fn code(refusal: Option<&Refusal>) -> Option<&str> {
    refusal?.code.as_deref()
}

fn wrong_clock(date: Time, now: Time) -> Option<String> {
    let (behind, ahead) = (date.duration_since(now), now.duration_since(date));
    let (wrong, word) = if ahead > behind { (ahead, "ahead") } else { (behind, "behind") };
    (wrong > WRONG_CLOCK)
        .then(|| format!("this machine's clock is {} minutes {word}: set it", wrong.as_secs() / 60))
}
