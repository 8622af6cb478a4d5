//! A value that each process has for itself, including forked children.

use once_cell::race::OnceBox;

use super::fork::Process;

/// A forked child has a copy of its parent's memory: locks that other threads of the parent held stay held for ever,
/// and sockets are the parent's. So the child makes a value of its own, next in a chain, and never touches its
/// parent's.
pub(crate) struct PerProcess<T> {
    process: Process,
    value: T,
    /// Made without a lock: each thread that races for it makes one, and the first stays.
    next: OnceBox<PerProcess<T>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> PerProcess<T> {
        PerProcess { process: Process::current(), value, next: OnceBox::new() }
    }

    /// The value of this process. Makes it if this is a child that has none yet.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &T {
        let mut own = self;
        while own.process != Process::current() {
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
        let of_another = PerProcess { process: Process::default(), value: 1, next: OnceBox::new() };
        assert_eq!(*of_another.get(|| 2), 2);
        assert_eq!(*of_another.get(|| 3), 2);
        assert_eq!(*PerProcess::new(1).get(|| 2), 1);
    }
}
