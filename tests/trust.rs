//! CA files in all common forms, on real connections to the emulator.

use std::path::{Path, PathBuf};

use autopilot_emulator::{Config, Emulator};
use autopilot_sync::{Answer, Client, ErrorKind};

/// A file that is deleted when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trust-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn client(emulator: &Emulator, file: &File) -> Result<Client, autopilot_sync::Error> {
    let builder = Client::builder().ignore_environment().max_retries(0)?;
    builder.proxy(&emulator.proxy_url())?.ca_file(&file.0)?.build()
}

/// A CA file that `change` makes of the emulator's authority and another.
fn bundle(name: &str, change: impl Fn(&str, &str) -> String) -> (Emulator, File) {
    let emulator = Emulator::start(Config::default());
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap();
    let file = File::new(name, &change(emulator.ca_pem().trim_end(), other.cert.pem().trim_end()));
    (emulator, file)
}

#[test]
fn no_certificate_of_a_bundle_is_lost() {
    let forms: [(&str, fn(&str, &str) -> String); 9] = [
        ("with a byte-order mark", |a, b| format!("\u{feff}{a}\n{b}")),
        ("joined without a line break, first", |a, b| format!("{a}{b}")),
        ("joined without a line break, second", |a, b| format!("{b}{a}\n")),
        ("directly after a text", |a, b| format!("text{a}\n{b}\n")),
        ("with CR as the line break", |a, b| format!("{b}\n{a}\n").replace('\n', "\r")),
        ("indented", |a, b| format!("{b}\n  {}\n", a.replace('\n', "\n  "))),
        ("on one line", |a, b| format!("{b}\n{}\n", a.replace('\n', ""))),
        ("TRUSTED CERTIFICATE", |a, b| format!("{b}\n{}", a.replace(" CERT", " TRUSTED CERT"))),
        ("X509 CERTIFICATE", |a, b| format!("{b}\n{}", a.replace(" CERT", " X509 CERT"))),
    ];
    let mut lost = Vec::new();
    for (form, change) in forms {
        let (emulator, file) = bundle("forms.pem", change);
        match client(&emulator, &file).and_then(|client| client.sync("token")) {
            Ok(outcome) => assert_eq!(outcome.answer(), Answer::Accepted, "{form}"),
            Err(error) => lost.push(format!("{form}: {error:#}")),
        }
    }
    assert_eq!(lost, [""; 0]);
}

#[test]
fn a_block_that_cannot_be_used_is_an_error_that_names_it() {
    let forms: [(fn(&str, &str) -> String, &str); 6] = [
        (|a, b| format!("{b}\n{}", &a[..a.len() - 60]), "block 2 (CERTIFICATE, line"),
        (
            |a, b| format!("{}\n{b}", a.replacen("MII", "M*I", 1)),
            "block 1 (CERTIFICATE, line 1): its base64 is broken",
        ),
        (|a, b| format!("{}\n{b}", a.replace("-----END ", "-----END X")), "its END line has another label"),
        (
            |_, b| format!("{b}\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
            "): it holds no certificate",
        ),
        (|a, _| a.replace(" CERT", " OTHER CERT"), "it holds no certificate, but a block OTHER CERTIFICATE"),
        (|a, _| a.replace("-----", "---"), "it holds no certificate"),
    ];
    let mut wrong = Vec::new();
    for (change, why) in forms {
        let (emulator, file) = bundle("broken.pem", change);
        match client(&emulator, &file) {
            Ok(_) => wrong.push(format!("taken, not {why}")),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Configuration, "{error:#}");
                let said = format!("{error:#}");
                if !(said.contains(why) && said.contains(file.0.to_str().unwrap())) {
                    wrong.push(format!("{said}, not {why}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
