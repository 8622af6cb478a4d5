//! A value that each process has for itself, a forked child too.

use once_cell::race::OnceBox;

use super::fork;

/// A forked child has a copy of all its parent had: locks that threads hold which it has not, and sockets that are the
/// parent's. So the child takes the next value of the chain, and never looks at its parent's.
pub(crate) struct PerProcess<T> {
    process: fork::Process,
    value: T,
    /// Made without a lock: threads that race for it each make one, and the first one stays.
    next: OnceBox<PerProcess<T>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> PerProcess<T> {
        PerProcess { process: fork::process(), value, next: OnceBox::new() }
    }

    /// The value of this process, made now if it is a child that has none yet.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &T {
        let mut own = self;
        while own.process != fork::process() {
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
        let of_another = PerProcess { process: fork::Process::default(), value: 1, next: OnceBox::new() };
        assert_eq!(*of_another.get(|| 2), 2);
        assert_eq!(*of_another.get(|| 3), 2);
        assert_eq!(*PerProcess::new(1).get(|| 2), 1);
    }
}
