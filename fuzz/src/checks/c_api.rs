//! The C entry points that open no connection.
//!
//! Each line of an input is a call: a letter, a blank and an argument. After an empty line follows the CA file.

use std::ffi::{CStr, CString, c_char};
use std::path::PathBuf;
use std::ptr;
use std::sync::LazyLock;

use autopilot_sync::ffi::autopilot_result::*;
use autopilot_sync::ffi::*;

use super::{assert_tells_nothing_of_the_token, line};

/// The password in a proxy's address, which no text may show.
const PASSWORD: &str = "pass-0123456789-word";

/// The one file that is written.
static CA_FILE: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("autopilot-fuzz-{}.pem", std::process::id())));

pub fn c_api(mut data: &[u8]) {
    let mut options = autopilot_options_new().expect("options");
    // This machine's variables must have no influence.
    autopilot_options_set_ignore_environment(Some(&mut options));
    let mut calls = Vec::new();
    while let [letter, b' ', argument @ ..] = line(&mut data) {
        calls.push((*letter, argument));
    }
    for (letter, argument) in calls {
        let text = c_string(argument);
        let result = match letter {
            b'b' => set_text(autopilot_options_set_base_url, &mut options, &text),
            b'p' => set_text(autopilot_options_set_proxy, &mut options, &text),
            b'a' => set_text(autopilot_options_set_user_agent_suffix, &mut options, &text),
            b'f' => set_ca_file(&mut options, argument, data),
            b'c' => autopilot_options_set_cloud(Some(&mut options), number(argument) as i32),
            b't' => autopilot_options_set_timeout_ms(Some(&mut options), number(argument)),
            b'o' => autopilot_options_set_connect_timeout_ms(Some(&mut options), number(argument)),
            b'r' => autopilot_options_set_max_retries(Some(&mut options), number(argument) as i32),
            b'n' => autopilot_options_set_trigger_only(Some(&mut options)),
            b'i' => autopilot_options_set_ignore_environment(Some(&mut options)),
            _ => {
                use_client(&options, argument);
                continue;
            }
        };
        assert_set(&options, result);
    }
    autopilot_options_free(Some(options));
    autopilot_options_free(None);
}

type TextSetter = unsafe extern "C" fn(Option<&mut autopilot_options>, *const c_char) -> autopilot_result;

fn set_text(setter: TextSetter, options: &mut autopilot_options, text: &CStr) -> autopilot_result {
    // SAFETY: a NUL-terminated text that outlives the call.
    unsafe { setter(Some(options), text.as_ptr()) }
}

/// The text as C sees it: up to the first NUL.
fn c_string(bytes: &[u8]) -> CString {
    CString::new(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).expect("it has no NUL")
}

fn number(text: &[u8]) -> i64 {
    std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(i64::MIN)
}

/// The file with the given contents; or, if a name is given, a file that does not exist. An error may show the name, so
/// it contains no password.
fn set_ca_file(options: &mut autopilot_options, name: &[u8], contents: &[u8]) -> autopilot_result {
    let path = if name.is_empty() {
        std::fs::write(&*CA_FILE, contents).expect("a file in the temporary folder");
        c_string(CA_FILE.as_os_str().as_encoded_bytes())
    } else {
        let name: Vec<u8> = name.iter().map(|byte| if b"/-".contains(byte) { b'_' } else { *byte }).collect();
        c_string(&[b"no-such-folder/", &name[..]].concat())
    };
    set_text(autopilot_options_set_ca_file, options, &path)
}

/// A text from the library, valid while its owner lives.
fn text<'a>(pointer: *const c_char) -> Option<&'a str> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the library's texts are NUL-terminated; each is looked at before its owner is freed.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_str().expect("the library's texts are UTF-8"))
}

/// A setter accepts its value or says why not.
fn assert_set(options: &autopilot_options, result: autopilot_result) {
    match (result, text(autopilot_options_error(Some(options)))) {
        (AUTOPILOT_OK, error) => assert_eq!(error, None),
        (AUTOPILOT_ERROR_INVALID_ARGUMENT, Some(error)) => assert_fit(error),
        other => panic!("{other:?}"),
    }
}

fn assert_fit(line: &str) {
    assert!(!line.is_empty() && !line.contains(char::is_control), "{line:?}");
    assert!(!line.contains(PASSWORD), "the password is shown: {line:?}");
}

/// A client with these options. No call on it opens a connection, because its token is invalid.
fn use_client(options: &autopilot_options, token: &[u8]) {
    let token = c_string(&[token.split(|byte| *byte == 0).next().unwrap_or_default(), b" "].concat());
    let (mut client, mut detail) = (ptr::dangling_mut(), ptr::dangling_mut());
    // SAFETY: both places may be written.
    let result = unsafe { autopilot_client_new(Some(options), &mut client, &mut detail) };
    assert_eq!(result == AUTOPILOT_OK, !client.is_null());
    assert!([AUTOPILOT_OK, AUTOPILOT_ERROR_CONFIGURATION].contains(&result), "{result:?}");
    assert_fit(&take_detail(detail, result));
    // SAFETY: the library made it, and nobody else has it.
    let client = (!client.is_null()).then(|| unsafe { Box::from_raw(client) });
    refuse(client.as_deref(), &token);
    autopilot_client_free(client);
}

/// Each call is refused, and has a detail but no other output.
fn refuse(client: Option<&autopilot_client>, token: &CStr) {
    let cancel = autopilot_cancel_new().expect("a cancel");
    if token.count_bytes().is_multiple_of(2) {
        autopilot_cancel_trigger(Some(&cancel));
    }
    let token = token.as_ptr();
    let mut detail = ptr::dangling_mut();
    let mut settings = ptr::dangling_mut();
    // SAFETY: a NUL-terminated text, places that may be written, no callback.
    unsafe {
        assert_refused(autopilot_sync(token), None);
        let result = autopilot_client_sync(client, token, Some(&cancel), &mut detail);
        assert_refused(result, Some(detail));
        let result = autopilot_client_settings(client, token, Some(&cancel), &mut settings, &mut detail);
        assert_refused(result, Some(detail));
        assert!(settings.is_null());
        let (cancel, data) = (Some(&*cancel), ptr::null_mut());
        let result = autopilot_client_sync_and_wait(client, token, 1000, cancel, None, data, &mut detail);
        assert_refused(result, Some(detail));
        let since_ms = 1_767_312_000_000;
        let result =
            autopilot_client_sync_since(client, token, since_ms, 1000, cancel, None, data, &mut detail);
        assert_refused(result, Some(detail));
    }
    autopilot_cancel_free(Some(cancel));
}

fn assert_refused(result: autopilot_result, detail: Option<*mut autopilot_detail>) {
    assert_eq!(result, AUTOPILOT_ERROR_INVALID_ARGUMENT);
    let Some(detail) = detail else { return };
    let line = take_detail(detail, result);
    let said = line.strip_prefix("invalid argument: ").unwrap_or_else(|| panic!("{line:?}"));
    assert_tells_nothing_of_the_token(said);
}

/// Reads everything in the detail of a call that sent nothing, and frees it. Returns its message.
fn take_detail(detail: *mut autopilot_detail, result: autopilot_result) -> String {
    // SAFETY: every call sets it to a new one.
    let detail = unsafe { Box::from_raw(detail) };
    let known = Some(&*detail);
    let name = text(autopilot_result_name(result as i32)).expect("a name");
    assert_eq!(name, format!("{result:?}"));
    assert_eq!(autopilot_detail_result(known), result);
    assert_eq!(autopilot_detail_http_status(known), 0);
    assert_eq!(autopilot_detail_trigger(known), autopilot_sync::Trigger::NotSent);
    assert_eq!(autopilot_detail_attempts(known), 0);
    assert_eq!(autopilot_detail_retry_after_ms(known), -1);
    assert!(autopilot_detail_settings(known).is_null());
    let absent = [
        autopilot_detail_code(known),
        autopilot_detail_service_message(known),
        autopilot_detail_why_unknown(known),
        autopilot_detail_claims(known),
        autopilot_detail_client_request_id(known, result as i32),
        autopilot_detail_request_id(known, i32::MAX),
    ];
    assert!(absent.iter().all(|text| text.is_null()));
    let message = text(autopilot_detail_message(known)).expect("a message").to_owned();
    autopilot_detail_free(Some(detail));
    message
}
