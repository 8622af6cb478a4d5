//! Gives rustls one whole record at a time. rustls reads ahead and does not show what it holds, so what it does not
//! need yet stays here, where the connection pool can see it.

use std::io::{self, ErrorKind, Read, Write};

use super::message;
use crate::transport::socket::{Socket, Stream};
use crate::transport::unread::Unread;

/// RFC 8446, section 5.1: kind, version, length.
const HEAD: usize = 5;

/// The longest record of any version, head included (RFC 5246, section 6.2.3).
const LONGEST: usize = HEAD + 16 * 1024 + 2048;

/// The most memory for output that stays after a flush.
const MOST_OUTPUT_KEPT: usize = 8 * 1024;

/// The stream below TLS.
pub(super) struct Records {
    below: Box<dyn Stream>,
    /// Received bytes that are not passed on yet.
    input: Unread,
    /// How many of them belong to the current record, which is complete. Only those are passed on.
    whole: usize,
    /// Bytes for the next flush, which sends them in one write.
    output: Vec<u8>,
}

impl Records {
    pub(super) fn new(below: Box<dyn Stream>, received: Vec<u8>) -> Records {
        Records { below, input: Unread::new(received), whole: 0, output: Vec::new() }
    }

    pub(super) fn socket(&mut self) -> &mut Socket {
        self.below.socket()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.input.bytes().is_empty() && self.output.is_empty() && self.below.is_drained()
    }
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.whole == 0 {
            let input = self.input.bytes();
            let length = length(input)?.unwrap_or(HEAD);
            if input.len() >= length {
                self.whole = length;
            } else {
                match self.below.read(self.input.room(length))? {
                    0 => return Ok(0),
                    amount => self.input.add(amount),
                }
            }
        }
        let amount = buffer.len().min(self.whole);
        buffer[..amount].copy_from_slice(&self.input.bytes()[..amount]);
        self.input.remove(amount);
        self.whole -= amount;
        Ok(amount)
    }
}

impl Write for Records {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.below.write(&self.output)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                amount => drop(self.output.drain(..amount)),
            }
        }
        self.output.shrink_to(MOST_OUTPUT_KEPT);
        self.below.flush()
    }
}

/// The length of the record that starts here, if known. Anything else counts as a record of just a head, so that TLS
/// refuses it at once instead of waiting for more.
fn length(input: &[u8]) -> io::Result<Option<usize>> {
    let &[kind, _, _, high, low, ..] = input else {
        return Ok(None);
    };
    if let Some(words) = message::other_protocol(input) {
        return Err(io::Error::new(ErrorKind::InvalidData, words));
    }
    let length = HEAD + usize::from(u16::from_be_bytes([high, low]));
    let is_record = (20..=24).contains(&kind) && length <= LONGEST;
    Ok(Some(if is_record { length } else { HEAD }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_record_is_read_from_its_head() {
        for (input, expected) in [
            (&[][..], None),
            (&[22, 3, 3, 0], None),
            (&[22, 3, 3, 0, 0], Some(5)),
            (&[23, 3, 3, 1, 2, 9, 9], Some(5 + 258)),
            (&[23, 3, 3, 0x48, 0], Some(LONGEST)),
            (&[23, 3, 3, 0x48, 1], Some(HEAD)),
            (b"nonsense", Some(HEAD)),
            (&[0; 64], Some(HEAD)),
        ] {
            assert_eq!(length(input).unwrap(), expected, "{input:?}");
        }
        let error = length(b"HTTP/1.1 400 Bad Request").unwrap_err();
        assert_eq!(error.to_string(), "the server speaks plain HTTP, not TLS");
    }
}
