//! What the result of a request means to the machine.

use super::machine::Event;
use crate::outcome::{Answer, Error, ErrorKind, Operation, Trigger};
use crate::service::reply::Reply;
use crate::service::retry::{self, Obstacle};
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
        Err(failure) => Meaning { event: without_settings_or_reply(&failure), error: Some(failure.error) },
    }
}

pub(super) fn of_trigger(result: Result<Reply, Failure>) -> Meaning {
    match result {
        Ok(reply) => match reply.sync_answer() {
            Ok(answer) => Meaning { event: of_answer(answer, &reply), error: None },
            Err(kind) => Meaning { event: without_answer(&reply), error: Some(reply.error(kind)) },
        },
        Err(failure) => Meaning { event: without_answer_or_reply(&failure), error: Some(failure.error) },
    }
}

/// What a reply without settings means.
fn without_settings(reply: &Reply, kind: ErrorKind) -> Event {
    match (kind, reply.status) {
        _ if reply.refuses_token() => Event::TokenRefused,
        (ErrorKind::Forbidden, _) => Event::ReadForbidden,
        (ErrorKind::Protocol, _) | (ErrorKind::Service, ..400 | 409 | 429 | 500..) => {
            Event::ReadFailedForNow(obstacle(Operation::ReadSettings, reply))
        }
        _ => Event::ReadFailedForGood,
    }
}

/// What it means that no reply to a reading came.
fn without_settings_or_reply(failure: &Failure) -> Event {
    match failure.error.kind() {
        kind if is_for_good(kind) => Event::ReadFailedForGood,
        ErrorKind::Connect | ErrorKind::Tls if !failure.obstacle.is_repeatable => Event::CannotConnect,
        _ => Event::ReadFailedForNow(failure.obstacle),
    }
}

fn of_answer(answer: Answer, reply: &Reply) -> Event {
    match answer {
        Answer::AlreadyRunning => Event::SyncAlreadyRunning,
        Answer::TooSoon => Event::TriggerTooSoon { retry_after: reply.retry_after(), date: reply.date() },
        _ => Event::TriggerAccepted { date: reply.date() },
    }
}

/// What a reply means that is no answer to the trigger.
fn without_answer(reply: &Reply) -> Event {
    let obstacle = obstacle(Operation::TriggerSync, reply);
    match Trigger::after_status(reply.status) {
        Trigger::MayHaveRun => Event::TriggerMayHaveRun,
        _ if reply.refuses_token() => Event::TokenRefused,
        _ if obstacle.is_repeatable => Event::TriggerFailedForNow(obstacle),
        _ => Event::TriggerFailed,
    }
}

/// What it means that no reply to the trigger came.
fn without_answer_or_reply(failure: &Failure) -> Event {
    match failure.error.kind() {
        _ if failure.sent => Event::TriggerMayHaveRun,
        kind if is_for_good(kind) => Event::TriggerFailed,
        _ => Event::TriggerFailedForNow(failure.obstacle),
    }
}

/// A fault of this machine, or a credential that is refused, does not heal by itself.
fn is_for_good(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Configuration | ErrorKind::Internal | ErrorKind::Unauthorized)
}

fn obstacle(operation: Operation, reply: &Reply) -> Obstacle {
    let is_repeatable = retry::is_repeatable(operation, reply.status);
    Obstacle { retry_after: reply.retry_after(), is_repeatable, is_starting: false }
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
        let obstacle = |is_repeatable| Obstacle { retry_after, is_repeatable, is_starting: false };
        let word = match event {
            Event::SettingsRead { date: told, .. } if told == date => "read",
            Event::ReadForbidden => "forbidden",
            Event::TokenRefused => "token refused",
            Event::ReadFailedForNow(Obstacle { retry_after: None, .. }) => "for now",
            Event::ReadFailedForNow(of) if of == obstacle(true) => "for 7 s, repeatable",
            Event::ReadFailedForNow(of) if of == obstacle(false) => "for 7 s",
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
            Event::TriggerFailedForNow(Obstacle { retry_after: None, .. }) => "not sent",
            Event::TriggerFailedForNow(of) if of == obstacle(true) => "for 7 s, repeatable",
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
            (401, Some("r"), "", ("token refused", Some(Unauthorized))),
            (401, Some("r"), ENVELOPE, ("forbidden", Some(Forbidden))),
            (403, Some("r"), "", ("forbidden", Some(Forbidden))),
            (403, None, "<html>", ("for 7 s", Some(Protocol))),
            (404, Some("r"), "", ("for good", Some(Service))),
            (408, Some("r"), "", ("for good", Some(Service))),
            (409, Some("r"), "", ("for 7 s", Some(Service))),
            (410, Some("r"), "", ("for good", Some(Service))),
            (428, Some("r"), "", ("for good", Some(Service))),
            (429, Some("r"), "", ("for 7 s, repeatable", Some(Service))),
            (430, Some("r"), "", ("for good", Some(Service))),
            (499, Some("r"), "", ("for good", Some(Service))),
            (500, Some("r"), "", ("for 7 s, repeatable", Some(Service))),
            (503, None, "<html>", ("for 7 s, repeatable", Some(Protocol))),
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
                (ErrorKind::Configuration | ErrorKind::Internal | ErrorKind::Unauthorized, _) => "for good",
                (ErrorKind::Connect | ErrorKind::Tls, false) => "cannot connect",
                _ => "for now",
            };
            let meaning = of_settings(Err(Failure::unsent(Error::new(kind, ""), is_transient)));
            assert_eq!(said(meaning), (expected, Some(kind)), "{kind:?} {is_transient}");
        }
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
            (401, Some("r"), "", ("token refused", Some(Unauthorized))),
            (401, Some("r"), ENVELOPE, ("failed", Some(Forbidden))),
            (403, Some("r"), "", ("failed", Some(Forbidden))),
            (500, Some("r"), "", ("may have run", Some(Service))),
            (502, None, "<html>", ("may have run", Some(Protocol))),
            (403, None, "<html>", ("failed", Some(Protocol))),
            (404, Some("r"), "", ("failed", Some(Service))),
            (503, Some("r"), "", ("for 7 s, repeatable", Some(Service))),
            (503, None, "<html>", ("for 7 s, repeatable", Some(Protocol))),
            (504, Some("r"), "", ("may have run", Some(Service))),
        ] {
            assert_eq!(said(of_trigger(reply(status, request_id, body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_trigger_without_a_reply() {
        for kind in ErrorKind::ALL {
            let expected = match kind {
                ErrorKind::Configuration | ErrorKind::Internal | ErrorKind::Unauthorized => "failed",
                _ => "not sent",
            };
            for (sent, expected) in [(false, expected), (true, "may have run")] {
                let failure = Failure { sent, ..Failure::unsent(Error::new(kind, ""), true) };
                assert_eq!(said(of_trigger(Err(failure))), (expected, Some(kind)));
            }
        }
    }
}
