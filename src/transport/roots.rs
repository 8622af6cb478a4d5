//! The certificates of the believed authorities, read from where [`Trust`] says.

use std::path::Path;

use rustls_native_certs::load_certs_from_paths;
use ureq::tls::{Certificate, RootCerts};

use crate::error::{Cause, Error, ErrorKind};
use crate::text::printable;
use crate::trust::{CaFiles, Trust};

/// The systems' own have a quarter of a MiB.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

/// Whether the caller or the environment names the files: then they must be usable, and nothing replaces them.
pub(super) fn are_named(trust: &Trust) -> bool {
    matches!(trust, Trust::Files(_))
}

pub(super) fn load(trust: &Trust) -> Result<RootCerts, Error> {
    match trust {
        Trust::System => Ok(system()),
        Trust::Files(files) => named(files),
    }
}

fn named(files: &CaFiles) -> Result<RootCerts, Error> {
    let mut certificates = Vec::new();
    if let Some(file) = &files.file {
        certificates.extend(bundle(file).map_err(|cause| unusable(files, Some(file), cause))?);
    }
    for folder in &files.folders {
        let loaded = load_certs_from_paths(None, Some(folder));
        // A stray file in a folder is none of our business; an unreadable folder is.
        if let (true, Some(error)) = (loaded.certs.is_empty(), loaded.errors.into_iter().next()) {
            return Err(unusable(files, Some(folder), Cause::new(&error, None)));
        }
        certificates.extend(owned(&loaded.certs));
    }
    if certificates.is_empty() {
        return Err(unusable(files, files.file.as_deref(), Cause::new(&"no certificate in it", None)));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// The certificates of a file, of which there must be some, and none broken. What is no regular file is not opened: a
/// pipe or a terminal could hold the caller for ever, and gives nothing when it is read again. Nor is what has no
/// length, as those of /proc that wait for the kernel to say something.
fn bundle(file: &Path) -> Result<Vec<Certificate<'static>>, Cause> {
    let told = |error: &dyn std::fmt::Display| Cause::new(error, None);
    let known = std::fs::metadata(file).map_err(|error| told(&error))?;
    match known.len() {
        _ if !known.is_file() => return Err(told(&"not a regular file")),
        0 => return Err(told(&"it is empty")),
        1..=LARGEST_BUNDLE => {}
        _ => return Err(told(&"larger than 16 MiB")),
    }
    let loaded = load_certs_from_paths(Some(file), None);
    match loaded.errors.into_iter().next() {
        Some(error) => Err(told(&error)),
        None if loaded.certs.is_empty() => Err(told(&"no certificate in it")),
        None => Ok(owned(&loaded.certs)),
    }
}

fn unusable(files: &CaFiles, path: Option<&Path>, cause: Cause) -> Error {
    let path = path.map(|path| format!(" ({})", printable(&path.to_string_lossy()))).unwrap_or_default();
    Error::new(ErrorKind::Configuration, format!("{}{path}", files.named_by)).because(cause)
}

fn owned(certificates: &[impl AsRef<[u8]>]) -> Vec<Certificate<'static>> {
    certificates.iter().map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned()).collect()
}

/// Windows and macOS verify by themselves, with the authorities and rules that the administrator set.
#[cfg(any(windows, target_vendor = "apple"))]
fn system() -> RootCerts {
    RootCerts::PlatformVerifier
}

/// The first bundle that is there, else the first folder; Mozilla's roots where there is none. Known places instead of
/// `load_native_certs`, which would read SSL_CERT_FILE again where the environment is to be ignored, and a bundle and
/// the folder of the same certificates after each other.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn system() -> RootCerts {
    const BUNDLES: &[&str] = &[
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
        "/etc/pki/tls/certs/ca-bundle.crt",   // older of them
        "/etc/ssl/ca-bundle.pem",             // SUSE
        "/etc/ssl/cert.pem",                  // Alpine, OpenBSD
        "/usr/local/share/certs/ca-root-nss.crt", // FreeBSD
    ];
    const FOLDERS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];
    let bundles = BUNDLES.iter().map(|file| load_certs_from_paths(Some(Path::new(file)), None));
    let folders = FOLDERS.iter().map(|folder| load_certs_from_paths(None, Some(Path::new(folder))));
    match bundles.chain(folders).map(|loaded| loaded.certs).find(|certificates| !certificates.is_empty()) {
        Some(found) => RootCerts::new_with_certs(&owned(&found)),
        None => RootCerts::WebPki,
    }
}
