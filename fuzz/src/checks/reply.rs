//! A reply: its status, headers and body.
//!
//! An input is like HTTP's own text: `429`, lines of `name: value`, an empty line, the body.

use std::time::Duration;

use super::{a_token, assert_no_token, assert_one_line, line, text_line};
use crate::outcome::Answer;
use crate::outcome::ErrorKind;
use crate::outcome::Settings;
use crate::outcome::{Attempt, Detail, Trigger};
use crate::service::reply::{self, Reading, Reply};

const A_DAY: Duration = Duration::from_secs(86_400);

pub fn reply(data: &[u8]) {
    let reply = read(data);
    let reading = Reading::new(&reply, a_token());
    assert_answer(&reply, &reading);
    assert_settings(&reply, &reading);
    assert_retry_after(&reply, &reading);
    assert_words(&reply, &reading);
}

fn read(mut data: &[u8]) -> Reply {
    let mut reply = Reply { status: text_line(&mut data).trim().parse().unwrap_or(200), ..Reply::default() };
    loop {
        let header = String::from_utf8_lossy(line(&mut data));
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim().to_owned();
        match name {
            "request-id" => reply.request_id = Some(value),
            "date" => reply.date = Some(value),
            "retry-after" => reply.retry_after = Some(value),
            "www-authenticate" => reply.challenges.push(value),
            _ => {}
        }
    }
    reply.body = data.to_owned();
    reply
}

/// Whether it has the marks of Graph: its id, its error, or settings. Of an object that `Value` does not take, for it is
/// too deep or broken, it cannot be said here.
fn is_graph(reply: &Reply, reading: &Reading) -> Option<bool> {
    let mut detail = Detail::default();
    detail.attempts.push(Attempt { client_request_id: "c".to_owned(), request_id: None });
    reading.note(&mut detail);
    if detail.attempts()[0].request_id().is_some() || reading.settings().is_ok() {
        return Some(true);
    }
    match serde_json::from_slice::<serde_json::Value>(&reply.body) {
        Ok(body) => Some(body["error"].is_object()),
        Err(_) => (!reply.body.trim_ascii_start().starts_with(b"{")).then_some(false),
    }
}

/// An answer that is no error has its own status and the marks of Graph, but for 204, which needs none.
fn assert_answer(reply: &Reply, reading: &Reading) {
    let is_graph = is_graph(reply, reading);
    let trigger = reply::trigger(reply.status);
    assert_eq!(trigger == Trigger::Accepted, reply.status == 204);
    match reading.sync_answer() {
        Ok(Answer::Accepted) => assert_eq!(reply.status, 204),
        Ok(Answer::AlreadyRunning) => assert!(reply.status == 409 && is_graph != Some(false)),
        Ok(Answer::TooSoon) => assert!(reply.status == 429 && is_graph != Some(false)),
        Ok(Answer::Unconfirmed) => panic!("only a wait can say this"),
        Err(kind) => {
            assert_ne!(reply.status, 204);
            match kind {
                ErrorKind::Unauthorized => assert_eq!(reply.status, 401),
                ErrorKind::Forbidden => assert!([401, 403].contains(&reply.status)),
                ErrorKind::Protocol => assert_ne!(is_graph, Some(true)),
                ErrorKind::Service => assert!(![204, 401, 403].contains(&reply.status)),
                kind => panic!("{kind:?} is no answer's"),
            }
            assert!(kind == ErrorKind::Protocol || is_graph != Some(false));
            assert_eq!(reading.refuses_token(), kind == ErrorKind::Unauthorized);
        }
    }
    let is_final = (300..500).contains(&reply.status) || [503, 509].contains(&reply.status);
    assert_eq!(trigger == Trigger::Refused, is_final);
}

fn assert_settings(reply: &Reply, reading: &Reading) {
    match (reading.settings(), Settings::read(&reply.body, a_token())) {
        (Ok(settings), read) => assert!(reply.status == 200 && read.as_ref() == Some(settings)),
        (Err(ErrorKind::Protocol), read) if reply.status == 200 => assert_eq!(read, None),
        (Err(_), _) => assert_ne!(reply.status, 200),
    }
}

fn assert_retry_after(reply: &Reply, reading: &Reading) {
    assert_eq!(reading.date().is_some(), reply.date.as_deref().is_some_and(is_http_date));
    let value = reply.retry_after.as_deref().map(str::trim);
    match (value, reading.retry_after()) {
        (None, wait) => assert_eq!(wait, None),
        (Some(text), Some(wait)) => {
            assert!(!wait.is_zero() && wait <= A_DAY, "{wait:?}");
            match text.parse() {
                Ok(seconds) => assert_eq!(wait, A_DAY.min(Duration::from_secs(seconds))),
                // So many digits that they are no number, or a date, which counts from another.
                Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => assert_eq!(wait, A_DAY),
                Err(_) => assert!(is_http_date(text) && reading.date().is_some()),
            }
        }
        (Some(_), None) => {}
    }
}

fn is_http_date(text: &str) -> bool {
    httpdate::parse_http_date(text.trim()).is_ok()
}

/// All that is kept of the service's words is fit for a log.
fn assert_words(reply: &Reply, reading: &Reading) {
    let attempt = Attempt { client_request_id: "c".to_owned(), request_id: None };
    let mut detail = Detail { attempts: vec![attempt], ..Detail::default() };
    reading.note(&mut detail);
    assert_eq!(detail.http_status(), Some(reply.status));
    assert_eq!(detail.retry_after(), reading.retry_after());
    assert_eq!(detail.settings(), reading.settings().ok());
    let words = [detail.code(), detail.message(), detail.attempts()[0].request_id()];
    words.into_iter().flatten().for_each(assert_one_line);
    if let Some(claims) = detail.claims() {
        assert_one_line(claims);
        let names_them = |challenge: &String| challenge.to_ascii_lowercase().contains("claims");
        assert!(reply.challenges.iter().any(names_them));
        let json = serde_json::from_str::<serde_json::Value>(claims);
        assert!(json.map_or(claims.starts_with('{'), |json| json.is_object()), "{claims}");
    }
    let kind = reading.sync_answer().err().unwrap_or(ErrorKind::Service);
    let error = reading.error(kind);
    assert_eq!(error.kind(), kind);
    let line = error.to_string();
    assert!(line.starts_with(&format!("{kind}: HTTP {}", reply.status)) && !line.contains(char::is_control));
    assert_no_token(&line);
    assert_no_token(&format!("{:?}", error.with_detail(detail)));
}
