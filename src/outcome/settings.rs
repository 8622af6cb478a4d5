//! The `windowsAutopilotSettings` resource: the state and the times of the last sync.

use std::time::SystemTime;

use crate::text::time::{self, Time};
use crate::text::{Object, Token, one_line, printable};

/// The documented ten minutes between two syncs, plus a margin of ten seconds that scripts in the field use.
pub(crate) const WINDOW_SECONDS: i64 = 610;

/// The state of the current or last sync. The documentation has four states, and the service may add more.
///
/// ```no_run
/// # let token = "a-token";
/// use autopilot_sync::{Client, SyncStatus};
///
/// match Client::new()?.settings(token)?.status() {
///     Some(SyncStatus::InProgress) => println!("a sync is running"),
///     Some(SyncStatus::Failed) => println!("the last sync failed"),
///     Some(status) => println!("{}", status.as_str()),
///     None => println!("the service does not say"),
/// }
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncStatus {
    /// The service says that it does not know the state.
    Unknown,
    /// A sync is running.
    InProgress,
    /// The last sync completed.
    Completed,
    /// The last sync failed.
    Failed,
    /// A state that this version does not know, in the service's own word.
    Other(String),
}

/// What the service says about its Windows Autopilot sync: the resource [`windowsAutopilotSettings`].
///
/// Its times are by the service's clock. `PartialEq` compares the text that the service wrote: `2026-01-02T03:04:05Z`
/// and `2026-01-02T03:04:05.0Z` differ.
///
/// ```no_run
/// # let token = "a-token";
/// let settings = autopilot_sync::Client::new()?.settings(token)?;
/// println!("{:?}, last sync {:?}", settings.status(), settings.last_sync_text());
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
///
/// [`windowsAutopilotSettings`]:
/// https://learn.microsoft.com/graph/api/resources/intune-enrollment-windowsautopilotsettings?view=graph-rest-beta
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    id: Option<String>,
    status: Option<SyncStatus>,
    last_sync: Moment,
    last_manual_sync: Moment,
}

/// A time: the text that the service wrote, and its value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Moment {
    text: Option<String>,
    time: Option<Time>,
}

impl Settings {
    /// Reads the bare object that the service sends, or the documented `{"value": {…}}`. None if it has neither a
    /// status nor a last sync, or a property of another type.
    pub(crate) fn read(body: &Object<'_>, token: Token<'_>) -> Option<Settings> {
        let value = body.object("value");
        let object = value.as_ref().unwrap_or(body);
        let text = |name| object.text(name).ok();
        let (status, last_sync) = (text("syncStatus")?, text("lastSyncDateTime")?);
        if status.is_none() && last_sync.is_none() {
            return None;
        }
        Some(Settings {
            id: text("id")?.and_then(|id| one_line(&id, token)),
            status: status.and_then(|status| SyncStatus::read(&status, token)),
            last_sync: Moment::read(last_sync, token)?,
            last_manual_sync: Moment::read(text("lastManualSyncTriggerDateTime")?, token)?,
        })
    }

    /// The id of the resource, which is the tenant's account in Intune.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// println!("account {}", settings.id().unwrap_or("without an id"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The state of the current or last sync. None if the service gave none.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let is_running = settings.status() == Some(&autopilot_sync::SyncStatus::InProgress);
    /// # assert!(!is_running);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn status(&self) -> Option<&SyncStatus> {
        self.status.as_ref()
    }

    /// `lastSyncDateTime`. None for never, and for a time that this system's clock cannot have.
    ///
    /// The service does not document whether it marks the start or the end of a sync.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::time::Duration;
    ///
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let age = settings.last_sync().and_then(|time| time.elapsed().ok());
    /// if age.is_none_or(|age| age > Duration::from_secs(12 * 3600)) {
    ///     println!("no sync in the last twelve hours");
    /// }
    /// # assert!(age.unwrap() > Duration::from_secs(80_000));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_sync(&self) -> Option<SystemTime> {
        self.last_sync.time.and_then(Time::system_time)
    }

    /// `lastSyncDateTime` in milliseconds since 1970 (UTC). None for never.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// println!("{{\"last_sync_ms\": {}}}", settings.last_sync_unix_ms().unwrap_or(0));
    /// # assert!(settings.last_sync_unix_ms().unwrap() > 1_767_312_000_000);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_sync_unix_ms(&self) -> Option<i64> {
        self.last_sync.time.map(Time::unix_milliseconds)
    }

    /// `lastSyncDateTime` as the service wrote it. A time in year 1 means never.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// println!("last sync: {}", settings.last_sync_text().unwrap_or("unknown"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_sync_text(&self) -> Option<&str> {
        self.last_sync.text.as_deref()
    }

    /// `lastManualSyncTriggerDateTime`. None for never, and for a time that this system's clock cannot have.
    ///
    /// Intune also syncs by itself, so `lastSyncDateTime` need not belong to this trigger.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let has_run_since = settings.last_sync() >= settings.last_manual_sync();
    /// # assert!(has_run_since);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_manual_sync(&self) -> Option<SystemTime> {
        self.last_manual_sync.time.and_then(Time::system_time)
    }

    /// `lastManualSyncTriggerDateTime` in milliseconds since 1970 (UTC). None for never.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let has_run_since = settings.last_sync_unix_ms() >= settings.last_manual_sync_unix_ms();
    /// # assert!(has_run_since);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_manual_sync_unix_ms(&self) -> Option<i64> {
        self.last_manual_sync.time.map(Time::unix_milliseconds)
    }

    /// `lastManualSyncTriggerDateTime` as the service wrote it. A time in year 1 means never.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// println!("last triggered: {}", settings.last_manual_sync_text().unwrap_or("unknown"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn last_manual_sync_text(&self) -> Option<&str> {
        self.last_manual_sync.text.as_deref()
    }

    /// When the service should accept the next trigger, **by the service's clock**: the later of both times, plus the
    /// documented ten minutes, plus a margin of ten seconds. None if there was never a sync, and for a time that this
    /// system's clock cannot have.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use std::time::Duration;
    ///
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let last = settings.last_sync().max(settings.last_manual_sync());
    /// assert_eq!(settings.next_sync(), last.map(|time| time + Duration::from_secs(610)));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn next_sync(&self) -> Option<SystemTime> {
        self.next_sync_time().and_then(Time::system_time)
    }

    /// The same in milliseconds since 1970.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let settings = autopilot_sync::Client::new()?.settings(token)?;
    /// let last = settings.last_sync_unix_ms().max(settings.last_manual_sync_unix_ms());
    /// assert_eq!(settings.next_sync_unix_ms(), last.map(|ms| ms + 610_000));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn next_sync_unix_ms(&self) -> Option<i64> {
        self.next_sync_time().map(Time::unix_milliseconds)
    }

    pub(crate) fn next_sync_time(&self) -> Option<Time> {
        let (sync, manual) = (self.last_sync.time, self.last_manual_sync.time);
        let later = if time::compare(sync, manual).is_ge() { sync } else { manual };
        later.map(|time| time.plus_seconds(WINDOW_SECONDS))
    }

    pub(crate) fn last_sync_time(&self) -> Option<Time> {
        self.last_sync.time
    }

    pub(crate) fn last_manual_sync_time(&self) -> Option<Time> {
        self.last_manual_sync.time
    }
}

impl SyncStatus {
    fn read(text: &str, token: Token<'_>) -> Option<SyncStatus> {
        // Compare the text as it is shown, so that no text shows `completed` and means another state.
        Some(match printable(text).trim() {
            "unknown" => SyncStatus::Unknown,
            "inProgress" => SyncStatus::InProgress,
            "completed" => SyncStatus::Completed,
            "failed" => SyncStatus::Failed,
            _ => SyncStatus::Other(one_line(text, token)?),
        })
    }

    /// The service's own word.
    ///
    /// ```
    /// use autopilot_sync::SyncStatus;
    ///
    /// assert_eq!(SyncStatus::InProgress.as_str(), "inProgress");
    /// assert_eq!(SyncStatus::Other("paused".to_owned()).as_str(), "paused");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            SyncStatus::Unknown => "unknown",
            SyncStatus::InProgress => "inProgress",
            SyncStatus::Completed => "completed",
            SyncStatus::Failed => "failed",
            SyncStatus::Other(text) => text,
        }
    }
}

impl Moment {
    /// None if the text is not a time.
    fn read(text: Option<String>, token: Token<'_>) -> Option<Moment> {
        let text = text.as_deref();
        let time = text.map(|text| Time::parse(text).ok_or(())).transpose().ok()?;
        let text = text.and_then(|text| one_line(text, token));
        Some(Moment { text, time: time.filter(|time| !time.is_never()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::time::{Duration, UNIX_EPOCH};

    fn read(body: &str) -> Option<Settings> {
        read_with("completed-secret", body)
    }

    fn read_with(token: &str, body: &str) -> Option<Settings> {
        Settings::read(&Object::read(body.as_bytes()).ok()?, Token::new(token).unwrap())
    }

    fn wire() -> Value {
        json!({
            "@odata.context": "https://graph.microsoft.com/beta/$metadata#deviceManagement/windowsAutopilotSettings/$entity",
            "id": "2f2a63f3-8e5e-4d3a-b3c5-111122223333",
            "lastSyncDateTime": "2026-01-02T03:04:05.6789012Z",
            "lastManualSyncTriggerDateTime": "2026-01-02T03:04:05.1234567Z",
            "syncStatus": "completed"
        })
    }

    #[test]
    fn both_documented_shapes_are_read() {
        let bare = read(&wire().to_string()).unwrap();
        assert_eq!(bare.id(), Some("2f2a63f3-8e5e-4d3a-b3c5-111122223333"));
        assert_eq!(bare.status(), Some(&SyncStatus::Completed));
        assert_eq!(bare.last_sync_unix_ms(), Some(1_767_323_045_678));
        assert_eq!(bare.last_sync_text(), Some("2026-01-02T03:04:05.6789012Z"));
        assert_eq!(bare.last_manual_sync_unix_ms(), Some(1_767_323_045_123));
        assert_eq!(bare.last_manual_sync_text(), Some("2026-01-02T03:04:05.1234567Z"));
        assert_eq!(bare.next_sync_unix_ms(), Some(1_767_323_045_678 + 610_000));
        let time = |seconds, nanos| Some(UNIX_EPOCH + Duration::new(seconds, nanos));
        assert_eq!(bare.last_sync(), time(1_767_323_045, 678_901_200));
        assert_eq!(bare.last_manual_sync(), time(1_767_323_045, 123_456_700));
        assert_eq!(bare.next_sync(), time(1_767_323_655, 678_901_200));
        assert_eq!(read(&json!({"value": wire()}).to_string()), Some(bare));
    }

    #[test]
    fn what_else_is_in_them_may_be_of_any_depth_and_shape() {
        let bare = read(&wire().to_string());
        let lists = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let objects = format!("{}0{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
        for other in [lists.as_str(), &objects, "1e999999", "\"\\ud800\"", "7"] {
            let more = wire().to_string().replacen('{', &format!("{{\"x\":{other},\"value\":[{other}],"), 1);
            assert_eq!(read(&more), bare);
            assert_eq!(read(&format!("{{\"x\":{other},\"value\":{more}}}")), bare);
        }
        let twice = wire().to_string().replacen('{', "{\"syncStatus\":2,", 1);
        assert_eq!(read(&twice), bare, "the last one counts");
    }

    #[test]
    fn a_status_keeps_its_word() {
        for (word, status) in [
            ("unknown", SyncStatus::Unknown),
            ("inProgress", SyncStatus::InProgress),
            ("completed", SyncStatus::Completed),
            ("failed", SyncStatus::Failed),
            ("InProgress", SyncStatus::Other("InProgress".into())),
            ("paused", SyncStatus::Other("paused".into())),
            ("completed\n", SyncStatus::Completed),
        ] {
            let settings = read(&json!({"syncStatus": word}).to_string()).unwrap();
            assert_eq!(settings.status(), Some(&status));
            assert_eq!(settings.status().unwrap().as_str(), word.trim());
        }
    }

    #[test]
    fn never_is_no_time() {
        let never = "0001-01-01T00:00:00Z";
        let body = json!({"syncStatus": "unknown", "lastSyncDateTime": never, "lastManualSyncTriggerDateTime": null});
        let settings = read(&body.to_string()).unwrap();
        assert_eq!((settings.last_sync_unix_ms(), settings.last_sync_text()), (None, Some(never)));
        assert_eq!((settings.last_manual_sync_unix_ms(), settings.last_manual_sync_text()), (None, None));
        assert_eq!(settings.next_sync_unix_ms(), None);
        assert_eq!([settings.last_sync(), settings.last_manual_sync(), settings.next_sync()], [None; 3]);
    }

    #[test]
    fn the_next_sync_counts_from_the_later_time() {
        let mut body = wire();
        body["lastManualSyncTriggerDateTime"] = json!("2026-01-02T03:05:00Z");
        assert_eq!(read(&body.to_string()).unwrap().next_sync_unix_ms(), Some(1_767_323_100_000 + 610_000));
    }

    #[test]
    fn another_shape_is_no_settings() {
        for body in [
            "",
            "null",
            "[]",
            "\"completed\"",
            "<html>",
            "{}",
            "{\"value\": []}",
            "{\"value\": {}}",
            "{\"error\": {\"code\": \"x\"}}",
            "{\"syncStatus\": 2}",
            "{\"syncStatus\": [\"completed\"]}",
            "{\"syncStatus\": \"completed\"}}",
            "{\"syncStatus\": \"completed\", \"x\": [}",
            "{\"syncStatus\": \"completed\", \"id\": 7}",
            "{\"syncStatus\": \"completed\", \"lastSyncDateTime\": \"yesterday\"}",
            "{\"syncStatus\": \"completed\", \"lastSyncDateTime\": 7}",
            "{\"syncStatus\": \"completed\", \"lastManualSyncTriggerDateTime\": \"2026\"}",
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn an_echoed_token_is_not_kept() {
        let settings =
            read(&json!({"syncStatus": "completed-secret", "id": "a completed-secret"}).to_string()).unwrap();
        assert!(!format!("{settings:?}").contains("completed-secret"));
        let settings = read_with("completed", &wire().to_string()).unwrap();
        assert_eq!(
            settings.status(),
            Some(&SyncStatus::Completed),
            "it is read before anything is taken out"
        );
    }
}
