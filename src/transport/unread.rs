//! Received bytes that nobody has used yet.

use zeroize::Zeroizing;

/// The memory of an idle connection for each of its layers. Most replies and records fit into it, and rustls keeps as
/// much for itself.
const USUAL: usize = 4 * 1024;

/// Bytes in the order in which they came. There is more memory than usual only while it is needed. Memory that is given
/// back is wiped.
pub(super) struct Unread {
    memory: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    least: usize,
}

impl Unread {
    pub(super) fn new(received: Vec<u8>) -> Unread {
        Unread { start: 0, end: received.len(), memory: received.into(), least: USUAL }
    }

    /// For secrets: no memory stays when all bytes are used.
    pub(super) fn of_secrets() -> Unread {
        Unread { least: USUAL + 1, ..Unread::new(Vec::new()) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    /// Room for more bytes. It is enough for `total` bytes together with those that are here.
    pub(super) fn room(&mut self, total: usize) -> &mut [u8] {
        let length = total.max(self.least);
        if self.memory.len() < length {
            let mut memory = vec![0; length];
            memory[..self.bytes().len()].copy_from_slice(self.bytes());
            self.memory = memory.into();
        } else {
            self.memory.copy_within(self.start..self.end, 0);
        }
        (self.start, self.end) = (0, self.end - self.start);
        &mut self.memory[self.end..]
    }

    /// Bytes were written to the room.
    pub(super) fn add(&mut self, amount: usize) {
        self.end += amount;
    }

    /// The first bytes were used.
    pub(super) fn remove(&mut self, amount: usize) {
        self.start += amount;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.memory.capacity() > USUAL {
                self.memory = Zeroizing::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(unread: &mut Unread, bytes: &[u8]) {
        unread.room(unread.bytes().len() + bytes.len())[..bytes.len()].copy_from_slice(bytes);
        unread.add(bytes.len());
    }

    #[test]
    fn bytes_come_out_in_the_order_in_which_they_came() {
        let all: Vec<u8> = (0..=250).cycle().take(10 * USUAL).collect();
        for step in [1, 7, USUAL - 1, USUAL, USUAL + 1, 3 * USUAL] {
            let (mut unread, mut removed) = (Unread::new(all[..5].to_vec()), Vec::new());
            for part in all[5..].chunks(step) {
                add(&mut unread, part);
                let used = unread.bytes().len() - 3;
                removed.extend_from_slice(&unread.bytes()[..used]);
                unread.remove(used);
                assert_eq!(unread.bytes().len(), 3);
            }
            removed.extend_from_slice(unread.bytes());
            assert!(removed == all, "{step}");
        }
    }

    #[test]
    fn no_memory_stays_for_secrets() {
        let mut unread = Unread::of_secrets();
        for length in [1, USUAL, 3 * USUAL, 1] {
            add(&mut unread, &vec![7; length]);
            unread.remove(length);
            assert_eq!(unread.memory.capacity(), 0);
        }
    }

    #[test]
    fn more_memory_than_usual_is_there_only_while_it_is_needed() {
        for first in [Vec::new(), vec![1], Vec::with_capacity(2 * USUAL), vec![1; USUAL + 1]] {
            let mut unread = Unread::new(first);
            add(&mut unread, &[2; USUAL]);
            unread.remove(unread.bytes().len() - 1);
            unread.remove(1);
            assert!(unread.memory.capacity() <= USUAL);
            assert_eq!(unread.room(0).len(), USUAL);
        }
    }
}
