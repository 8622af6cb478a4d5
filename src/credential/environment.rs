//! x
use zeroize::Zeroizing;
pub(super) fn variable(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().filter(|v| !v.is_empty()).map(Zeroizing::new)
}
