//! After a 429: when the service accepts the next trigger, and what to do until then.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::observation::Origin;
use super::reading::{is_running, times_differ};
use super::state::{Machine, State};
use crate::outcome::WINDOW_SECONDS;
use crate::wait::progress::Phase;

/// The first pause after a 429 that the window does not explain: Graph's general throttling. Each further one doubles.
const THROTTLE_PAUSE: Duration = Duration::from_secs(30);

const WINDOW: Duration = Duration::from_secs(WINDOW_SECONDS as u64);

impl Machine {
    pub(super) fn after_too_soon(
        &mut self,
        now: Duration,
        event: Event,
        received: Duration,
        retry_after: Option<Duration>,
    ) -> Command {
        let asked = retry_after.map(|wait| received + wait);
        match event {
            Event::SettingsRead { settings, date } => {
                self.keep_date(now, date);
                if self.keep_baseline(&settings) && is_running(&settings) {
                    return self.watch_sync(now, Origin::Joined, true);
                }
            }
            Event::ReadFailedForNow { .. } => {}
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
        self.await_window(now, next)
    }

    pub(super) fn after_window(&mut self, now: Duration, event: Event) -> Command {
        match event {
            Event::SettingsRead { settings, date } => {
                self.keep_date(now, date);
                let is_new = self.baseline.as_ref().is_none_or(|baseline| times_differ(&settings, baseline));
                if !self.keep_baseline(&settings) {
                    return self.send_trigger();
                }
                if is_running(&settings) {
                    return self.watch_sync(now, Origin::Joined, true);
                }
                match self.window_end() {
                    Some(next) if is_new && next > now => self.await_window(now, next),
                    None if is_new => self.await_window(now, now + WINDOW),
                    _ => self.send_trigger(),
                }
            }
            Event::ReadForbidden => {
                self.baseline = None;
                self.send_trigger()
            }
            _ => Command::Stop(StopReason::RequestFailed),
        }
    }

    /// When the window after the last sync ends. None if no sync is known, or the service never told its time.
    fn window_end(&self) -> Option<Duration> {
        let (date, received) = self.service_clock?;
        let next = self.baseline.as_ref()?.next_sync()?;
        Some(received + Duration::from_secs(next.seconds_after(date)))
    }

    fn next_throttle_pause(&mut self) -> Duration {
        let pause = THROTTLE_PAUSE * 2_u32.pow(self.throttled.min(5));
        self.throttled += 1;
        pause.min(WINDOW)
    }

    /// Pauses until the next trigger is allowed. If that is beyond the deadline, the wait is over.
    fn await_window(&mut self, now: Duration, next: Duration) -> Command {
        if next >= self.deadline || now >= self.deadline {
            return Command::Stop(StopReason::TooSoon(Some(next)));
        }
        self.state = State::Window;
        // The jitter takes at most half of the time that is left after the window.
        let until = (next + self.jitter).min(next + (self.deadline - next) / 2);
        Command::Pause { until: until.max(now), phase: Phase::Window }
    }
}
