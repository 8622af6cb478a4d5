//! A trigger without a clear answer: the readings must show whether it started a sync.

use std::time::Duration;

use super::observation::Origin;
use super::reading::{compare_last_sync, compare_last_trigger, is_running};
use crate::outcome::Settings;

/// A trigger that shows no effect within this time is taken to have had none.
const TIME_TO_SHOW_EFFECT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct UncertainTrigger {
    /// When its exchange failed.
    pub(super) failed: Duration,
    pub(super) is_repeat: bool,
}

pub(super) enum Effect {
    /// A sync runs, or the times show one that the baseline does not know.
    Sync(Origin),
    NoneYet,
    None,
}

impl UncertainTrigger {
    /// When to decide that the trigger had no effect.
    pub(super) fn decision(&self) -> Duration {
        self.failed + TIME_TO_SHOW_EFFECT
    }

    /// `baseline` is the last reading before the trigger.
    pub(super) fn effect(&self, now: Duration, baseline: &Settings, settings: &Settings) -> Effect {
        if compare_last_trigger(settings, baseline).is_gt() {
            Effect::Sync(Origin::Triggered { accepted: None })
        } else if is_running(settings) || compare_last_sync(settings, baseline).is_gt() {
            Effect::Sync(Origin::Joined)
        } else if now < self.decision() {
            Effect::NoneYet
        } else {
            Effect::None
        }
    }
}
