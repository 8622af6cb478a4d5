//! What a reply means: pure functions of its status, headers and body.
//!
//! Statuses decide, never the service's codes or texts, which differ between its front ends.

use std::time::{Duration, SystemTime};

use super::challenge;
use crate::outcome::{Answer, Detail, Error, ErrorKind, Settings, Trigger};
use crate::service::envelope::ServiceError;
use crate::text::{Time, Token, one_line};

/// The longest Retry-After that is believed.
const A_DAY: Duration = Duration::from_secs(86_400);

/// The parts of a reply that this library reads.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    /// All of WWW-Authenticate.
    pub(crate) challenges: Vec<String>,
    /// Empty where it is larger than anything that Graph says.
    pub(crate) body: Vec<u8>,
}

/// A reply with its words taken out, and the token taken out of those.
pub(crate) struct Reading {
    pub(crate) status: u16,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    claims: Option<String>,
    said: ServiceError,
    date: Option<Time>,
    settings: Option<Settings>,
}

impl Reading {
    pub(crate) fn new(reply: &Reply, token: Token<'_>) -> Reading {
        Reading {
            status: reply.status,
            request_id: reply.request_id.as_deref().and_then(|id| one_line(id, token)),
            retry_after: retry_after(reply.retry_after.as_deref(), reply.date.as_deref()),
            claims: reply.challenges.iter().find_map(|challenge| challenge::claims(challenge, token)),
            said: ServiceError::read(&reply.body, token),
            date: reply.date.as_deref().and_then(Time::parse_http),
            settings: if reply.status == 200 { Settings::read(&reply.body, token) } else { None },
        }
    }

    /// What the answer to a trigger means.
    pub(crate) fn sync_answer(&self) -> Result<Answer, ErrorKind> {
        match self.status {
            204 => Ok(Answer::Accepted),
            409 if self.is_graph() => Ok(Answer::AlreadyRunning),
            429 if self.is_graph() => Ok(Answer::TooSoon),
            _ => Err(self.error_kind()),
        }
    }

    /// What the answer to a reading means.
    pub(crate) fn settings(&self) -> Result<&Settings, ErrorKind> {
        match (self.status, &self.settings) {
            (200, settings) => settings.as_ref().ok_or(ErrorKind::Protocol),
            _ => Err(self.error_kind()),
        }
    }

    /// The service's time when it answered.
    pub(crate) fn date(&self) -> Option<Time> {
        self.date
    }

    /// What an answer that is no success means.
    pub(crate) fn error_kind(&self) -> ErrorKind {
        match self.status {
            204 => ErrorKind::Service,
            _ if !self.is_graph() => ErrorKind::Protocol,
            401 if self.claims.is_none() && self.said.is_intune => ErrorKind::Forbidden,
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            _ => ErrorKind::Service,
        }
    }

    /// A new token can heal it.
    pub(crate) fn refuses_token(&self) -> bool {
        self.status == 401 && self.error_kind() == ErrorKind::Unauthorized
    }

    /// Whether Graph itself answered. A box in between may send any status, but neither Graph's id nor its JSON.
    fn is_graph(&self) -> bool {
        self.request_id.is_some() || self.said.is_graph || self.settings.is_some()
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Writes into the detail of a call what this answer says.
    pub(crate) fn note(&self, detail: &mut Detail) {
        detail.http_status = Some(self.status);
        detail.code = self.said.code.clone();
        detail.message = self.said.message.clone();
        detail.retry_after = self.retry_after;
        detail.claims = self.claims.clone();
        if let Some(settings) = &self.settings {
            detail.settings = Some(settings.clone());
        }
        if let Some(attempt) = detail.attempts.last_mut() {
            attempt.request_id = self.request_id.clone();
        }
    }

    /// The error that this answer is.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        let mut text = format!("HTTP {}", self.status);
        for part in [&self.said.code, &self.said.message].into_iter().flatten() {
            text = format!("{text}: {part}");
        }
        if kind == ErrorKind::Protocol && self.is_graph() {
            text.push_str(", not of the documented shape");
        } else if kind == ErrorKind::Protocol {
            text.push_str(", without the marks of Microsoft Graph: a proxy or gateway in between answered");
        }
        Error::new(kind, text)
    }
}

/// What became of a trigger that was answered with this status.
pub(crate) fn trigger(status: u16) -> Trigger {
    match status {
        204 => Trigger::Accepted,
        // Said before the request is carried out.
        300..=499 | 503 | 509 => Trigger::Refused,
        _ => Trigger::MayHaveRun,
    }
}

/// Retry-After in either form; a date counts from the reply's own Date, for the local clock may be wrong. What is not
/// ahead, or cannot be read, counts as absent.
fn retry_after(value: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let value = value?.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(A_DAY, Duration::from_secs)
    } else {
        let now = http_date(date?)?;
        http_date(value)?.duration_since(now).ok()?
    };
    (!wait.is_zero()).then_some(wait.min(A_DAY))
}

fn http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text.trim()).ok()
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

    fn read(reply: Reply) -> Reading {
        Reading::new(&reply, token())
    }

    fn reply(status: u16, request_id: Option<&str>, body: &str) -> Reply {
        let request_id = request_id.map(str::to_owned);
        Reply { status, request_id, body: body.into(), ..Reply::default() }
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
            let reading = read(reply(*status, *request_id, body));
            assert_eq!(reading.sync_answer(), *expected, "{status} {request_id:?} {body}");
        }
    }

    #[test]
    fn what_has_no_mark_of_graph_is_the_answer_of_a_box_in_between() {
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
                let reading = read(reply(status, id, body));
                assert_eq!(reading.sync_answer(), Err(ErrorKind::Protocol), "{status} {id:?} {body}");
                assert_eq!(reading.settings(), Err(ErrorKind::Protocol), "{status} {id:?} {body}");
                let line = reading.error(ErrorKind::Protocol).to_string();
                assert!(line.ends_with("a proxy or gateway in between answered"), "{line}");
            }
        }
        let accepted = read(reply(204, None, ""));
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
        let reading = read(Reply { challenges, ..reply(401, Some("r"), &body) });
        assert_eq!(reading.sync_answer(), Err(ErrorKind::Unauthorized));
        assert_eq!(reading.claims.as_deref(), Some("{}"));
        let challenges = vec!["Bearer error=\"insufficient_claims\", claims=\"none\"".to_owned()];
        let reading = read(Reply { challenges, ..reply(401, Some("r"), &body) });
        assert_eq!((reading.sync_answer(), &reading.claims), (Err(ErrorKind::Forbidden), &None));
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
            assert_eq!(read(reply(status, request_id, body)).refuses_token(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_reading_is_of_the_documented_shape_or_an_error() {
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
            let reading = read(reply(status, Some("r"), body));
            assert_eq!(reading.settings().err(), expected, "{status} {body}");
        }
        let odd = read(reply(200, Some("r"), "{}"));
        let text = odd.error(ErrorKind::Protocol).to_string();
        assert_eq!(text, "not an answer of the service: HTTP 200, not of the documented shape");
        let mut detail = Detail::default();
        read(reply(200, None, settings)).note(&mut detail);
        assert!(detail.settings.is_some());
    }

    #[test]
    fn the_services_own_time_comes_with_its_answer() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let reading =
            read(Reply { date: Some(date.into()), retry_after: Some("7".into()), ..reply(429, None, "{}") });
        assert_eq!(reading.date(), Time::parse("2026-10-21T07:28:00Z"));
        assert_eq!(reading.retry_after(), Some(Duration::from_secs(7)));
        let silent = read(reply(429, None, "{}"));
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
            assert_eq!(retry_after(value, date), seconds.map(Duration::from_secs), "{value:?} {date:?}");
        }
    }

    #[test]
    fn what_may_have_run_is_told_apart() {
        for (status, expected) in [
            (204, Trigger::Accepted),
            (200, Trigger::MayHaveRun),
            (302, Trigger::Refused),
            (400, Trigger::Refused),
            (409, Trigger::Refused),
            (429, Trigger::Refused),
            (499, Trigger::Refused),
            (500, Trigger::MayHaveRun),
            (502, Trigger::MayHaveRun),
            (503, Trigger::Refused),
            (504, Trigger::MayHaveRun),
            (509, Trigger::Refused),
            (520, Trigger::MayHaveRun),
        ] {
            assert_eq!(trigger(status), expected, "{status}");
        }
    }

    #[test]
    fn the_detail_has_what_the_answer_says_and_not_the_token() {
        let echo = "secret-0123456789abcdef";
        let body = json!({"error": {"code": echo, "message": format!("no {echo}")}}).to_string();
        let claims = base64::engine::general_purpose::STANDARD.encode(format!("{{\"a\":\"{echo}\"}}"));
        let claims = format!("Bearer claims=\"{claims}\"");
        let reading = read(Reply {
            retry_after: Some("7".into()),
            challenges: vec!["Basic realm=\"x\"".into(), claims],
            ..reply(401, Some(echo), &body)
        });
        let attempt = Attempt { client_request_id: "c".into(), request_id: None };
        let mut detail = Detail { attempts: vec![attempt], ..Detail::default() };
        reading.note(&mut detail);
        let expected = Detail {
            http_status: Some(401),
            code: Some("[token]".into()),
            message: Some("no [token]".into()),
            retry_after: Some(Duration::from_secs(7)),
            claims: Some("{\"a\":\"[token]\"}".into()),
            attempts: vec![Attempt { client_request_id: "c".into(), request_id: Some("[token]".into()) }],
            ..Detail::default()
        };
        assert_eq!(detail, expected);
        let error = reading.error(reading.error_kind());
        assert_eq!(error.to_string(), "unauthorized: HTTP 401: [token]: no [token]");
    }

    #[test]
    fn a_box_in_between_is_named() {
        let reading = read(reply(403, None, "<html>blocked</html>"));
        assert!(reading.error(reading.error_kind()).to_string().contains("gateway in between"));
    }
}
