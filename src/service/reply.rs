//! What a reply means: pure functions of its status, headers and body.
//!
//! The status decides, never the service's codes or texts: those differ between its front ends.

use std::sync::Arc;
use std::time::Duration;

use super::challenge;
use super::envelope::Envelope;
use super::hint::{Refused, hint};
use super::identity::identity;
use crate::config::Cloud;
use crate::config::limits::LONGEST_RETRY_AFTER;
use crate::outcome::{Answer, Detail, Error, ErrorKind, Operation, Settings};
use crate::text::{Claims, Object, Payload, Time, Token, one_line};

/// The parts of an HTTP reply that this library reads, as the server sent them.
#[derive(Debug, Default)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    /// The values of all `WWW-Authenticate` headers.
    pub(crate) challenges: Vec<String>,
    /// Empty if it is longer than anything that Graph sends.
    pub(crate) body: Vec<u8>,
}

/// What a reply says, without the token.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: Option<Arc<str>>,
    retry_after: Option<Duration>,
    claims: Option<String>,
    envelope: Envelope,
    date: Option<Time>,
    settings: Option<Settings>,
    /// What is wrong with the token, if the service refused it and its claims tell.
    hint: Option<String>,
    /// Whose token it is, if the service refused it and its claims tell. For the trace only.
    pub(crate) identity: Option<String>,
}

impl Reply {
    pub(crate) fn new(raw: &RawReply, token: Token<'_>) -> Reply {
        let RawReply { status, request_id, date, retry_after, challenges, body } = raw;
        let date = date.as_deref().and_then(Time::parse_http);
        let body = if body.is_empty() { None } else { Object::read(body).ok() };
        Reply {
            status: *status,
            request_id: request_id.as_deref().and_then(|id| one_line(id, token)).map(Arc::from),
            retry_after: self::retry_after(retry_after.as_deref(), date),
            claims: challenges.iter().find_map(|challenge| challenge::claims(challenge, token)),
            envelope: body.as_ref().map(|body| Envelope::read(body, token)).unwrap_or_default(),
            date,
            settings: body.filter(|_| *status == 200).and_then(|body| Settings::read(&body, token)),
            hint: None,
            identity: None,
        }
    }

    /// This reply to an operation. If it is a refusal, the token may tell why. `cloud` is None if the caller gave the
    /// root of another service.
    pub(crate) fn explained(mut self, operation: Operation, cloud: Option<Cloud>, token: Token<'_>) -> Reply {
        let refused = match (self.error_kind(), self.status) {
            (ErrorKind::Unauthorized, _) => Refused::Token,
            (ErrorKind::Forbidden, 401) => Refused::Tenant,
            (ErrorKind::Forbidden, _) => Refused::Operation(operation),
            _ => return self,
        };
        let payload = Payload::of(token);
        let claims = payload.as_ref().and_then(Claims::read);
        let hint = hint(refused, cloud, self.date.unwrap_or_else(Time::local), claims.as_ref());
        self.hint = hint.and_then(|hint| one_line(&hint, token));
        self.identity = claims.as_ref().and_then(identity);
        self
    }

    /// The meaning of this reply to a trigger.
    pub(crate) fn sync_answer(&self) -> Result<Answer, ErrorKind> {
        match self.status {
            204 => Ok(Answer::Accepted),
            409 if self.is_graph() => Ok(Answer::AlreadyRunning),
            429 if self.is_graph() => Ok(Answer::TooSoon),
            _ => Err(self.error_kind()),
        }
    }

    /// The meaning of this reply to a request for the settings.
    pub(crate) fn settings(&self) -> Result<&Settings, ErrorKind> {
        match (self.status, &self.settings) {
            (200, settings) => settings.as_ref().ok_or(ErrorKind::Protocol),
            _ => Err(self.error_kind()),
        }
    }

    /// The service's time when it replied.
    pub(crate) fn date(&self) -> Option<Time> {
        self.date
    }

    /// The time that the service asks to wait, counted from its reply.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The kind of error, for a reply that is no success.
    fn error_kind(&self) -> ErrorKind {
        match self.status {
            204 => ErrorKind::Service,
            _ if !self.is_graph() => ErrorKind::Protocol,
            401 if self.claims.is_none() && self.envelope.is_intune => ErrorKind::Forbidden,
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            _ => ErrorKind::Service,
        }
    }

    /// Whether the same request may succeed with another token.
    pub(crate) fn refuses_token(&self) -> bool {
        self.status == 401 && self.error_kind() == ErrorKind::Unauthorized
    }

    /// Whether Graph itself replied. A proxy or gateway may send any status, but neither Graph's id nor its JSON.
    fn is_graph(&self) -> bool {
        self.request_id.is_some() || self.envelope.is_graph || self.settings.is_some()
    }

    /// Records this reply in the detail of its call.
    pub(crate) fn record(&self, detail: &mut Detail) {
        detail.http_status = Some(self.status);
        detail.code = self.envelope.code.clone();
        detail.message = self.envelope.message.clone();
        detail.retry_after = self.retry_after;
        detail.next_sync = self.date.zip(self.retry_after).map(|(date, pause)| date.plus(pause));
        detail.claims = self.claims.clone();
        if let Some(settings) = &self.settings {
            detail.settings = Some(settings.clone());
        }
        if let Some(attempt) = detail.attempts.last_mut() {
            attempt.request_id = self.request_id.clone();
        }
    }

    /// This reply as an error.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        let mut text = format!("HTTP {}", self.status);
        for part in [&self.envelope.code, &self.envelope.message].into_iter().flatten() {
            text = format!("{text}: {part}");
        }
        if let Some(hint) = &self.hint {
            text = format!("{}; hint: {hint}", text.trim_end_matches('.'));
        }
        if kind == ErrorKind::Protocol {
            text.push_str(if self.is_graph() { NOT_AS_DOCUMENTED } else { NOT_FROM_GRAPH });
        }
        Error::new(kind, text)
    }
}

const NOT_AS_DOCUMENTED: &str = ", not in the documented form";
const NOT_FROM_GRAPH: &str = ", from a proxy or gateway, not from Microsoft Graph";

/// Reads Retry-After in both forms. A date counts from the reply's own Date, because the local clock may be wrong.
/// None if the time is not ahead or cannot be read.
pub(crate) fn retry_after(value: Option<&str>, date: Option<Time>) -> Option<Duration> {
    let value = value?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs)
    } else {
        Time::parse_http(value)?.duration_since(date?)
    };
    (!wait.is_zero()).then_some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Attempt;
    use base64::Engine as _;
    use serde_json::json;

    fn token() -> Token<'static> {
        Token::new("secret-0123456789abcdef").unwrap()
    }

    fn read(raw: RawReply) -> Reply {
        Reply::new(&raw, token())
    }

    fn raw(status: u16, request_id: Option<&str>, body: &str) -> RawReply {
        let request_id = request_id.map(str::to_owned);
        RawReply { status, request_id, body: body.into(), ..RawReply::default() }
    }

    #[test]
    fn a_status_decides_what_an_answer_means() {
        use Answer::*;
        use ErrorKind::*;
        let envelope = json!({"error": {"code": "Unauthorized", "message":
            json!({"_version": 3, "Message": "no licence"}).to_string()}});
        let (envelope, plain, page) = (&envelope.to_string()[..], r#"{"error":{"code":"x"}}"#, "<html>");
        let id = Some("r");
        let table: &[(u16, Option<&str>, &str, Result<Answer, ErrorKind>)] = &[
            (204, None, "", Ok(Accepted)),
            (409, id, "", Ok(AlreadyRunning)),
            (409, None, plain, Ok(AlreadyRunning)),
            (429, id, page, Ok(TooSoon)),
            (429, None, plain, Ok(TooSoon)),
            (401, id, "", Err(Unauthorized)),
            (401, None, plain, Err(Unauthorized)),
            (401, id, envelope, Err(Forbidden)),
            (403, id, "", Err(Forbidden)),
            (403, None, envelope, Err(Forbidden)),
            (200, id, plain, Err(Service)),
            (200, None, r#"{"syncStatus":"completed"}"#, Err(Service)),
            (202, id, "", Err(Service)),
            (301, id, "", Err(Service)),
            (307, None, plain, Err(Service)),
            (400, id, envelope, Err(Service)),
            (404, None, plain, Err(Service)),
            (407, id, "", Err(Service)),
            (500, id, envelope, Err(Service)),
            (503, None, envelope, Err(Service)),
            (599, id, "", Err(Service)),
        ];
        for (status, request_id, body, expected) in table {
            let reply = read(raw(*status, *request_id, body));
            assert_eq!(reply.sync_answer(), *expected, "{status} {request_id:?} {body}");
        }
    }

    #[test]
    fn a_reply_without_a_mark_of_graph_came_from_a_proxy_or_gateway() {
        let statuses = [101, 200, 202, 302, 304, 400, 401, 403, 404, 407, 409, 429, 500, 502, 503, 511, 599];
        let bodies = [
            "",
            "<html>",
            "{}",
            "null",
            "[]",
            "7",
            r#"{"error":"x"}"#,
            r#"{"error":null}"#,
            r#"{"error":[]}"#,
        ];
        for status in statuses {
            for (body, id) in bodies.iter().flat_map(|body| [(body, None), (body, Some(" "))]) {
                let reply = read(raw(status, id, body));
                assert_eq!(reply.sync_answer(), Err(ErrorKind::Protocol), "{status} {id:?} {body}");
                assert_eq!(reply.settings(), Err(ErrorKind::Protocol), "{status} {id:?} {body}");
                let line = reply.error(ErrorKind::Protocol).to_string();
                assert!(line.ends_with(NOT_FROM_GRAPH), "{line}");
            }
        }
        let accepted = read(raw(204, None, ""));
        assert_eq!(
            (accepted.sync_answer(), accepted.settings()),
            (Ok(Answer::Accepted), Err(ErrorKind::Service))
        );
    }

    #[test]
    fn a_claims_challenge_wins_over_intunes_envelope() {
        let body =
            json!({"error": {"message": json!({"_version": 3, "Message": "m"}).to_string()}}).to_string();
        let challenges = vec!["Bearer error=\"insufficient_claims\", claims=\"e30=\"".to_owned()];
        let reply = read(RawReply { challenges, ..raw(401, Some("r"), &body) });
        assert_eq!(reply.sync_answer(), Err(ErrorKind::Unauthorized));
        assert_eq!(reply.claims.as_deref(), Some("{}"));
        let challenges = vec!["Bearer error=\"insufficient_claims\", claims=\"none\"".to_owned()];
        let reply = read(RawReply { challenges, ..raw(401, Some("r"), &body) });
        assert_eq!((reply.sync_answer(), &reply.claims), (Err(ErrorKind::Forbidden), &None));
    }

    #[test]
    fn a_token_is_refused_only_by_a_401_that_a_new_one_can_heal() {
        let envelope =
            json!({"error": {"message": json!({"_version": 3, "Message": "m"}).to_string()}}).to_string();
        for (status, request_id, body, expected) in [
            (401, Some("r"), "", true),
            (401, None, "{\"error\":{}}", true),
            (401, Some("r"), &*envelope, false),
            (401, None, "{}", false),
            (401, None, "<html>", false),
            (403, Some("r"), "", false),
            (200, Some("r"), "", false),
        ] {
            assert_eq!(read(raw(status, request_id, body)).refuses_token(), expected, "{status} {body}");
        }
    }

    #[test]
    fn settings_in_another_form_are_an_error() {
        let settings = r#"{"syncStatus":"completed"}"#;
        for (status, body, expected) in [
            (200, settings, None),
            (200, "{}", Some(ErrorKind::Protocol)),
            (200, "", Some(ErrorKind::Protocol)),
            (204, settings, Some(ErrorKind::Service)),
            (401, settings, Some(ErrorKind::Unauthorized)),
            (403, settings, Some(ErrorKind::Forbidden)),
            (503, settings, Some(ErrorKind::Service)),
        ] {
            let reply = read(raw(status, Some("r"), body));
            assert_eq!(reply.settings().err(), expected, "{status} {body}");
        }
        let odd = read(raw(200, Some("r"), "{}"));
        let text = odd.error(ErrorKind::Protocol).to_string();
        assert_eq!(text, "unexpected reply: HTTP 200, not in the documented form");
        let mut detail = Detail::default();
        read(raw(200, None, settings)).record(&mut detail);
        assert!(detail.settings.is_some());
    }

    #[test]
    fn the_services_own_time_comes_with_its_answer() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let reply =
            read(RawReply { date: Some(date.into()), retry_after: Some("7".into()), ..raw(429, None, "{}") });
        assert_eq!(reply.date(), Time::parse("2026-10-21T07:28:00Z"));
        assert_eq!(reply.retry_after(), Some(Duration::from_secs(7)));
        let silent = read(raw(429, None, "{}"));
        assert_eq!((silent.date(), silent.retry_after()), (None, None));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        for (value, date, seconds) in [
            (None, date, None),
            (Some("120"), None, Some(120)),
            (Some(" 120 "), date, Some(120)),
            (Some("86400"), None, Some(86_400)),
            (Some("86401"), None, Some(86_400)),
            (Some("99999999999999999999999"), None, Some(86_400)),
            (Some("0"), None, None),
            (Some("-5"), None, None),
            (Some("+5"), None, None),
            (Some("1.5"), None, None),
            (Some("soon"), date, None),
            (Some(""), date, None),
            (Some("Wed, 21 Oct 2026 07:29:00 GMT"), date, Some(60)),
            (Some("Wed, 21 Oct 2026 07:29:00 GMT"), None, None),
            (Some("Wed, 21 Oct 2026 07:29:00 GMT"), Some("today"), None),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), date, None),
            (Some("Wed, 21 Oct 2026 07:27:00 GMT"), date, None),
            (Some("Thu, 21 Oct 2027 07:28:00 GMT"), date, Some(86_400)),
        ] {
            let time = date.and_then(Time::parse_http);
            assert_eq!(retry_after(value, time), seconds.map(Duration::from_secs), "{value:?} {date:?}");
        }
    }

    #[test]
    fn the_detail_has_what_the_answer_says_and_not_the_token() {
        let echo = "secret-0123456789abcdef";
        let body = json!({"error": {"code": echo, "message": format!("no {echo}")}}).to_string();
        let claims = base64::engine::general_purpose::STANDARD.encode(format!("{{\"a\":\"{echo}\"}}"));
        let claims = format!("Bearer claims=\"{claims}\"");
        let reply = read(RawReply {
            date: Some("Fri, 02 Jan 2026 03:04:05 GMT".into()),
            retry_after: Some("7".into()),
            challenges: vec!["Basic realm=\"x\"".into(), claims],
            ..raw(401, Some(echo), &body)
        });
        let mut detail = Detail::default();
        detail.attempts.add(Attempt::new("c".into()));
        reply.record(&mut detail);
        let expected = Detail {
            http_status: Some(401),
            code: Some("[token]".into()),
            message: Some("no [token]".into()),
            retry_after: Some(Duration::from_secs(7)),
            next_sync: Time::parse_http("Fri, 02 Jan 2026 03:04:12 GMT"),
            claims: Some("{\"a\":\"[token]\"}".into()),
            attempts: detail.attempts.clone(),
            ..Detail::default()
        };
        assert_eq!(detail, expected);
        assert_eq!(detail.attempts()[0].request_id(), Some("[token]"));
        let error = reply.error(reply.error_kind());
        assert_eq!(error.to_string(), "unauthorized: HTTP 401: [token]: no [token]");
    }

    #[test]
    fn a_refusal_is_explained_by_the_claims_of_its_token() {
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT"); // 1792567680
        let claims = json!({"aud": "https://graph.microsoft.com", "exp": 1_792_567_080, "scp": "openid",
                            "oid": "11111111-2222-3333-4444-555555555555"});
        let token = format!("e30.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let graph = json!({"error": {"code": "C", "message": "No."}}).to_string();
        let intune =
            json!({"error": {"message": json!({"_version": 3, "Message": "m"}).to_string()}}).to_string();
        let said = |status, date: Option<&str>, body: &str, token: &str| {
            let token = Token::new(token).unwrap();
            let date = date.map(str::to_owned);
            let reply = Reply::new(&RawReply { date, ..raw(status, None, body) }, token);
            let reply = reply.explained(Operation::TriggerSync, Some(Cloud::Global), token);
            reply.error(reply.error_kind()).to_string()
        };
        let reply = Reply::new(&raw(403, None, &graph), Token::new(&token).unwrap());
        let reply = reply.explained(Operation::TriggerSync, None, Token::new(&token).unwrap());
        assert_eq!(reply.identity.as_deref(), Some("valid until 2026-10-21 07:18:00 UTC"));
        let expired = "unauthorized: HTTP 401: C: No; hint: the token expired 10 minutes ago";
        assert_eq!(said(401, date, &graph, &token), expired);
        let by_this_clock = said(401, None, &graph, &token);
        assert!(by_this_clock.starts_with("unauthorized: HTTP 401: C: No"), "{by_this_clock}");
        let forbidden = said(403, date, &graph, &token);
        let expected = "forbidden: HTTP 403: C: No; hint: the token lacks the scope \
                        DeviceManagementServiceConfig.ReadWrite.All, and has only openid";
        assert_eq!(forbidden, expected);
        let unlicensed = said(401, date, &intune, &token);
        assert!(
            unlicensed.starts_with("forbidden: HTTP 401: m; hint: the token itself is accepted"),
            "{unlicensed}"
        );
        for (status, body, token, expected) in [
            (401, &*graph, "opaque", "unauthorized: HTTP 401: C: No."),
            (403, &graph, "opaque", "forbidden: HTTP 403: C: No."),
            (400, &graph, &token, "refused by the service: HTTP 400: C: No."),
            (
                401,
                "<html>",
                &token,
                "unexpected reply: HTTP 401, from a proxy or gateway, not from Microsoft Graph",
            ),
        ] {
            assert_eq!(said(status, date, body, token), expected);
        }
    }

    #[test]
    fn the_error_names_a_proxy_or_gateway() {
        let reply = read(raw(403, None, "<html>blocked</html>"));
        assert!(reply.error(reply.error_kind()).to_string().ends_with(NOT_FROM_GRAPH));
    }
}
