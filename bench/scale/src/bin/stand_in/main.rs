//! Stands in for the service for thousands of tenants: the emulator's service, behind a network that costs little.
//!
//! ```text
//! stand-in FOLDER LATENCY SYNCS
//! ```
//!
//! FOLDER has `server.pem` and `server.key`. All that the server sends arrives LATENCY milliseconds late. Each line of
//! the file SYNCS is a tenant: how many milliseconds its syncs take. The program prints its port, serves `localhost`
//! until its standard input ends, and prints what it has counted as JSON. One thread does all the work.

#![allow(clippy::print_stdout)] // it is a program that prints

mod certificate;
mod connection;
mod counts;
mod request;
mod server;
mod tenants;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use server::Server;
use tenants::Tenants;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, latency, syncs] = &arguments[..] else { return Err("stand-in FOLDER LATENCY SYNCS".into()) };
    let latency = Duration::from_millis(latency.parse()?);
    let mut server =
        Server::new(certificate::config(Path::new(folder))?, Tenants::read(Path::new(syncs))?, latency)?;
    println!("{}", server.port());
    server.serve()?;
    println!("{}", server.counts());
    Ok(())
}
