//! The same as `credentials.py`, with the library: the environment says which credential.

#![allow(clippy::print_stdout)] // it is a program

use autopilot_sync::{Client, Credential, Error};

fn main() -> Result<(), Error> {
    let settings = Client::new()?.settings(&Credential::from_environment()?)?;
    println!("200 {}", settings.status().map_or("-", |status| status.as_str()));
    Ok(())
}
