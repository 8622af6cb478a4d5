//! What the result of a request means to the machine.

use super::machine::Event;
use crate::outcome::{Answer, Error, ErrorKind, Trigger};
use crate::service::reply::Reply;
use crate::transport::Failure;

/// The event, and the error that the wait returns if it ends with this event.
pub(super) struct Meaning {
    pub(super) event: Event,
    pub(super) error: Option<Error>,
}

pub(super) fn of_settings(result: Result<Reply, Failure>) -> Meaning {
    match result {
        Ok(reply) => match reply.settings() {
            Ok(settings) => {
                let event = Event::SettingsRead { settings: settings.clone(), date: reply.date() };
                Meaning { event, error: None }
            }
            Err(kind) => Meaning { event: without_settings(&reply, kind), error: Some(reply.error(kind)) },
        },
        Err(failure) => Meaning {
            event: without_reply(failure.error.kind(), failure.is_transient),
            error: Some(failure.error),
        },
    }
}

pub(super) fn of_trigger(result: Result<Reply, Failure>) -> Meaning {
    let failed = |error, may_have_run| {
        let event = if may_have_run { Event::TriggerMayHaveRun } else { Event::TriggerFailed };
        Meaning { event, error: Some(error) }
    };
    let reply = match result {
        Ok(reply) => reply,
        Err(failure) => return failed(failure.error, failure.sent),
    };
    let event = match reply.sync_answer() {
        Ok(Answer::AlreadyRunning) => Event::SyncAlreadyRunning,
        Ok(Answer::TooSoon) => Event::TriggerTooSoon { retry_after: reply.retry_after(), date: reply.date() },
        Ok(_) => Event::TriggerAccepted { date: reply.date() },
        Err(kind) => {
            return failed(reply.error(kind), Trigger::after_status(reply.status) == Trigger::MayHaveRun);
        }
    };
    Meaning { event, error: None }
}

/// What a reply without settings means.
fn without_settings(reply: &Reply, kind: ErrorKind) -> Event {
    match (kind, reply.status) {
        (ErrorKind::Forbidden, _) => Event::ReadForbidden,
        (ErrorKind::Protocol, _) | (ErrorKind::Service, ..400 | 409 | 429 | 500..) => {
            Event::ReadFailedForNow { retry_after: reply.retry_after() }
        }
        _ => Event::ReadFailedForGood,
    }
}

/// What it means that no reply came. A fault on this machine does not heal by itself.
fn without_reply(kind: ErrorKind, is_transient: bool) -> Event {
    match kind {
        ErrorKind::Configuration | ErrorKind::Internal => Event::ReadFailedForGood,
        ErrorKind::Connect | ErrorKind::Tls if !is_transient => Event::CannotConnect,
        _ => Event::ReadFailedForNow { retry_after: None },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::service::reply::RawReply;
    use crate::text::{Time, Token};

    const DATE: &str = "Wed, 21 Oct 2026 07:28:00 GMT";
    const ENVELOPE: &str = r#"{"error":{"message":"{\"_version\":3,\"Message\":\"no licence\"}"}}"#;
    const SETTINGS: &str = r#"{"syncStatus":"completed"}"#;

    /// A reply of Graph, or of a proxy or gateway.
    fn reply(status: u16, request_id: Option<&str>, body: &str) -> Result<Reply, Failure> {
        let raw = RawReply {
            status,
            request_id: request_id.map(str::to_owned),
            date: Some(DATE.into()),
            retry_after: Some("7".into()),
            body: body.into(),
            ..RawReply::default()
        };
        Ok(Reply::new(&raw, Token::new("a-token").unwrap()))
    }

    fn said(Meaning { event, error }: Meaning) -> (&'static str, Option<ErrorKind>) {
        let (date, retry_after) = (Time::parse_http(DATE), Some(Duration::from_secs(7)));
        let word = match event {
            Event::SettingsRead { date: told, .. } if told == date => "read",
            Event::ReadForbidden => "forbidden",
            Event::ReadFailedForNow { retry_after: None } => "for now",
            Event::ReadFailedForNow { retry_after: told } if told == retry_after => "for 7 s",
            Event::CannotConnect => "cannot connect",
            Event::ReadFailedForGood => "for good",
            Event::TriggerAccepted { date: told } if told == date => "accepted",
            Event::SyncAlreadyRunning => "running",
            Event::TriggerTooSoon { retry_after: pause, date: told }
                if (pause, told) == (retry_after, date) =>
            {
                "too soon"
            }
            Event::TriggerMayHaveRun => "may have run",
            Event::TriggerFailed => "failed",
            event => panic!("{event:?}"),
        };
        (word, error.map(|error| error.kind()))
    }

    #[test]
    fn a_reply_to_a_reading() {
        use ErrorKind::*;
        for (status, request_id, body, expected) in [
            (200, Some("r"), SETTINGS, ("read", None)),
            (200, None, SETTINGS, ("read", None)),
            (200, Some("r"), "{}", ("for 7 s", Some(Protocol))),
            (204, Some("r"), "", ("for 7 s", Some(Service))),
            (302, Some("r"), "", ("for 7 s", Some(Service))),
            (399, Some("r"), "", ("for 7 s", Some(Service))),
            (400, Some("r"), "", ("for good", Some(Service))),
            (400, None, "<html>", ("for 7 s", Some(Protocol))),
            (401, Some("r"), "", ("for good", Some(Unauthorized))),
            (401, Some("r"), ENVELOPE, ("forbidden", Some(Forbidden))),
            (403, Some("r"), "", ("forbidden", Some(Forbidden))),
            (403, None, "<html>", ("for 7 s", Some(Protocol))),
            (404, Some("r"), "", ("for good", Some(Service))),
            (408, Some("r"), "", ("for good", Some(Service))),
            (409, Some("r"), "", ("for 7 s", Some(Service))),
            (410, Some("r"), "", ("for good", Some(Service))),
            (428, Some("r"), "", ("for good", Some(Service))),
            (429, Some("r"), "", ("for 7 s", Some(Service))),
            (430, Some("r"), "", ("for good", Some(Service))),
            (499, Some("r"), "", ("for good", Some(Service))),
            (500, Some("r"), "", ("for 7 s", Some(Service))),
            (503, None, "<html>", ("for 7 s", Some(Protocol))),
            (599, Some("r"), "", ("for 7 s", Some(Service))),
        ] {
            assert_eq!(said(of_settings(reply(status, request_id, body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_reading_without_a_reply() {
        for (kind, is_transient) in ErrorKind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)])
        {
            let expected = match (kind, is_transient) {
                (ErrorKind::Configuration | ErrorKind::Internal, _) => "for good",
                (ErrorKind::Connect | ErrorKind::Tls, false) => "cannot connect",
                _ => "for now",
            };
            let meaning = Meaning { event: without_reply(kind, is_transient), error: None };
            assert_eq!(said(meaning), (expected, None), "{kind:?} {is_transient}");
        }
        let meaning = of_settings(Err(Failure::no_random_bits()));
        assert_eq!(said(meaning), ("for good", Some(ErrorKind::Internal)));
    }

    #[test]
    fn a_reply_to_a_trigger() {
        use ErrorKind::*;
        for (status, request_id, body, expected) in [
            (204, Some("r"), "", ("accepted", None)),
            (204, None, "", ("accepted", None)),
            (409, Some("r"), "", ("running", None)),
            (409, None, "<html>", ("failed", Some(Protocol))),
            (429, Some("r"), "", ("too soon", None)),
            (429, None, "<html>", ("failed", Some(Protocol))),
            (200, Some("r"), "", ("may have run", Some(Service))),
            (307, Some("r"), "", ("failed", Some(Service))),
            (400, Some("r"), "", ("failed", Some(Service))),
            (401, Some("r"), "", ("failed", Some(Unauthorized))),
            (401, Some("r"), ENVELOPE, ("failed", Some(Forbidden))),
            (403, Some("r"), "", ("failed", Some(Forbidden))),
            (500, Some("r"), "", ("may have run", Some(Service))),
            (502, None, "<html>", ("may have run", Some(Protocol))),
            (503, Some("r"), "", ("failed", Some(Service))),
            (504, Some("r"), "", ("may have run", Some(Service))),
        ] {
            assert_eq!(said(of_trigger(reply(status, request_id, body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_trigger_without_a_reply() {
        for (failure, expected) in [
            (Failure::no_random_bits(), ("failed", Some(ErrorKind::Internal))),
            (Failure::cancelled(false), ("failed", Some(ErrorKind::Cancelled))),
            (Failure::cancelled(true), ("may have run", Some(ErrorKind::Cancelled))),
        ] {
            assert_eq!(said(of_trigger(Err(failure))), expected);
        }
    }
}
