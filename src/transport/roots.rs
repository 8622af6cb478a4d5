//! The certificates of the believed authorities, read from where [`Trust`] says.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;

use super::bundle::Bundle;
use crate::error::{Cause, Error, ErrorKind};
use crate::text::printable;
use crate::trust::{CaFiles, Trust};

/// The systems' own have a quarter of a MiB.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

/// Whom to believe.
pub(super) struct Roots {
    pub(super) authorities: Authorities,
    /// Which they are, for an error: "the system's certificates (145, /etc/ssl/cert.pem)".
    pub(super) description: String,
    /// For ureq's TLS.
    pub(super) certificates: Vec<Vec<u8>>,
}

pub(super) enum Authorities {
    /// There is at least one.
    These(RootCertStore),
    /// Windows and macOS verify by themselves, with the authorities and rules that the administrator set.
    #[cfg(any(windows, target_vendor = "apple"))]
    OfTheSystem,
}

/// Whether the caller or the environment names the files: then they must be usable, and nothing replaces them.
pub(super) fn are_named(trust: &Trust) -> bool {
    matches!(trust, Trust::Files(_))
}

pub(super) fn load(trust: &Trust) -> Result<Roots, Error> {
    match trust {
        Trust::System => Ok(system()),
        Trust::Files(files) => named(files),
    }
}

fn named(files: &CaFiles) -> Result<Roots, Error> {
    let unusable = |path: String, cause: Cause| {
        Error::new(ErrorKind::Configuration, format!("{} ({path})", files.named_by)).because(cause)
    };
    let mut bundle = Bundle::empty();
    if let Some(file) = &files.file {
        bundle = whole(file).map_err(|cause| unusable(shown(file), cause))?;
    }
    for folder in &files.folders {
        read_folder(folder, &mut bundle).map_err(|error| unusable(shown(folder), told(&error)))?;
    }
    bundle.settle();
    let paths =
        files.file.iter().chain(&files.folders).map(|path| shown(path)).collect::<Vec<_>>().join(", ");
    if bundle.believed.is_empty() {
        return Err(unusable(paths, told(&why_empty(&bundle))));
    }
    let certificates = if bundle.believed.len() == 1 { "certificate" } else { "certificates" };
    let count = format!("{} {certificates}", bundle.believed.len());
    Ok(Roots::of(bundle, files.named_by, &count, &paths))
}

/// A file, of which each certificate must be usable, and one at least believed.
fn whole(file: &Path) -> Result<Bundle, Cause> {
    let text = read_file(file).map_err(|error| told(&error))?;
    let bundle = Bundle::read(&text);
    match &bundle.first_fault {
        Some(fault) => Err(told(fault)),
        None if !bundle.believed.is_empty() => Ok(bundle),
        None => Err(told(&match &text[..] {
            // What else people have: DER, and what PowerShell writes.
            [0x30, 0x81..=0x84, ..] => "it is DER; PEM is needed".to_owned(),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16; ASCII or UTF-8 is needed".to_owned(),
            _ => why_empty(&bundle),
        })),
    }
}

/// Why a bundle has nobody to believe.
fn why_empty(bundle: &Bundle) -> String {
    match (&bundle.first_fault, &bundle.other) {
        (Some(fault), _) => fault.clone(),
        _ if !bundle.refused.is_empty() => "its certificates are not trusted for TLS servers".to_owned(),
        (None, Some(label)) => format!("no certificate in it, but a block {label}"),
        (None, None) => "no certificate in it".to_owned(),
    }
}

impl Roots {
    fn of(bundle: Bundle, whose: &str, count: &str, place: &str) -> Roots {
        let mut description = format!("{whose} ({count}");
        if !place.is_empty() {
            description += &format!(", {place}");
        }
        if let Some(fault) = &bundle.first_fault {
            let example = if bundle.faults == 1 { "" } else { "the first is " };
            description += &format!("; {} could not be used: {example}{}", bundle.faults, printable(fault));
        }
        match bundle.refused.len() {
            0 => {}
            1 => description += "; 1 is not trusted for TLS servers",
            refused => description += &format!("; {refused} are not trusted for TLS servers"),
        }
        Roots {
            authorities: Authorities::These(bundle.believed),
            description: description + ")",
            certificates: bundle.certificates,
        }
    }
}

/// What is no regular file is not opened: a pipe or a terminal could hold the caller for ever, and gives nothing when it
/// is read again. Nor is what has no length, as those of /proc that wait for the kernel to say something.
fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    let known = fs::metadata(file)?;
    match known.len() {
        _ if !known.is_file() => return Err(io::Error::other("not a regular file")),
        0 => return Err(io::Error::other("it is empty")),
        1..=LARGEST_BUNDLE => {}
        _ => return Err(io::Error::other("larger than 16 MiB")),
    }
    let mut text = Vec::with_capacity(known.len() as usize + 1);
    File::open(file)?.take(LARGEST_BUNDLE).read_to_end(&mut text)?;
    Ok(text)
}

/// Each file of a folder once, however many links lead to it. A stray one is none of our business; an unreadable folder
/// is.
fn read_folder(folder: &Path, bundle: &mut Bundle) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<PathBuf> =
        entries.iter().filter_map(|entry| entry.path().canonicalize().ok()).collect();
    files.sort();
    files.dedup();
    for file in files {
        if !fs::metadata(&file).is_ok_and(|known| known.is_file() && known.len() > 0) {
            continue;
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match read_file(&file) {
            Ok(text) => bundle.extend(Bundle::read(&text), &name),
            Err(error) => bundle.add_fault(|| format!("{name}: {error}")),
        }
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn told(error: &dyn std::fmt::Display) -> Cause {
    Cause::new(error, None)
}

#[cfg(windows)]
fn system() -> Roots {
    Roots {
        authorities: Authorities::OfTheSystem,
        description: "the certificates of Windows".to_owned(),
        certificates: Vec::new(),
    }
}

#[cfg(target_vendor = "apple")]
fn system() -> Roots {
    Roots {
        authorities: Authorities::OfTheSystem,
        description: "the certificates of macOS".to_owned(),
        certificates: Vec::new(),
    }
}

/// The first bundle that is there, else the first folder; Mozilla's roots where there is none. Known places instead of
/// variables, which this library reads where it may, and not a bundle and the folder of the same certificates after each
/// other.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn system() -> Roots {
    const BUNDLES: &[&str] = &[
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
        "/etc/pki/tls/certs/ca-bundle.crt",   // older of them
        "/etc/ssl/ca-bundle.pem",             // SUSE
        "/etc/ssl/cert.pem",                  // Alpine, OpenBSD
        "/usr/local/share/certs/ca-root-nss.crt", // FreeBSD
    ];
    const FOLDERS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];
    first_of(BUNDLES, FOLDERS)
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn first_of(bundles: &[&str], folders: &[&str]) -> Roots {
    let bundles =
        bundles.iter().map(|file| (file, read_file(Path::new(file)).map(|text| Bundle::read(&text))));
    let folders = folders.iter().map(|folder| {
        let mut bundle = Bundle::empty();
        (folder, read_folder(Path::new(folder), &mut bundle).map(|()| bundle))
    });
    let mut unused = Bundle::empty();
    for (place, found) in bundles.chain(folders) {
        match found {
            Ok(mut found) => {
                found.settle();
                if !found.believed.is_empty() {
                    let count = found.believed.len().to_string();
                    return Roots::of(found, "the system's certificates", &count, place);
                }
                unused.extend(found, place);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => unused.add_fault(|| format!("{place}: {error}")),
        }
    }
    unused.believed.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let count = unused.believed.len().to_string();
    Roots::of(unused, "Mozilla's certificates", &count, "")
}
