//! After a 429: when the service accepts the next trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::look::Look;
use super::reading::is_running;
use super::state::{Attempt, Machine, State};
use crate::config::limits::LONGEST_RETRY_AFTER;
use crate::outcome::WINDOW_SECONDS;
use crate::service::retry::Obstacle;

/// The first pause after a 429 that the window does not explain: Graph's general throttling. Each further one doubles.
const THROTTLE_PAUSE: Duration = Duration::from_secs(30);

pub(super) const WINDOW: Duration = Duration::from_secs(WINDOW_SECONDS as u64);

impl Machine {
    /// The settings say why a trigger is too soon.
    pub(super) fn ask_why(&mut self, received: Duration, retry_after: Option<Duration>) -> Command {
        self.state = State::TooSoon { received, retry_after };
        Command::ReadSettings
    }

    pub(super) fn after_too_soon(
        &mut self,
        now: Duration,
        event: Event,
        received: Duration,
        retry_after: Option<Duration>,
    ) -> Command {
        if matches!(event, Event::Due) {
            return self.ask_why(received, retry_after);
        }
        let asked = retry_after.map(|wait| received + wait);
        let mut look = Look::new(now);
        match event {
            Event::SettingsRead { settings, date } => {
                if self.keep_latest(&settings) {
                    if is_running(&settings) {
                        self.refuse(now, received, asked);
                        return self.join(now, settings);
                    }
                    if self.counts_from.is_none() {
                        // No `Date` tells an old sync that the reading before lacks from a new one.
                        self.baseline = Some(settings.clone());
                    }
                    self.judge_candidate(now, &settings, date, &mut look);
                }
            }
            Event::ReadFailedForNow(obstacle) => look.fail(now, obstacle),
            Event::CannotConnect => look.fail(now, Obstacle::default()),
            Event::ReadForbidden => return Command::Stop(StopReason::TooSoon(asked)),
            _ => return Command::Stop(StopReason::RequestFailed),
        }
        let next = self.refuse(now, received, asked);
        let is_hopeless = self.change.is_none() && next >= self.terms.deadline && !look.has_candidate();
        if is_hopeless || now >= self.terms.deadline {
            return Command::Stop(StopReason::TooSoon(Some(next)));
        }
        if next <= now && !look.is_failing && !look.has_candidate() {
            self.baseline = self.latest.clone();
            return self.send_trigger(Attempt::Observed, look.schedule);
        }
        look.wait_until(next, self.with_jitter(next));
        self.look_on(now, look)
    }

    /// When the service accepts the next trigger after a 429.
    fn refuse(&mut self, now: Duration, received: Duration, asked: Option<Duration>) -> Duration {
        self.refused_until = match (asked, self.window_end()) {
            (Some(asked), window) => asked.max(window.unwrap_or_default()),
            (None, Some(window)) if window > now => window,
            // The window did not cause the 429, unless it ended while the settings were read.
            (None, Some(window)) => window.max(received + self.next_throttle_pause()),
            (None, None) => received + WINDOW,
        };
        self.refused_until
    }

    /// When the window after the last sync ends. None if no sync is known, or the service never told its time.
    pub(super) fn window_end(&self) -> Option<Duration> {
        let (date, received) = self.service_clock?;
        let next = self.latest.as_ref()?.next_sync_time()?;
        Some(received + next.duration_since(date).min(LONGEST_RETRY_AFTER))
    }

    fn next_throttle_pause(&mut self) -> Duration {
        let pause = THROTTLE_PAUSE * 2_u32.pow(self.throttled.min(5));
        self.throttled += 1;
        pause.min(WINDOW)
    }

    /// When to send the trigger that is allowed at `allowed`: the jitter takes at most half of the time that is left
    /// then.
    pub(super) fn with_jitter(&self, allowed: Duration) -> Duration {
        allowed + self.terms.jitter.min(self.terms.deadline.saturating_sub(allowed) / 2)
    }
}
