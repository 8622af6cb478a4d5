//! Makes calls with a credential: `keeper KIND`. The first line of its input is the secret, or the path of a file.
//!
//! It says "made RESULT" after the calls, "forgotten" when the credential is freed, and "freed" when the client is too.
//! Between these it waits for a line.

#![allow(clippy::print_stdout)] // it is a program

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use autopilot_sync::{Client, Credential, Error, Secret};
use zeroize::Zeroizing;

const TENANT: &str = "default";
const APPLICATION: &str = "00000000-0000-0000-0000-00000000000a";

/// Reads a line of standard input into this buffer, and no other.
fn hear(input: &mut File) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(4096));
    let mut byte = [0];
    while input.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        assert!(line.len() < line.capacity());
        line.push(byte[0].into());
    }
    line
}

fn credential(kind: &str, given: &str) -> Result<Credential, Error> {
    match kind {
        "secret" => Credential::client_secret(TENANT, APPLICATION, Secret::Text(given)),
        "secret-file" => Credential::client_secret(TENANT, APPLICATION, Secret::File(given.as_ref())),
        "certificate" => Ok(Credential::client_certificate(TENANT, APPLICATION, given)?.with_chain()),
        "workload" => Credential::workload_identity(TENANT, APPLICATION, given),
        "identity" => Credential::managed_identity(None),
        _ => panic!("{kind}?"),
    }
}

fn main() {
    let mut input = File::open("/dev/stdin").unwrap();
    let kind = std::env::args().nth(1).unwrap();
    let client = Client::builder().timeout(Duration::from_secs(3600)).unwrap();
    let client = client.max_retries(1).unwrap().build().unwrap();
    let given = hear(&mut input);
    let credential = credential(&kind, &given).unwrap();
    drop(given);
    let made = client.sync(&credential);
    println!("made {}", made.as_ref().map_or_else(|error| error.kind().code(), |made| made.answer().code()));
    hear(&mut input);
    drop(credential);
    println!("forgotten");
    hear(&mut input);
    drop(client);
    println!("freed");
    hear(&mut input);
    drop(made); // it was looked through too
}
