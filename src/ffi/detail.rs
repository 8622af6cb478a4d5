use std::ffi::{CString, c_char};
use std::ptr;

use once_cell::race::OnceBox;

use super::convert::{pointer, to_c, to_milliseconds};
use super::guard::guard;
use super::{autopilot_result, autopilot_settings};
use crate::outcome::{Attempt, Error, SyncOutcome, Trace, Trigger};

/// What is known about a call besides its result. A function whose last parameter is a detail sets that to a new
/// detail, whatever the result and the other arguments. Free each with autopilot_detail_free(): the function overwrites
/// the old pointer without freeing what it points to. Give NULL if you want no detail. After a fault in the library,
/// the new pointer may be NULL. autopilot_wait_step() and autopilot_fleet_next() have a detail for some events only, and
/// set the pointer to NULL for the others.
///
/// A detail never changes, so any threads may read it at once. Its strings live as long as it does.
///
/// The token is nowhere in it, whatever the server replies.
#[allow(non_camel_case_types)]
pub struct autopilot_detail {
    result: autopilot_result,
    message: CString,
    http_status: i32,
    code: Option<CString>,
    service_message: Option<CString>,
    retry_after_ms: i64,
    trigger: Trigger,
    why_unknown: Option<CString>,
    claims: Option<CString>,
    attempts: Vec<Ids>,
    settings: Option<Box<autopilot_settings>>,
    trace: Trace,
    /// Made when somebody asks for it.
    trace_text: OnceBox<CString>,
}

/// What is known about one request.
struct Ids {
    ours: CString,
    graphs: Option<CString>,
    reason: Option<CString>,
}

impl From<&Attempt> for Ids {
    fn from(attempt: &Attempt) -> Ids {
        Ids {
            ours: to_c(attempt.client_request_id()),
            graphs: attempt.request_id().map(to_c),
            reason: attempt.reason().map(to_c),
        }
    }
}

impl autopilot_detail {
    pub(super) fn new(result: autopilot_result, end: Result<SyncOutcome, Error>) -> autopilot_detail {
        let (line, detail) = match end {
            Ok(outcome) => (outcome.to_string(), outcome.detail),
            Err(error) => (format!("{error:#}"), error.detail().clone()),
        };
        autopilot_detail {
            result,
            message: to_c(&line),
            http_status: detail.http_status().unwrap_or(0).into(),
            code: detail.code().map(to_c),
            service_message: detail.message().map(to_c),
            retry_after_ms: detail.retry_after().map_or(-1, to_milliseconds),
            trigger: detail.trigger(),
            why_unknown: detail.why_unknown().map(to_c),
            claims: detail.claims().map(to_c),
            attempts: detail.attempts().iter().map(Ids::from).collect(),
            settings: detail.settings().map(|settings| Box::new(settings.into())),
            trace: detail.trace,
            trace_text: OnceBox::new(),
        }
    }

    fn attempt(&self, index: i32) -> Option<&Ids> {
        self.attempts.get(usize::try_from(index).ok()?)
    }
}

/// The result that the call returned. AUTOPILOT_ERROR_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_result(detail: Option<&autopilot_detail>) -> autopilot_result {
    detail.map_or(autopilot_result::AUTOPILOT_ERROR_INVALID_ARGUMENT, |detail| detail.result)
}

/// What happened, on one line, fit for a log. After a 401 or 403 it ends with a hint if the token tells what is wrong,
/// such as "hint: the token expired 12 minutes ago". Never NULL: the empty string for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_message(detail: Option<&autopilot_detail>) -> *const c_char {
    detail.map_or(c"", |detail| &detail.message).as_ptr()
}

/// The HTTP status of the reply to the last request. The reading of autopilot_client_sync() after "too soon" does not
/// count. 0 if there was no reply, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_http_status(detail: Option<&autopilot_detail>) -> i32 {
    detail.map_or(0, |detail| detail.http_status)
}

/// Graph's error code, such as "Forbidden". It differs between the service's front ends, so use it for logs only. NULL
/// if there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_code(detail: Option<&autopilot_detail>) -> *const c_char {
    pointer(detail.and_then(|detail| detail.code.as_ref()))
}

/// The service's own message on one line, without the JSON around it. NULL if there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_service_message(detail: Option<&autopilot_detail>) -> *const c_char {
    pointer(detail.and_then(|detail| detail.service_message.as_ref()))
}

/// How long to wait before the next request, in milliseconds from the end of the call: what the service asks for, or
/// after AUTOPILOT_SYNC_TOO_SOON what follows from the times of the last sync. -1 if unknown, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_retry_after_ms(detail: Option<&autopilot_detail>) -> i64 {
    detail.map_or(-1, |detail| detail.retry_after_ms)
}

/// What became of the trigger. AUTOPILOT_TRIGGER_NOT_SENT for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_trigger(detail: Option<&autopilot_detail>) -> Trigger {
    detail.map_or(Trigger::NotSent, |detail| detail.trigger)
}

/// Why it is unknown how the sync ended, after AUTOPILOT_SYNC_UNCONFIRMED, or when the next is possible, after
/// AUTOPILOT_SYNC_TOO_SOON without a retry-after. One line, for people; the message ends with it. It says one of these:
/// - the settings cannot be read, and the error. After a 403 that has the service's words, which name the missing scope.
/// - no reading of the wait showed the sync. If the status was "failed" in all of them, it also says how many they were
///   and for how long: the service may have an outage.
/// - the settings have no time of a recent sync that explains why it is too soon.
///
/// NULL if neither is unknown, if the client was told not to look (autopilot_options_set_trigger_only()), and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_why_unknown(detail: Option<&autopilot_detail>) -> *const c_char {
    pointer(detail.and_then(|detail| detail.why_unknown.as_ref()))
}

/// The claims that a new token must answer, as JSON. Pass them to whatever issues the token. NULL if the service asked
/// for none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_claims(detail: Option<&autopilot_detail>) -> *const c_char {
    pointer(detail.and_then(|detail| detail.claims.as_ref()))
}

/// The number of requests of the call, with retries and with those that could not be sent. Of a long wait, the detail
/// keeps the first 8 and the last 64. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_attempts(detail: Option<&autopilot_detail>) -> i32 {
    detail.map_or(0, |detail| i32::try_from(detail.attempts.len()).unwrap_or(i32::MAX))
}

/// The GUID that the library gave a request. Microsoft's support asks for it. Intune shows it as "Activity ID", and
/// Microsoft Entra as "Correlation ID". index counts from 0. NULL if there is no such request, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_client_request_id(
    detail: Option<&autopilot_detail>,
    index: i32,
) -> *const c_char {
    pointer(detail.and_then(|detail| detail.attempt(index)).map(|ids| &ids.ours))
}

/// The id that Graph gave a request. Of a request for a token, Entra's trace id or the platform's correlation id. index
/// counts from 0. NULL if there is none, if there is no such request, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_request_id(
    detail: Option<&autopilot_detail>,
    index: i32,
) -> *const c_char {
    pointer(detail.and_then(|detail| detail.attempt(index)).and_then(|ids| ids.graphs.as_ref()))
}

/// Why a request failed, on one line: the message that the call would have had. index counts from 0. NULL if the request
/// did not fail, if there is no such request, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_attempt_reason(
    detail: Option<&autopilot_detail>,
    index: i32,
) -> *const c_char {
    pointer(detail.and_then(|detail| detail.attempt(index)).and_then(|ids| ids.reason.as_ref()))
}

/// The story of the call: what happened when. Neither the token nor a proxy's user name or password is in it.
///
/// It has a line for each event, with a line feed at the end: "MS ms TOPIC: TEXT". MS are the milliseconds since the
/// start of the call. TOPIC is one of these words, which never change: proxy, trust, look-up, connect, tunnel, tls,
/// certificate, request, reply, retry, reading, token. TEXT is for people, in UTF-8, and may change between versions.
/// Of a long wait, only the first 8 and the last 64 events are kept; a line with the topic left-out says in their place
/// how many there were. A call on an open connection has only its request and the reply.
///
/// The text is made when this is first called. Never NULL: the empty string for NULL, and after a fault in the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_trace(detail: Option<&autopilot_detail>) -> *const c_char {
    let text = guard(None, || {
        detail.map(|detail| detail.trace_text.get_or_init(|| Box::new(to_c(&detail.trace.to_string()))))
    });
    text.map_or(c"", CString::as_c_str).as_ptr()
}

/// The settings that the call read last. They belong to the detail: do not free them. NULL if it read none, and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_settings(detail: Option<&autopilot_detail>) -> *const autopilot_settings {
    detail.and_then(|detail| detail.settings.as_deref()).map_or(ptr::null(), ptr::from_ref)
}

/// Frees a detail. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_detail_free(detail: Option<Box<autopilot_detail>>) {
    guard((), || drop(detail));
}
