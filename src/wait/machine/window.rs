//! After a 429: when the next trigger is allowed, and what to do until then.

use std::time::Duration;

use super::poll::Answered;
use super::{Do, End, Seen, State, Wait, is_running};
use crate::outcome::{Settings, WINDOW_SECONDS};
use crate::text::time;
use crate::wait::Phase;

/// The first pause after a 429 that the window does not explain: Graph's general throttling.
const THROTTLED: Duration = Duration::from_secs(30);

const WINDOW: Duration = Duration::from_secs(WINDOW_SECONDS as u64);

impl Wait {
    /// After a 429, with a reading: join what runs, else wait for the time at which a trigger is allowed.
    pub(super) fn refused(
        &mut self,
        now: Duration,
        seen: Seen,
        at: Duration,
        retry_after: Option<Duration>,
    ) -> Do {
        let asked = retry_after.map(|wait| at + wait);
        match seen {
            Seen::Reading { settings, date } => {
                self.take_date(now, date);
                if self.take_baseline(settings.clone()) && is_running(&settings) {
                    return self.poll(now, Answered::Joined, true);
                }
            }
            Seen::ReadFailed { .. } => {}
            Seen::ReadRefused => return Do::End(End::TooSoon(asked)),
            _ => return Do::End(End::LastRequest),
        }
        let next = match (asked, self.opening()) {
            (Some(asked), window) => asked.max(window.unwrap_or_default()),
            (None, Some(window)) if window > now => window,
            // The window is past: it was not the reason, unless it went by while this was read.
            (None, Some(window)) => window.max(at + self.next_throttle_pause()),
            (None, None) => at + WINDOW,
        };
        self.pause_until(now, next)
    }

    /// After the pause, with a reading: join what runs, wait on where the times have moved, else trigger.
    pub(super) fn window_over(&mut self, now: Duration, seen: Seen) -> Do {
        match seen {
            Seen::Reading { settings, date } => {
                self.take_date(now, date);
                let moved = self.has_moved(&settings);
                if !self.take_baseline(settings.clone()) {
                    return self.trigger(false);
                }
                if is_running(&settings) {
                    return self.poll(now, Answered::Joined, true);
                }
                match self.opening() {
                    Some(next) if moved && next > now => self.pause_until(now, next),
                    None if moved => self.pause_until(now, now + WINDOW),
                    _ => self.trigger(false),
                }
            }
            Seen::ReadRefused => {
                self.baseline = None;
                self.trigger(false)
            }
            _ => Do::End(End::LastRequest),
        }
    }

    /// Whether L or T of a reading differ from those of the last one.
    fn has_moved(&self, settings: &Settings) -> bool {
        let Some(baseline) = &self.baseline else { return true };
        time::compare(settings.last_sync(), baseline.last_sync()).is_ne()
            || time::compare(settings.last_manual_sync(), baseline.last_manual_sync()).is_ne()
    }

    /// When the window after the last sync opens, counted from the beginning of the wait. None if there was never a
    /// sync, or the service never told its time.
    fn opening(&self) -> Option<Duration> {
        let (date, at) = self.clock?;
        let next = self.baseline.as_ref()?.next_sync()?;
        Some(at + Duration::from_secs(next.seconds_after(date)))
    }

    fn next_throttle_pause(&mut self) -> Duration {
        let pause = THROTTLED * 2_u32.pow(self.throttled.min(5));
        self.throttled += 1;
        pause.min(WINDOW)
    }

    fn pause_until(&mut self, now: Duration, next: Duration) -> Do {
        if next >= self.deadline || now >= self.deadline {
            return Do::End(End::TooSoon(Some(next)));
        }
        self.state = State::Window;
        // Half of what is left after it stays for the work itself.
        let until = (next + self.jitter).min(next + (self.deadline - next) / 2);
        Do::Pause { until: until.max(now), phase: Phase::Window }
    }
}
