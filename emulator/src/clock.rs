//! The service's own clock.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::sync::Notify;

use crate::time::{EARLIEST, after};

/// Where a manual clock starts unless told otherwise: 2026-03-02T08:00:00Z.
const MANUAL_START: i64 = 1_772_438_400;

/// The highest speed.
pub(crate) const FASTEST: f64 = 1e6;

/// The clock for all of the service's times, including the `Date` header.
///
/// Clones show the same time. A clock can be real, offset from the local one, faster, or stopped until
/// [`advance`](Self::advance) moves it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: DateTime<Utc>,
    started: Instant,
    speed: f64,
    step: Duration,
    advanced: Mutex<Duration>,
    moved: Notify,
}

impl Clock {
    /// The local time.
    pub fn real() -> Self {
        Self::new(Utc::now(), 1.0, Duration::ZERO)
    }

    /// A clock that stays at 2026-03-02T08:00:00Z until it is advanced.
    pub fn manual() -> Self {
        Self::new(DateTime::from_timestamp(MANUAL_START, 0).unwrap_or_default(), 0.0, Duration::ZERO)
    }

    /// The same clock, `factor` times as fast as the local one; 0 stops it.
    pub fn speed(self, factor: f64) -> Self {
        Self::new(self.0.base, factor, self.0.step)
    }

    /// The same clock, offset by this much, which may be negative.
    pub fn offset(self, offset: TimeDelta) -> Self {
        Self::new(self.0.base + offset, self.0.speed, self.0.step)
    }

    /// The same clock, starting at this time.
    pub fn starting_at(self, time: DateTime<Utc>) -> Self {
        Self::new(time, self.0.speed, self.0.step)
    }

    /// The same clock, which jumps by this much with each request that the emulator reads.
    pub fn step(self, step: Duration) -> Self {
        Self::new(self.0.base, self.0.speed, step)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut advanced = self.0.advanced.lock().expect("no holder panics");
        *advanced = advanced.saturating_add(by);
        self.0.moved.notify_waiters();
    }

    /// The service's time, in steps of 100 ns, as the service writes it. It stops in the year 9000.
    pub fn now(&self) -> DateTime<Utc> {
        let passed = self.0.started.elapsed().mul_f64(self.0.speed);
        let advanced = *self.0.advanced.lock().expect("no holder panics");
        after(after(self.0.base, passed), advanced).max(EARLIEST).trunc_subsecs(7)
    }

    /// Waits until it shows this time.
    pub(crate) async fn reaches(&self, time: DateTime<Utc>) {
        loop {
            let mut moved = std::pin::pin!(self.0.moved.notified());
            // From here on no move is missed.
            moved.as_mut().enable();
            let Ok(left) = (time - self.now()).to_std() else { return };
            if left.is_zero() {
                return;
            }
            let pause =
                Duration::try_from_secs_f64(left.as_secs_f64() / self.0.speed).unwrap_or(Duration::MAX);
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Call it with each request: it moves the clock by the step, and returns the time.
    pub(crate) fn tick(&self) -> DateTime<Utc> {
        self.advance(self.0.step);
        self.now()
    }

    fn new(base: DateTime<Utc>, speed: f64, step: Duration) -> Self {
        let (advanced, moved) = (Mutex::new(Duration::ZERO), Notify::new());
        Self(Arc::new(Inner {
            base,
            started: Instant::now(),
            speed: speed.clamp(0.0, FASTEST),
            step,
            advanced,
            moved,
        }))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual();
        assert_eq!(clock.now().to_rfc3339(), "2026-03-02T08:00:00+00:00");
        clock.clone().advance(Duration::from_millis(600_500));
        assert_eq!(clock.now().to_rfc3339(), "2026-03-02T08:10:00.500+00:00");
        assert_eq!(clock.tick(), clock.now());
    }

    #[test]
    fn a_stepping_clock_moves_with_each_request() {
        let clock = Clock::manual().step(Duration::from_secs(5));
        let start = clock.now();
        assert_eq!(clock.tick() - start, TimeDelta::seconds(5));
        assert_eq!(clock.tick() - start, TimeDelta::seconds(10));
    }

    #[test]
    fn an_offset_clock_is_days_away() {
        let away = Clock::real().offset(TimeDelta::days(-3)).now();
        assert!((Utc::now() - away - TimeDelta::days(3)).abs() < TimeDelta::hours(1));
    }

    #[test]
    fn a_clock_stops_where_dates_end() {
        let clock = Clock::manual().speed(f64::INFINITY);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().to_rfc3339(), "9000-01-01T00:00:00+00:00");
    }

    #[test]
    fn times_have_seven_digits() {
        assert_eq!(Clock::real().now().timestamp_subsec_nanos() % 100, 0);
    }
}
