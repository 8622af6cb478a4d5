//! Gives rustls one whole record at a time. rustls reads ahead and does not show what it holds, so what it does not
//! need yet stays here, where the connection pool can see it.

use std::io::{self, ErrorKind, Read, Write};

use super::message;
use crate::transport::socket::{Socket, Stream};

/// RFC 8446, section 5.1: kind, version, length.
const HEAD: usize = 5;

/// The longest record of any version, head included (RFC 5246, section 6.2.3).
const LONGEST: usize = HEAD + 16 * 1024 + 2048;

/// The stream below TLS.
pub(super) struct Records {
    below: Box<dyn Stream>,
    /// Received bytes; those at `start..end` are not passed on yet.
    input: Box<[u8]>,
    start: usize,
    end: usize,
    /// How many of them belong to the current record, which is complete. Only those are passed on.
    whole: usize,
    /// Bytes for the next flush, which sends them in one write.
    output: Vec<u8>,
}

impl Records {
    pub(super) fn new(below: Box<dyn Stream>, received: Vec<u8>) -> Records {
        let mut input = received;
        let end = input.len();
        input.resize(end.max(LONGEST), 0);
        Records { below, input: input.into(), start: 0, end, whole: 0, output: Vec::new() }
    }

    pub(super) fn socket(&mut self) -> &mut Socket {
        self.below.socket()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.start == self.end && self.output.is_empty() && self.below.is_drained()
    }

    /// Reads more. False at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        self.input.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let amount = self.below.read(&mut self.input[self.end..])?;
        self.end += amount;
        Ok(amount > 0)
    }
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.whole == 0 {
            match length(&self.input[self.start..self.end])? {
                Some(length) if self.end - self.start >= length => self.whole = length,
                _ if self.fill()? => {}
                _ => return Ok(0),
            }
        }
        let amount = buffer.len().min(self.whole);
        buffer[..amount].copy_from_slice(&self.input[self.start..self.start + amount]);
        self.start += amount;
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
