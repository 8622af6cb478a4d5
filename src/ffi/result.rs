use std::ffi::c_char;

use crate::outcome::{Answer, Error};

/// cbindgen:rename-all=None
/// The result of a call. Zero and above are answers of the service. Below zero are errors.
///
/// The numbers are the same in every language and never change their meaning. Later versions may add some: treat an
/// unknown number above zero as an answer, and one below zero as an error.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_result {
    /// Success. For a trigger: the service accepted it (HTTP 204), and the sync runs on. For a wait: the sync
    /// completed.
    AUTOPILOT_OK = 0,
    /// A sync is already running (HTTP 409). For a wait: it joined that sync, which completed.
    AUTOPILOT_SYNC_ALREADY_RUNNING = 1,
    /// A sync ran less than ten minutes ago, perhaps for another caller (HTTP 429). When to try again: see
    /// autopilot_detail_retry_after_ms() and autopilot_settings_next_sync_ms().
    AUTOPILOT_SYNC_TOO_SOON = 2,
    /// For a wait only: a sync was accepted or is running, but its end cannot be observed.
    /// autopilot_detail_why_unknown() says why.
    AUTOPILOT_SYNC_UNCONFIRMED = 3,
    /// From autopilot_client_sync_since() only: a sync has completed since the change. Nothing was triggered.
    AUTOPILOT_SYNC_UP_TO_DATE = 4,
    /// NULL, or a token or an option that is not valid. Nothing was sent.
    AUTOPILOT_ERROR_INVALID_ARGUMENT = -1,
    /// No connection: the name look-up, TCP or the proxy failed, the proxy refused, or no file descriptor or thread is
    /// left. Nothing was sent.
    AUTOPILOT_ERROR_CONNECT = -2,
    /// The service's certificate is not trusted, or the TLS handshake failed. Nothing was sent.
    AUTOPILOT_ERROR_TLS = -3,
    /// The call did not end before its deadline.
    AUTOPILOT_ERROR_TIMEOUT = -4,
    /// The caller cancelled the call.
    AUTOPILOT_ERROR_CANCELLED = -5,
    /// The connection broke after the request was sent. The service may have carried it out.
    AUTOPILOT_ERROR_CONNECTION_LOST = -6,
    /// HTTP 401: the service wants a new token. Or Microsoft Entra refuses the credential.
    AUTOPILOT_ERROR_UNAUTHORIZED = -7,
    /// HTTP 403, or a 401 of Intune's own: the tenant has no licence, or the caller lacks a permission.
    AUTOPILOT_ERROR_FORBIDDEN = -8,
    /// Any other HTTP status.
    AUTOPILOT_ERROR_SERVICE = -9,
    /// The reply is not HTTP, or not in the documented form, or comes from a proxy or gateway instead of Microsoft
    /// Graph.
    AUTOPILOT_ERROR_PROTOCOL = -10,
    /// The service reports that the sync failed.
    AUTOPILOT_ERROR_SYNC_FAILED = -11,
    /// A fault in this library.
    AUTOPILOT_ERROR_INTERNAL = -12,
    /// An environment variable, a CA file, a proxy address or a credential cannot be used. The request was not sent.
    AUTOPILOT_ERROR_CONFIGURATION = -13,
}

macro_rules! named {
    ($($name:ident),* $(,)?) => { [$((autopilot_result::$name, concat!(stringify!($name), "\0"))),*] };
}
/// Each result with its name, which ends in a NUL.
const NAMED: [(autopilot_result, &str); 18] = named![
    AUTOPILOT_OK,
    AUTOPILOT_SYNC_ALREADY_RUNNING,
    AUTOPILOT_SYNC_TOO_SOON,
    AUTOPILOT_SYNC_UNCONFIRMED,
    AUTOPILOT_SYNC_UP_TO_DATE,
    AUTOPILOT_ERROR_INVALID_ARGUMENT,
    AUTOPILOT_ERROR_CONNECT,
    AUTOPILOT_ERROR_TLS,
    AUTOPILOT_ERROR_TIMEOUT,
    AUTOPILOT_ERROR_CANCELLED,
    AUTOPILOT_ERROR_CONNECTION_LOST,
    AUTOPILOT_ERROR_UNAUTHORIZED,
    AUTOPILOT_ERROR_FORBIDDEN,
    AUTOPILOT_ERROR_SERVICE,
    AUTOPILOT_ERROR_PROTOCOL,
    AUTOPILOT_ERROR_SYNC_FAILED,
    AUTOPILOT_ERROR_INTERNAL,
    AUTOPILOT_ERROR_CONFIGURATION,
];

impl autopilot_result {
    /// The result with this number. The numbers of answers and errors are those of C.
    fn of_code(code: i32) -> autopilot_result {
        let known = NAMED.iter().find(|(known, _)| *known as i32 == code);
        known.map_or(autopilot_result::AUTOPILOT_ERROR_INTERNAL, |(known, _)| *known)
    }
}

impl From<Answer> for autopilot_result {
    fn from(answer: Answer) -> autopilot_result {
        autopilot_result::of_code(answer.code())
    }
}

impl From<&Error> for autopilot_result {
    fn from(error: &Error) -> autopilot_result {
        autopilot_result::of_code(error.kind().code())
    }
}

/// The name of a result, such as "AUTOPILOT_SYNC_TOO_SOON", for a log.
///
/// Returns a static string, never NULL. It is "AUTOPILOT_UNKNOWN" for a number that this version does not know. Any
/// thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_result_name(result: i32) -> *const c_char {
    let known = NAMED.iter().find(|(known, _)| *known as i32 == result);
    known.map_or("AUTOPILOT_UNKNOWN\0", |(_, name)| name).as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ErrorKind;
    use std::ffi::CStr;

    #[test]
    fn a_result_has_the_code_of_what_it_stands_for() {
        for answer in Answer::ALL {
            assert_eq!(autopilot_result::from(answer) as i32, answer.code());
        }
        for kind in ErrorKind::ALL {
            assert_eq!(autopilot_result::from(&Error::new(kind, "")) as i32, kind.code());
        }
    }

    #[test]
    fn every_result_has_its_name() {
        // SAFETY: a static string.
        let named = |result| unsafe { CStr::from_ptr(autopilot_result_name(result)) };
        for (result, _) in NAMED {
            assert_eq!(named(result as i32).to_str().unwrap(), format!("{result:?}"));
        }
        for unknown in [5, -14, i32::MIN, i32::MAX] {
            assert_eq!(named(unknown), c"AUTOPILOT_UNKNOWN");
        }
    }
}
