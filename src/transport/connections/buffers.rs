//! The bytes of one exchange: room for ureq to write a request, and what has come of the reply.
//!
//! A client may keep hundreds of idle connections. So these begin small, grow with what passes, and shrink again.

use std::fmt;

use ureq::unversioned::transport::Buffers;
use zeroize::{Zeroize, Zeroizing};

use crate::transport::unread::Unread;

/// The longest header block of a reply.
pub(crate) const LONGEST_HEAD: usize = 64 * 1024;

/// One byte more than a head may have, so that a longer one is noticed.
const LONGEST_INPUT: usize = LONGEST_HEAD + 1;

/// The room for requests grows by steps, because tokens differ a little in length.
const OUTPUT_STEP: usize = 4 * 1024;

/// The most room for requests that stays between exchanges: more than nearly all tokens need.
const MOST_OUTPUT_KEPT: usize = 8 * 1024;

pub(super) struct ExchangeBuffers {
    input: Unread,
    /// Whether ureq could use some of the input when it last looked. If not, it needs more.
    made_progress: bool,
    /// Zeros, except while a request is on its way.
    output: Zeroizing<Vec<u8>>,
}

impl ExchangeBuffers {
    pub(super) fn new(replies_are_secret: bool) -> ExchangeBuffers {
        let input = if replies_are_secret { Unread::of_secrets() } else { Unread::new(Vec::new()) };
        ExchangeBuffers { input, made_progress: false, output: Zeroizing::default() }
    }

    /// Makes room for a request of this length.
    pub(super) fn make_room(&mut self, length: usize) {
        if self.output.len() < length {
            // Not `resize`, which may leave a copy of what was there.
            self.output = vec![0; length.next_multiple_of(OUTPUT_STEP)].into();
        }
    }

    /// Wipes a request that was sent, and gives back the room that only a long token needs.
    pub(super) fn wipe_output(&mut self, length: usize) {
        if self.output.len() > MOST_OUTPUT_KEPT {
            self.output = Zeroizing::default();
        } else {
            self.output[..length].zeroize();
        }
    }
}

impl Buffers for ExchangeBuffers {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output
    }

    fn input(&self) -> &[u8] {
        self.input.bytes()
    }

    /// If there is no room left, ureq waits for the rest of a head, because it takes a body in parts.
    fn input_append_buf(&mut self) -> &mut [u8] {
        let total = (self.input.bytes().len() + 1).next_power_of_two();
        self.input.room(total.min(LONGEST_INPUT))
    }

    fn input_appended(&mut self, amount: usize) {
        self.input.add(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.made_progress = amount > 0;
        self.input.remove(amount);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (self.input.room(0), &mut self.output)
    }

    fn can_use_input(&self) -> bool {
        self.made_progress && !self.input.bytes().is_empty()
    }
}

/// Neither a request nor a reply is for a log.
impl fmt::Debug for ExchangeBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangeBuffers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(buffers: &mut ExchangeBuffers, bytes: &[u8]) {
        let mut left = bytes;
        while !left.is_empty() {
            let room = buffers.input_append_buf();
            let amount = room.len().min(left.len());
            room[..amount].copy_from_slice(&left[..amount]);
            buffers.input_appended(amount);
            left = &left[amount..];
        }
    }

    #[test]
    fn the_longest_head_fits_and_one_byte_more() {
        let mut buffers = ExchangeBuffers::new(false);
        let head: Vec<u8> = (0..=250).cycle().take(LONGEST_INPUT).collect();
        append(&mut buffers, &head);
        assert!(buffers.input() == head);
        assert_eq!(buffers.input_append_buf().len(), 0);
    }

    #[test]
    fn ureq_reads_more_if_it_could_use_nothing() {
        let mut buffers = ExchangeBuffers::new(false);
        append(&mut buffers, b"HTTP/1.1 2");
        assert!(!buffers.can_use_input());
        buffers.input_consume(0);
        assert!(!buffers.can_use_input());
        buffers.input_consume(4);
        assert!(buffers.can_use_input());
        buffers.input_consume(6);
        assert!(!buffers.can_use_input());
    }

    #[test]
    fn the_room_for_a_request_stays_for_the_next_unless_it_is_large() {
        let mut buffers = ExchangeBuffers::new(false);
        for (length, room, kept) in [
            (1, OUTPUT_STEP, OUTPUT_STEP),
            (OUTPUT_STEP + 1, 2 * OUTPUT_STEP, 2 * OUTPUT_STEP),
            (1, 2 * OUTPUT_STEP, 2 * OUTPUT_STEP),
            (MOST_OUTPUT_KEPT, MOST_OUTPUT_KEPT, MOST_OUTPUT_KEPT),
            (MOST_OUTPUT_KEPT + 1, MOST_OUTPUT_KEPT + OUTPUT_STEP, 0),
            (2, OUTPUT_STEP, OUTPUT_STEP),
        ] {
            buffers.make_room(length);
            assert_eq!(buffers.output().len(), room, "{length}");
            buffers.output()[..length].fill(b'x');
            buffers.wipe_output(length);
            assert_eq!(buffers.output(), vec![0; kept], "{length}");
        }
    }
}
