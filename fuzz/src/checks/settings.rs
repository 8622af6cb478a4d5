//! The settings. An input is their body.

use chrono::DateTime;
use serde_json::{Value, json};

use super::{a_token, assert_one_line};
use crate::outcome::Settings;
use crate::text::Object;

/// 0002-01-01T00:00:00Z. Any time before it means "never".
const YEAR_2: i64 = -62_104_060_800;

const WINDOW_MS: i64 = 610_000;

pub(super) fn read(body: &[u8]) -> Option<Settings> {
    Settings::read(&Object::read(body).ok()?, a_token())
}

pub fn settings(data: &[u8]) {
    let read = self::read(data);
    assert_same_in_an_envelope(data, &read);
    let Some(settings) = read else { return };
    let status = settings.status().map(|status| status.as_str());
    let texts = [settings.id(), status, settings.last_sync_text(), settings.last_manual_sync_text()];
    texts.into_iter().flatten().for_each(assert_one_line);
    let times = [
        (settings.last_sync_text(), settings.last_sync_unix_ms()),
        (settings.last_manual_sync_text(), settings.last_manual_sync_unix_ms()),
    ];
    times.into_iter().for_each(|(text, milliseconds)| assert_time(text, milliseconds));
    assert_next(&settings);
    assert_kept(&settings);
}

/// The documented `{"value": {…}}` means the same as the bare object.
fn assert_same_in_an_envelope(data: &[u8], read: &Option<Settings>) {
    let envelope = [b"{\"value\":", data, b"}"].concat();
    if let Ok(envelope_value) = serde_json::from_slice::<Value>(&envelope)
        && envelope_value["value"].is_object()
        && !envelope_value["value"]["value"].is_object()
    {
        assert_eq!(&self::read(&envelope), read);
    }
}

/// A time equals its text.
fn assert_time(text: Option<&str>, milliseconds: Option<i64>) {
    let time = text.map(|text| DateTime::parse_from_rfc3339(text).expect("it was read as a time"));
    match (time, milliseconds) {
        (Some(time), Some(milliseconds)) => {
            assert_eq!(milliseconds.div_euclid(1000), time.timestamp(), "{text:?}");
        }
        (Some(never), None) => assert!(never.timestamp() < YEAR_2),
        (None, milliseconds) => assert_eq!(milliseconds, None),
    }
}

/// The next sync is a window after the later of the two times, compared in the coarser of their precisions.
fn assert_next(settings: &Settings) {
    let last = settings.last_sync_unix_ms().max(settings.last_manual_sync_unix_ms());
    match (last, settings.next_sync_unix_ms()) {
        (Some(last), Some(next)) => assert!((last + WINDOW_MS - next).abs() < 1000, "{last} {next}"),
        (last, next) => assert_eq!(last, next),
    }
}

/// The kept settings, written and read again, are the same.
fn assert_kept(settings: &Settings) {
    let status = settings.status().map(|status| status.as_str());
    if status.or(settings.last_sync_text()).is_none() {
        return; // nothing printable was left of what made it settings
    }
    let again = json!({
        "id": settings.id(),
        "syncStatus": status,
        "lastSyncDateTime": settings.last_sync_text(),
        "lastManualSyncTriggerDateTime": settings.last_manual_sync_text(),
    });
    assert_eq!(read(again.to_string().as_bytes()).as_ref(), Some(settings));
}
