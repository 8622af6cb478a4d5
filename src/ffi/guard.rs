//! Stops panics at the border to C.

use std::panic::{self, AssertUnwindSafe};

/// Runs the body of a C function, and returns the given result if it panics: unwinding into C is undefined.
pub(super) fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_result() {
        assert_eq!(guard(-12, || 7), 7);
        assert_eq!(guard(-12, || panic!("on purpose")), -12);
    }
}
