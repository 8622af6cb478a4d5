//! Reads PEM: blocks of base64 between BEGIN and END lines, with any text around them.
//!
//! It reads every block that OpenSSL reads. OpenSSL silently skips a block if its BEGIN line is not exactly right. This
//! reader reads such a block or reports a [`Fault`], so no certificate gets lost.

use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::{memchr, memchr2};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bounds the search for the end of a label.
const LONGEST_LABEL: usize = 64;

/// As lenient as OpenSSL's decoder.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A block with matching BEGIN and END lines.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    place: Place<'a>,
    body: &'a [u8],
}

/// Where a block is in the text.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    /// Counted from 1.
    number: usize,
    label: &'a [u8],
    /// The text before the block. Its lines are counted only for an error message.
    before: &'a [u8],
}

/// Why a block cannot be used.
#[derive(Debug)]
pub(crate) struct Fault<'a> {
    place: Place<'a>,
    why: String,
}

/// The blocks of a text, in order.
pub(crate) fn blocks(text: &[u8]) -> Blocks<'_> {
    Blocks { text, at: 0, number: 0 }
}

pub(crate) struct Blocks<'a> {
    text: &'a [u8],
    /// Everything before this offset has been read.
    at: usize,
    number: usize,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<Block<'a>, Fault<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = Marker::find(self.text, self.at)?;
        self.at = first.end;
        self.number += 1;
        let place = Place {
            number: self.number,
            label: first.label.unwrap_or_default(),
            before: &self.text[..first.start],
        };
        let Some(label) = first.label else {
            return Some(Err(place.fault("its first line does not end in five hyphens")));
        };
        if !first.begins {
            return Some(Err(place.fault("it has an END line without a BEGIN line")));
        }
        let last = match Marker::find(self.text, first.end) {
            Some(last) if !last.begins => last,
            // Another BEGIN line starts the next block.
            _ => return Some(Err(place.fault("it has no END line"))),
        };
        self.at = last.end;
        Some(match last.label {
            Some(of_end) if of_end == label => Ok(Block { place, body: &self.text[first.end..last.start] }),
            Some(_) => Err(place.fault("its END line has another label")),
            None => Err(place.fault("its END line does not end in five hyphens")),
        })
    }
}

impl<'a> Block<'a> {
    pub(crate) fn label(&self) -> &'a [u8] {
        self.place.label
    }

    pub(crate) fn fault(&self, why: impl Into<String>) -> Fault<'a> {
        self.place.fault(why)
    }

    /// Whether there are lines like `Proc-Type: 4,ENCRYPTED` before the base64.
    pub(crate) fn has_headers(&self) -> bool {
        memchr(b':', self.body).is_some()
    }

    /// The decoded bytes.
    pub(crate) fn der(&self) -> Result<Vec<u8>, Fault<'a>> {
        let mut der = Vec::new();
        self.decode(&self.digits(), &mut der)?;
        Ok(der)
    }

    /// The decoded bytes of a private key. They and all copies are wiped.
    pub(crate) fn wiped_der(&self) -> Result<Zeroizing<Vec<u8>>, Fault<'a>> {
        let mut der = Zeroizing::new(Vec::new());
        self.decode(&Zeroizing::new(self.digits()), &mut der)?;
        Ok(der)
    }

    /// The body without blanks and line breaks. Takes memory once.
    fn digits(&self) -> Vec<u8> {
        let mut digits = Vec::with_capacity(self.body.len());
        for line in lines(self.body) {
            digits.extend_from_slice(line.trim_ascii());
        }
        if memchr2(b' ', b'\t', &digits).is_some() {
            digits.retain(|byte| !byte.is_ascii_whitespace());
        }
        digits
    }

    /// Takes memory once if `der` is empty.
    fn decode(&self, digits: &[u8], der: &mut Vec<u8>) -> Result<(), Fault<'a>> {
        BASE64.decode_vec(digits, der).map_err(|_| {
            self.fault(match self.has_headers() {
                true => "it has header lines, like an encrypted block",
                false => "its base64 is broken",
            })
        })
    }
}

impl<'a> Place<'a> {
    fn fault(self, why: impl Into<String>) -> Fault<'a> {
        Fault { place: self, why: why.into() }
    }
}

impl fmt::Display for Fault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { place: Place { number, label, before }, why } = self;
        // LF, CR and CRLF each end a line.
        let breaks = |index: &usize| before[*index] == b'\r' || *index == 0 || before[*index - 1] != b'\r';
        let line = 1 + memchr::memchr2_iter(b'\n', b'\r', before).filter(breaks).count();
        write!(f, "block {number} (")?;
        if let Some(name) = name(label) {
            write!(f, "{name}, ")?;
        }
        write!(f, "line {line}): {why}")
    }
}

/// Why a text without blocks has none, for two common mistakes: a DER file, and a file that PowerShell wrote.
pub(crate) fn why_none(text: &[u8]) -> Option<&'static str> {
    match text {
        [0x30, 0x81..=0x84, ..] => Some("it is DER; PEM is needed"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("it is UTF-16; ASCII or UTF-8 is needed"),
        _ => None,
    }
}

/// A label in upper case, as all standard labels are. Anything else may be a secret that got into the wrong file, so no
/// message shows it.
pub(crate) fn name(label: &[u8]) -> Option<&str> {
    let is_standard = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ');
    std::str::from_utf8(label).ok().filter(|name| !name.is_empty() && label.iter().all(is_standard))
}

/// "-----BEGIN LABEL-----" or "-----END LABEL-----".
struct Marker<'a> {
    begins: bool,
    /// None if it is not followed by five hyphens.
    label: Option<&'a [u8]>,
    start: usize,
    end: usize,
}

impl<'a> Marker<'a> {
    /// The first marker at or after `from`. It may stand anywhere in a line: people join files without a line break.
    fn find(text: &'a [u8], from: usize) -> Option<Marker<'a>> {
        let (mut at, mut read) = (from, from);
        loop {
            let start = at + memchr(b'-', &text[at..])?;
            let (begins, word) = match &text[start..] {
                rest if rest.starts_with(BEGIN) => (true, BEGIN),
                rest if rest.starts_with(END) => (false, END),
                _ => {
                    at = start + 1;
                    continue;
                }
            };
            if is_comment(&text[read..start]) {
                at = start + memchr2(b'\n', b'\r', &text[start..])?;
                read = at;
                continue;
            }
            let (label, end) = label(text, start + word.len());
            return Some(Marker { begins, label, start, end });
        }
    }
}

/// The label that starts at this offset, and the offset after its hyphens.
fn label(text: &[u8], start: usize) -> (Option<&[u8]>, usize) {
    let rest = &text[start..text.len().min(start + LONGEST_LABEL + DASHES.len())];
    let line = lines(rest).next().unwrap_or_default();
    match line.windows(DASHES.len()).position(|part| part == DASHES) {
        Some(length) => (Some(line[..length].trim_ascii()), start + length + DASHES.len()),
        None => (None, start),
    }
}

/// Whether the line is a comment. Many bundles have some, and a block in one was disabled on purpose.
fn is_comment(before: &[u8]) -> bool {
    let line = before.rsplit(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii_start().starts_with(b"#")
}

/// The lines of a text, with LF, CR or CRLF as line breaks.
fn lines(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let length = memchr2(b'\n', b'\r', text);
        let line = &text[..length.unwrap_or(text.len())];
        text = length.map_or(&[], |length| &text[length + 1..]);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each block as its label and bytes, or as its fault.
    fn read(text: &str) -> Vec<String> {
        blocks(text.as_bytes())
            .map(|block| {
                let block = block?;
                assert_eq!(block.wiped_der().ok().as_deref(), block.der().ok().as_ref());
                Ok(format!("{}={:?}", String::from_utf8_lossy(block.label()), block.der()?))
            })
            .map(|read: Result<String, Fault>| read.unwrap_or_else(|fault| fault.to_string()))
            .collect()
    }

    #[test]
    fn blocks_are_found_wherever_they_are() {
        const A: &str = "-----BEGIN A-----\nAQID\nBA==\n-----END A-----";
        const B: &str = "-----BEGIN B-----\nBQ==\n-----END B-----";
        let (a, b) = ("A=[1, 2, 3, 4]", "B=[5]");
        let both = &[a, b][..];
        for (text, expected) in [
            (String::new(), &[][..]),
            ("no block\n- -- --- ---- -----\n".to_owned(), &[]),
            (A.to_owned(), &[a]),
            (format!("{A}\n{B}\n"), both),
            (format!("\u{feff}{A}\n\u{feff}{B}\n"), both),
            (format!("{A}{B}"), both),
            (format!("before{A}between{B}after"), both),
            (format!("{A}\n{B}\n").replace('\n', "\r\n"), both),
            (format!("{A}\n{B}\n").replace('\n', "\r"), both),
            (format!("{A}\n{B}\n").replace('\n', " \t\n"), both),
            (format!("{A}\n{B}\n").replace('\n', "\n \t"), both),
            (format!("{A}\n{B}\n").replace('\n', "\n\n"), both),
            (format!("{A}\n{B}").replace("BA==\n", "BA==").replace("A-----\nAQ", "A-----AQ"), both),
            (A.replace("AQID", "A Q\tID"), &[a]),
            (A.replace("==", ""), &[a]),
            (A.replace(" A", "  A "), &[a]),
            (format!("# {}\n{B}", A.replace('\n', "\n  #")), &[b]),
            (format!("\u{feff}#{}\n{B}", A.replace('\n', "\n#")), &[b]),
            (format!("# two: -----BEGIN A----- -----END A-----\r{B}"), &[b]),
            ("-----BEGIN A-----\n-----END A-----".to_owned(), &["A=[]"]),
        ] {
            assert_eq!(read(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_broken_is_named() {
        let b = "-----BEGIN B-----\nBQ==\n-----END B-----\n";
        for (broken, expected) in [
            ("-----BEGIN A-----\nAQ*=\n-----END A-----\n", "block 2 (A, line 5): its base64 is broken"),
            ("-----BEGIN A-----\nAQIDB\n-----END A-----\n", "block 2 (A, line 5): its base64 is broken"),
            ("-----BEGIN A-----\nAQ==\nAQ==\n-----END A-----\n", "block 2 (A, line 5): its base64 is broken"),
            ("------BEGIN A------\nAQ==\n------END A------\n", "block 2 (A, line 5): its base64 is broken"),
            (
                "-----BEGIN A-----\nDEK-Info: x\n\nAQ==\n-----END A-----\n",
                "block 2 (A, line 5): it has header lines, like an encrypted block",
            ),
            (
                "-----BEGIN A-----\nAQ==\n-----END C-----\n",
                "block 2 (A, line 5): its END line has another label",
            ),
            ("-----BEGIN A-----\nAQ==\n", "block 2 (A, line 5): it has no END line"),
            ("-----BEGIN A-----\nAQ==\n# -----END A-----\n", "block 2 (A, line 5): it has no END line"),
            (
                "-----BEGIN A-----\nAQ==\n-----END A----\n",
                "block 2 (A, line 5): its END line does not end in five hyphens",
            ),
            ("AQ==\n-----END A-----\n", "block 2 (A, line 6): it has an END line without a BEGIN line"),
        ] {
            let (text, b) = (format!("{b}\n{broken}{b}"), "B=[5]");
            assert_eq!(read(&text), [b, expected, b], "{text:?}");
            assert_eq!(read(&text.replace('\n', "\r\n")), [b, expected, b], "{text:?}");
            assert_eq!(read(&text.replace('\n', "\r")), [b, expected, b], "{text:?}");
        }
        let unnamed = "block 1 (line 1): its first line does not end in five hyphens";
        let orphan = "block 2 (A, line 3): it has an END line without a BEGIN line";
        assert_eq!(read("-----BEGIN A----\nAQ==\n-----END A-----\n"), [unnamed, orphan]);
        let secret = "block 1 (line 1): it has no END line";
        assert_eq!(read("-----BEGIN CERTIFICATE of user:password@-----\nAQ=="), [secret]);
        let long = format!("-----BEGIN {}-----", "A".repeat(LONGEST_LABEL + 1));
        assert_eq!(read(&long), [unnamed]);
        assert_eq!(read(&long.replacen('A', "", 1)).len(), 1);
        assert_eq!(read(&"-----BEGIN ".repeat(3)).len(), 2, "two without a label between hyphens");
    }
}
