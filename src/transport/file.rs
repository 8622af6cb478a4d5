//! Reads the files that a caller, the environment or the system names: regular files of bounded size.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use super::shortage::Shortage;
use crate::outcome::{CauseText, Error, ErrorKind};
use crate::text::printable;

/// The bytes of a regular file. A pipe or a terminal could block for ever, and is empty when read again.
pub(crate) fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    check(&fs::metadata(path)?, largest)?; // before it is opened, which may block too
    read_open(File::open(path)?, largest)
}

/// The bytes of an open file. Takes memory once, so no copy of a secret stays behind.
pub(crate) fn read_open(file: File, largest: u64) -> io::Result<Vec<u8>> {
    let known = file.metadata()?;
    check(&known, largest)?;
    let mut bytes = Vec::with_capacity(known.len() as usize + 1);
    file.take(known.len() + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > known.len() {
        return Err(io::Error::other("it grew while it was read"));
    }
    Ok(bytes)
}

/// Refuses a file of length 0 too, because some files in /proc have that length and block until the kernel has data.
fn check(known: &Metadata, largest: u64) -> io::Result<()> {
    match known.len() {
        _ if !known.is_file() => Err(io::Error::other("not a regular file")),
        0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty")),
        length if length <= largest => Ok(()),
        _ if largest < 1 << 20 => Err(io::Error::other(format!("larger than {largest} bytes"))),
        _ => Err(io::Error::other(format!("larger than {} MiB", largest >> 20))),
    }
}

/// The error of a file, a folder or several. A shortage says nothing about them, and may be over a moment later.
pub(crate) fn unusable(text: String, error: io::Error) -> Error {
    match Shortage::of(error) {
        Ok(shortage) => Error::new(ErrorKind::Connect, text).because(io::Error::from(shortage)),
        Err(error) => Error::new(ErrorKind::Configuration, text).because(CauseText::of_io(error, None)),
    }
}

pub(crate) fn printable_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let path = std::env::temp_dir().join(format!("autopilot-file-{}", std::process::id()));
        for (length, largest, expected) in [
            (1, 1, Ok(1)),
            (4096, 4096, Ok(4096)),
            (4097, 4096, Err("larger than 4096 bytes")),
            (0, 4096, Err("it is empty")),
            ((1 << 20) + 1, 1 << 20, Err("larger than 1 MiB")),
        ] {
            fs::write(&path, vec![b'x'; length]).unwrap();
            let bytes = read(&path, largest);
            assert!(bytes.as_ref().map_or(true, |bytes| bytes.capacity() == length + 1), "one allocation");
            assert_eq!(
                bytes.map(|bytes| bytes.len()).map_err(|error| error.to_string()),
                expected.map_err(str::to_owned)
            );
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(read(&std::env::temp_dir(), 9).unwrap_err().to_string(), "not a regular file");
        assert_eq!(read(&path, 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
