//! The limits of options.

use std::time::Duration;

/// The longest timeout.
pub(crate) const A_DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, thiserror::Error)]
#[error("a {name} of {duration:?}: from 1 millisecond to 24 hours")]
pub(crate) struct OutOfRange {
    name: &'static str,
    duration: Duration,
}

/// The timeout with this name, if it is in range.
pub(crate) fn timeout(name: &'static str, duration: Duration) -> Result<Duration, OutOfRange> {
    let range = Duration::from_millis(1)..=A_DAY;
    if range.contains(&duration) { Ok(duration) } else { Err(OutOfRange { name, duration }) }
}
