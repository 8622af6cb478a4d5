//! A value that each process has for itself, including forked children.

use once_cell::race::OnceBox;

use super::fork;

/// A forked child has a copy of its parent's memory: with locks held by threads that the child does not have, and with
/// the parent's sockets. So the child uses the next value of the chain, and never touches its parent's.
pub(crate) struct PerProcess<T> {
    process: fork::Process,
    value: T,
    /// Made without a lock: each thread that races for it makes one, and the first stays.
    next: OnceBox<PerProcess<T>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> PerProcess<T> {
        PerProcess { process: fork::process(), value, next: OnceBox::new() }
    }

    /// The value of this process. Makes it if this is a child that has none yet.
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
