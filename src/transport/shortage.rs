//! What can run out on this machine, and the words that say what to do about it.

use std::io;

/// A shortage may be over a moment later, so a retry may succeed.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub(crate) struct Shortage {
    words: &'static str,
    source: io::Error,
}

impl Shortage {
    /// The shortage that an error tells of. Otherwise the error itself.
    pub(crate) fn of(error: io::Error) -> Result<Shortage, io::Error> {
        match system::words(&error) {
            Some(words) => Ok(Shortage { words, source: error }),
            None => error.downcast(),
        }
    }

    /// The error of a thread that did not start.
    pub(crate) fn of_threads(source: io::Error) -> io::Error {
        Shortage { words: system::NO_THREAD, source }.into()
    }
}

impl From<Shortage> for io::Error {
    fn from(shortage: Shortage) -> io::Error {
        io::Error::other(shortage)
    }
}

/// Whether an error tells that no descriptor is left.
pub(crate) fn is_of_descriptors(error: &io::Error) -> bool {
    system::words(error).is_some()
}

/// The shortage of descriptors that a look-up met, which has just failed on this thread with this error. Otherwise the
/// error itself.
///
/// Without a descriptor to read its files or to ask a server, the system says that the name is unknown.
pub(crate) fn behind(error: io::Error) -> io::Error {
    let last = io::Error::last_os_error();
    [Some(last), system::try_descriptor()].into_iter().flatten().find(is_of_descriptors).unwrap_or(error)
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io;

    pub(super) const NO_THREAD: &str =
        "no thread can be started: raise the limits of threads and memory (ulimit -u, ulimit -v, pids.max)";

    pub(super) fn words(error: &io::Error) -> Option<&'static str> {
        match error.raw_os_error()? {
            libc::EMFILE => Some("no file descriptor is left: raise the limit, ulimit -n"),
            libc::ENFILE => Some("the system has no file descriptor left: raise its limit, fs.file-max"),
            _ => None,
        }
    }

    /// The error of taking a descriptor.
    pub(super) fn try_descriptor() -> Option<io::Error> {
        File::open("/").err()
    }
}

/// This system has no limit of descriptors.
#[cfg(not(unix))]
mod system {
    use std::io;

    pub(super) const NO_THREAD: &str = "no thread can be started";

    pub(super) fn words(_: &io::Error) -> Option<&'static str> {
        None
    }

    pub(super) fn try_descriptor() -> Option<io::Error> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::transport::process::{holds_in_child, limit};

    fn error(number: i32) -> io::Error {
        io::Error::from_raw_os_error(number)
    }

    #[test]
    fn a_shortage_is_told_from_other_errors() {
        for (error, words) in [
            (error(libc::EMFILE), "ulimit -n"),
            (error(libc::ENFILE), "fs.file-max"),
            (Shortage::of_threads(error(libc::EAGAIN)), "ulimit -u"),
        ] {
            let shortage = Shortage::of(error).unwrap();
            assert!(shortage.to_string().contains(words), "{shortage}");
        }
        assert!(Shortage::of(error(libc::EAGAIN)).is_err());
        assert_eq!(Shortage::of(io::Error::other("x")).unwrap_err().to_string(), "x");
    }

    #[test]
    fn a_look_up_that_failed_may_have_had_no_descriptor() {
        let unknown = || io::Error::other("Name or service not known");
        assert_eq!(behind(unknown()).to_string(), unknown().to_string());
        assert!(holds_in_child(|| {
            limit(libc::RLIMIT_NOFILE, 0);
            behind(unknown()).raw_os_error() == Some(libc::EMFILE)
        }));
    }
}
