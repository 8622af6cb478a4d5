//! After a 429: when the service accepts the next trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::goal::Goal;
use super::look::Look;
use super::reading::is_running;
use super::state::Machine;
use crate::outcome::WINDOW_SECONDS;

/// The first pause after a 429 that the window does not explain: Graph's general throttling. Each further one doubles.
const THROTTLE_PAUSE: Duration = Duration::from_secs(30);

pub(super) const WINDOW: Duration = Duration::from_secs(WINDOW_SECONDS as u64);

impl Machine {
    pub(super) fn after_too_soon(
        &mut self,
        now: Duration,
        event: Event,
        received: Duration,
        retry_after: Option<Duration>,
    ) -> Command {
        let asked = retry_after.map(|wait| received + wait);
        self.asked_until = asked.unwrap_or_default();
        let mut look = Look::new(now);
        match event {
            Event::SettingsRead { settings, date } => {
                self.keep_date(now, date);
                if self.keep_latest(&settings) {
                    if is_running(&settings) {
                        return self.join(now, settings);
                    }
                    if self.counts_from.is_none() {
                        // No `Date` tells an old sync that the reading before lacks from a new one.
                        self.baseline = Some(settings.clone());
                    }
                    self.judge_candidate(now, &settings, date, &mut look);
                }
            }
            Event::ReadFailedForNow { retry_after } => look.fail(now, retry_after),
            Event::CannotConnect => look.fail(now, None),
            Event::ReadForbidden => return Command::Stop(StopReason::TooSoon(asked)),
            _ => return Command::Stop(StopReason::RequestFailed),
        }
        let next = match (asked, self.window_end()) {
            (Some(asked), window) => asked.max(window.unwrap_or_default()),
            (None, Some(window)) if window > now => window,
            // The window did not cause the 429, unless it ended while the settings were read.
            (None, Some(window)) => window.max(received + self.next_throttle_pause()),
            (None, None) => received + WINDOW,
        };
        let is_hopeless = self.goal == Goal::Sync && next >= self.deadline && !look.has_candidate();
        if is_hopeless || now >= self.deadline {
            return Command::Stop(StopReason::TooSoon(Some(next)));
        }
        if next <= now && !look.is_failing {
            // A reading that confirms comes after a pause.
            return if look.has_candidate() { self.look_on(now, look) } else { self.look(now, look) };
        }
        look.wait_until(next, self.with_jitter(next));
        self.look_on(now, look)
    }

    /// When the window after the last sync ends. None if no sync is known, or the service never told its time.
    pub(super) fn window_end(&self) -> Option<Duration> {
        let (date, received) = self.service_clock?;
        let next = self.latest.as_ref()?.next_sync()?;
        Some(received + Duration::from_secs(next.seconds_after(date)))
    }

    fn next_throttle_pause(&mut self) -> Duration {
        let pause = THROTTLE_PAUSE * 2_u32.pow(self.throttled.min(5));
        self.throttled += 1;
        pause.min(WINDOW)
    }

    /// When to send the trigger that is allowed at `allowed`: the jitter takes at most half of the time that is left
    /// then.
    pub(super) fn with_jitter(&self, allowed: Duration) -> Duration {
        allowed + self.jitter.min(self.deadline.saturating_sub(allowed) / 2)
    }
}
