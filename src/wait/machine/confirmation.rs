//! When to believe an end that a reading shows: when more readings have shown the same.

use std::time::Duration;

use super::reading::{Reading, compare_last_sync};
use crate::outcome::Settings;

/// If the times moved. The start of the sync may have moved them, and the status may lag behind.
pub(super) const AFTER_MOVED_TIMES: Confirmation = Confirmation { time: Duration::from_secs(5), readings: 2 };

/// If the sync was seen in progress, but no time moved.
pub(super) const AFTER_IN_PROGRESS: Confirmation =
    Confirmation { time: Duration::from_secs(20), readings: 4 };

/// For how long, and in how many readings, the same end must show before it is believed.
pub(super) struct Confirmation {
    pub(super) time: Duration,
    pub(super) readings: u32,
}

/// An end that was read, but is not believed yet.
#[derive(Debug)]
pub(super) struct Candidate {
    first: Settings,
    since: Duration,
    readings: u32,
}

impl Candidate {
    /// Counts the reading for the candidate if it shows the same end. Otherwise the reading is a new candidate.
    pub(super) fn after(candidate: Option<Candidate>, reading: &Reading<'_>) -> Candidate {
        match candidate {
            Some(same) if same.is_shown_by(reading.settings) => {
                Candidate { readings: same.readings + 1, ..same }
            }
            _ => Candidate { first: reading.settings.clone(), since: reading.received, readings: 1 },
        }
    }

    fn is_shown_by(&self, settings: &Settings) -> bool {
        self.first.status() == settings.status() && compare_last_sync(&self.first, settings).is_eq()
    }

    /// Whether the last reading confirms the candidate. The time runs from the first reply to the last request: how
    /// long a reply takes must not count.
    pub(super) fn is_confirmed(&self, needed: &Confirmation, last_request: Duration) -> bool {
        last_request >= self.since + needed.time && self.readings >= needed.readings
    }
}
