//! A token that came from Microsoft Entra or from the platform.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// A token is renewed this long before its end.
const MARGIN: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(super) text: Arc<Zeroizing<String>>,
    pub(super) renew_at: Instant,
    pub(super) ends: Instant,
}

impl AccessToken {
    /// `refresh_in`: when the issuer would like to be asked again, if that is before its last minutes.
    pub(super) fn new(
        text: Zeroizing<String>,
        lifetime: Duration,
        refresh_in: Option<Duration>,
    ) -> AccessToken {
        let now = Instant::now();
        let renew_in = lifetime.saturating_sub(MARGIN);
        let renew_at = now + refresh_in.map_or(renew_in, |refresh_in| refresh_in.min(renew_in));
        AccessToken { text: Arc::new(text), renew_at, ends: now + lifetime }
    }
}
