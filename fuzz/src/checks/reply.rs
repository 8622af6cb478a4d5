//! A reply: its status, headers and body.
//!
//! An input looks like HTTP: `429`, lines of `name: value`, an empty line, the body.

use std::time::Duration;

use super::settings::read as read_settings;
use super::{a_token, assert_no_token, assert_one_line, line, text_line};
use crate::outcome::Answer;
use crate::outcome::ErrorKind;
use crate::outcome::Settings;
use crate::outcome::{Attempt, Detail, Trigger};
use crate::service::reply::{RawReply, Reply};

const A_DAY: Duration = Duration::from_secs(86_400);

pub fn reply(data: &[u8]) {
    let raw = read(data);
    let reply = Reply::new(&raw, a_token());
    assert_answer(&raw, &reply);
    assert_settings(&raw, &reply);
    assert_retry_after(&raw, &reply);
    assert_words(&raw, &reply);
}

fn read(mut data: &[u8]) -> RawReply {
    let mut raw =
        RawReply { status: text_line(&mut data).trim().parse().unwrap_or(200), ..RawReply::default() };
    loop {
        let header = String::from_utf8_lossy(line(&mut data));
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim().to_owned();
        match name {
            "request-id" => raw.request_id = Some(value),
            "date" => raw.date = Some(value),
            "retry-after" => raw.retry_after = Some(value),
            "www-authenticate" => raw.challenges.push(value),
            _ => {}
        }
    }
    raw.body = data.to_owned();
    raw
}

/// Whether it has the marks of Graph: its id, its error, or settings. None if `Value` cannot parse the object, because
/// it is too deep or broken.
fn is_graph(raw: &RawReply, reply: &Reply) -> Option<bool> {
    let mut detail = Detail::default();
    detail.attempts.add(Attempt::new("c".into()));
    reply.record(&mut detail);
    if detail.attempts()[0].request_id().is_some() || reply.settings().is_ok() {
        return Some(true);
    }
    match serde_json::from_slice::<serde_json::Value>(&raw.body) {
        Ok(body) => Some(body["error"].is_object()),
        Err(_) => (!raw.body.trim_ascii_start().starts_with(b"{")).then_some(false),
    }
}

/// An answer has its own status and the marks of Graph; only 204 needs no marks.
fn assert_answer(raw: &RawReply, reply: &Reply) {
    let is_graph = is_graph(raw, reply);
    let trigger = Trigger::after_status(raw.status);
    assert_eq!(trigger == Trigger::Accepted, raw.status == 204);
    match reply.sync_answer() {
        Ok(Answer::Accepted) => assert_eq!(raw.status, 204),
        Ok(Answer::AlreadyRunning) => assert!(raw.status == 409 && is_graph != Some(false)),
        Ok(Answer::TooSoon) => assert!(raw.status == 429 && is_graph != Some(false)),
        Ok(Answer::Unconfirmed | Answer::UpToDate) => panic!("only a wait can say this"),
        Err(kind) => {
            assert_ne!(raw.status, 204);
            match kind {
                ErrorKind::Unauthorized => assert_eq!(raw.status, 401),
                ErrorKind::Forbidden => assert!([401, 403].contains(&raw.status)),
                ErrorKind::Protocol => assert_ne!(is_graph, Some(true)),
                ErrorKind::Service => assert!(![204, 401, 403].contains(&raw.status)),
                kind => panic!("{kind:?} is no answer's"),
            }
            assert!(kind == ErrorKind::Protocol || is_graph != Some(false));
            assert_eq!(reply.refuses_token(), kind == ErrorKind::Unauthorized);
        }
    }
    let is_final = (300..500).contains(&raw.status) || [503, 509].contains(&raw.status);
    assert_eq!(trigger == Trigger::Refused, is_final);
}

fn assert_settings(raw: &RawReply, reply: &Reply) {
    match (reply.settings(), read_settings(&raw.body)) {
        (Ok(settings), read) => assert!(raw.status == 200 && read.as_ref() == Some(settings)),
        (Err(ErrorKind::Protocol), read) if raw.status == 200 => assert_eq!(read, None),
        (Err(_), _) => assert_ne!(raw.status, 200),
    }
}

fn assert_retry_after(raw: &RawReply, reply: &Reply) {
    assert_eq!(reply.date().is_some(), raw.date.as_deref().is_some_and(is_http_date));
    let value = raw.retry_after.as_deref().map(str::trim);
    match (value, reply.retry_after()) {
        (None, wait) => assert_eq!(wait, None),
        (Some(text), Some(wait)) => {
            assert!(!wait.is_zero() && wait <= A_DAY, "{wait:?}");
            match text.parse() {
                Ok(seconds) => assert_eq!(wait, A_DAY.min(Duration::from_secs(seconds))),
                // Too many digits for a number, or a date, which is relative to another date.
                Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => assert_eq!(wait, A_DAY),
                Err(_) => assert!(is_http_date(text) && reply.date().is_some()),
            }
        }
        (Some(_), None) => {}
    }
}

fn is_http_date(text: &str) -> bool {
    httpdate::parse_http_date(text.trim()).is_ok()
}

/// Everything that is kept of the service's text is fit for a log.
fn assert_words(raw: &RawReply, reply: &Reply) {
    let mut detail = Detail::default();
    detail.attempts.add(Attempt::new("c".into()));
    reply.record(&mut detail);
    assert_eq!(detail.http_status(), Some(raw.status));
    assert_eq!(detail.retry_after(), reply.retry_after());
    assert_eq!(detail.settings(), reply.settings().ok());
    let words = [detail.code(), detail.message(), detail.attempts()[0].request_id()];
    words.into_iter().flatten().for_each(assert_one_line);
    if let Some(claims) = detail.claims() {
        assert_one_line(claims);
        let names_them = |challenge: &String| challenge.to_ascii_lowercase().contains("claims");
        assert!(raw.challenges.iter().any(names_them));
        let json = serde_json::from_str::<serde_json::Value>(claims);
        assert!(json.map_or(claims.starts_with('{'), |json| json.is_object()), "{claims}");
    }
    let kind = reply.sync_answer().err().unwrap_or(ErrorKind::Service);
    let error = reply.error(kind);
    assert_eq!(error.kind(), kind);
    let line = error.to_string();
    assert!(line.starts_with(&format!("{kind}: HTTP {}", raw.status)) && !line.contains(char::is_control));
    assert_no_token(&line);
    assert_no_token(&format!("{:?}", error.with_detail(detail)));
}
