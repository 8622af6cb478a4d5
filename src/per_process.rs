//! A value that each process has for itself, a forked child too.

use std::process;
use std::sync::OnceLock;

/// A forked child has a copy of all its parent had: locks that threads hold which it has not, and sockets that are the
/// parent's. So the child takes the next value of the chain, and never looks at its parent's.
pub(crate) struct PerProcess<T> {
    process: u32,
    value: T,
    next: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> PerProcess<T> {
        PerProcess { process: process::id(), value, next: OnceLock::new() }
    }

    /// The value of this process, made now if it is a child that has none yet.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &T {
        let mut own = self;
        while own.process != process::id() {
            own = own.next.get_or_init(|| Box::new(PerProcess::new(make())));
        }
        &own.value
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> PerProcess<T> {
        PerProcess::new(T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_makes_its_own_value_once() {
        let of_another = PerProcess { process: 0, value: 1, next: OnceLock::new() };
        assert_eq!(*of_another.get(|| 2), 2);
        assert_eq!(*of_another.get(|| 3), 2);
        assert_eq!(*PerProcess::new(1).get(|| 2), 1);
    }
}
