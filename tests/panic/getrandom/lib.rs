//! In place of the crate of this name, as far as the library and ring use it. With `PANIC_IN=call` it panics on the thread
//! of a call, with `PANIC_IN=dial` on one that makes a connection.

use std::fs::File;
use std::io::{Error, Read};

/// Fills a slice with random bytes.
pub fn getrandom(bytes: &mut [u8]) -> Result<(), Error> {
    let is_dial = std::thread::current().name() == Some("autopilot-dial");
    let here = if is_dial { "dial" } else { "call" };
    if std::env::var_os("PANIC_IN").is_some_and(|place| place == here) {
        panic!("on purpose, in a {here}");
    }
    File::open("/dev/urandom")?.read_exact(bytes)
}
