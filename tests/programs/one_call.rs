//! Calls `sync` with each argument, "NULL" for an empty one, and prints the results.

#![allow(clippy::print_stdout)] // it is a program

use std::os::unix::ffi::OsStrExt;

fn main() {
    for argument in std::env::args_os().skip(1) {
        let token = if argument == "NULL" { &[] } else { argument.as_bytes() };
        let token = String::from_utf8_lossy(token);
        let code = match autopilot_sync::sync(&token) {
            Ok(outcome) => outcome.answer().code(),
            Err(error) => error.kind().code(),
        };
        println!("{code}");
    }
}
