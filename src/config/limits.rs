//! The limits and defaults of the options, and the limits of what is read from the service.

use std::time::Duration;

/// How long a call may take unless the caller says otherwise.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest timeout, of a call, of an attempt to connect, or of a wait.
pub(crate) const LONGEST_TIMEOUT: Duration = A_DAY;

/// The longest Retry-After that is believed.
pub(crate) const LONGEST_RETRY_AFTER: Duration = A_DAY;

/// How often a request is sent again unless the caller says otherwise.
pub(crate) const DEFAULT_RETRIES: u32 = 3;

/// The most retries that a caller may allow.
pub(crate) const MOST_RETRIES: u32 = 10;

/// The longest text that a caller may add to the User-Agent, in bytes.
pub(crate) const LONGEST_USER_AGENT_SUFFIX: usize = 256;

/// The longest body that is read, in bytes. Graph's have a few KiB.
pub(crate) const LONGEST_BODY: u64 = 256 * 1024;

const A_DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, thiserror::Error)]
#[error("the {0} must be from 1 millisecond to 24 hours")]
pub(crate) struct OutOfRange(&'static str);

/// The timeout with this name, if it is in range.
pub(crate) fn timeout(name: &'static str, duration: Duration) -> Result<Duration, OutOfRange> {
    let range = Duration::from_millis(1)..=LONGEST_TIMEOUT;
    if range.contains(&duration) { Ok(duration) } else { Err(OutOfRange(name)) }
}
