//! A value that each process has for itself, including forked children.

use std::mem;

use once_cell::race::OnceBox;

use super::fork::Process;

/// A forked child has a copy of its parent's memory: locks that other threads of the parent held stay held for ever,
/// and sockets are the parent's. So the child makes a value of its own, next in a chain, and never touches its
/// parent's. It does not drop that either: another thread of the parent may have been changing it during the fork.
pub(crate) struct PerProcess<T> {
    process: Process,
    /// None only when it is dropped.
    value: Option<T>,
    /// Made without a lock: each thread that races for it makes one, and the first stays.
    next: OnceBox<PerProcess<T>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> PerProcess<T> {
        PerProcess { process: Process::current(), value: Some(value), next: OnceBox::new() }
    }

    /// The value of this process. Makes it if this is a child that has none yet.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &T {
        let mut own = self;
        while own.process != Process::current() {
            own = own.next.get_or_init(|| Box::new(PerProcess::new(make())));
        }
        own.value.as_ref().expect("not dropped yet")
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if self.process != Process::current() {
            mem::forget(self.value.take());
        }
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
    use std::rc::Rc;

    #[test]
    fn a_process_makes_its_own_value_once() {
        let of_another = of_another(1);
        assert_eq!(*of_another.get(|| 2), 2);
        assert_eq!(*of_another.get(|| 3), 2);
        assert_eq!(*PerProcess::new(1).get(|| 2), 1);
    }

    #[test]
    fn a_process_drops_its_own_value_and_no_other() {
        let [ours, theirs] = [Rc::new(()), Rc::new(())];
        let of_another = of_another(theirs.clone());
        of_another.get(|| ours.clone());
        drop(of_another);
        assert_eq!([ours, theirs].map(|value| Rc::strong_count(&value)), [1, 2]);
    }

    fn of_another<T>(value: T) -> PerProcess<T> {
        PerProcess { process: Process::default(), value: Some(value), next: OnceBox::new() }
    }
}
