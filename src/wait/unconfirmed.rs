//! Why a wait does not know how a sync ended, or when the next is possible.

use std::time::Duration;

use crate::outcome::{Error, Settings, SyncStatus};

/// What the readings of a wait were like.
#[derive(Default)]
pub(super) struct Readings {
    /// The last reading was refused: what [`Detail::why_unknown`](crate::Detail::why_unknown) says then.
    refusal: Option<String>,
    first: Option<Duration>,
    count: u32,
    /// How many had the status `failed`.
    failed: u32,
}

impl Readings {
    /// A reading was received at this time, counted from the start of the wait.
    pub(super) fn read(&mut self, now: Duration, settings: &Settings) {
        self.refusal = None;
        self.first.get_or_insert(now);
        self.count += 1;
        self.failed += u32::from(settings.status() == Some(&SyncStatus::Failed));
    }

    pub(super) fn refused(&mut self, error: &Error) {
        self.refusal = Some(error.why_unknown());
    }

    /// What [`Detail::why_unknown`](crate::Detail::why_unknown) says if the wait ends now. A `failed` that stood all
    /// through tells of no single sync: the service may have an outage.
    pub(super) fn why_unknown(&self, now: Duration) -> String {
        if let Some(refusal) = &self.refusal {
            return refusal.clone();
        }
        let mut why = "no reading showed the sync".to_owned();
        if self.count > 0 && self.failed == self.count {
            let seconds = now.saturating_sub(self.first.unwrap_or(now)).as_secs();
            why += &format!(", and the status was failed in all {} readings, for {seconds} s", self.count);
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ErrorKind;
    use crate::text::{Object, Token};

    fn after(statuses: &[&str]) -> Readings {
        let mut readings = Readings::default();
        for (number, status) in statuses.iter().enumerate() {
            let body = format!(r#"{{"syncStatus":"{status}"}}"#);
            let object = Object::read(body.as_bytes()).unwrap();
            let settings = Settings::read(&object, Token::new("a-token").unwrap()).unwrap();
            readings.read(Duration::from_secs(10 + number as u64), &settings);
        }
        readings
    }

    #[test]
    fn it_tells_of_a_status_that_stood_at_failed() {
        let why = |statuses: &[&str]| after(statuses).why_unknown(Duration::from_millis(131_900));
        for statuses in [&["completed"][..], &["failed", "completed"], &["unknown", "failed"], &[]] {
            assert_eq!(why(statuses), "no reading showed the sync", "{statuses:?}");
        }
        assert_eq!(
            why(&["failed", "failed", "failed"]),
            "no reading showed the sync, and the status was failed in all 3 readings, for 121 s"
        );
    }

    #[test]
    fn it_tells_of_a_refused_reading() {
        let mut readings = after(&["failed"]);
        readings.refused(&Error::new(ErrorKind::Forbidden, "HTTP 403: Forbidden: no scope"));
        let expected = "the settings cannot be read, forbidden: HTTP 403: Forbidden: no scope";
        assert_eq!(readings.why_unknown(Duration::ZERO), expected);
        let settings = Object::read(br#"{"syncStatus":"completed"}"#).unwrap();
        readings.read(Duration::ZERO, &Settings::read(&settings, Token::new("a-token").unwrap()).unwrap());
        assert_eq!(readings.why_unknown(Duration::ZERO), "no reading showed the sync");
    }
}
