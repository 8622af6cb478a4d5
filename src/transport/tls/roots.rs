//! Loads the certificates of the trusted authorities from files, or from the system.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use rustls::RootCertStore;

use super::certificates::bundle::Bundle;
use super::certificates::pem;
use crate::config::{CaFiles, Trust};
use crate::outcome::Error;
use crate::text::printable;
use crate::transport::file::{self, printable_path, unusable};
use crate::transport::shortage;

/// The largest file that is read, in bytes. A system's bundle has about 256 KiB.
const LARGEST_BUNDLE: u64 = 16 * 1024 * 1024;

/// The trusted authorities.
pub(super) struct Roots {
    pub(super) authorities: Authorities,
    /// Names them in an error message: "the system's certificates (145, /etc/ssl/cert.pem)".
    pub(super) description: String,
}

pub(super) enum Authorities {
    /// At least one.
    Store(RootCertStore),
    /// Windows and macOS verify certificates themselves, by their administrator's rules.
    #[cfg(any(windows, target_vendor = "apple"))]
    System,
}

pub(super) fn load(trust: &Trust) -> Result<Roots, Error> {
    match trust {
        Trust::System => from_system(),
        Trust::Files(files) => from_files(files),
    }
}

fn from_files(files: &CaFiles) -> Result<Roots, Error> {
    let unusable = |path: String, error| unusable(format!("{} ({path})", files.named_by), error);
    let mut bundle = Bundle::empty();
    if let Some(file) = &files.file {
        bundle = read_bundle(file).map_err(|error| unusable(printable_path(file), error))?;
    }
    for folder in &files.folders {
        read_folder(folder, &mut bundle).map_err(|error| unusable(printable_path(folder), error))?;
    }
    let paths = files
        .file
        .iter()
        .chain(&files.folders)
        .map(|path| printable_path(path))
        .collect::<Vec<_>>()
        .join(", ");
    if bundle.trusted.is_empty() {
        return Err(unusable(paths, why_nothing_is_trusted(&bundle)));
    }
    let certificates = if bundle.trusted.len() == 1 { "certificate" } else { "certificates" };
    let count = format!("{} {certificates}", bundle.trusted.len());
    Ok(Roots::describe(bundle, files.named_by, &count, &paths))
}

/// Reads a file in which every certificate must be usable, and at least one trusted.
fn read_bundle(file: &Path) -> io::Result<Bundle> {
    let text = read_file(file)?;
    let bundle = Bundle::of(&text);
    match &bundle.first_fault {
        Some(fault) => Err(io::Error::other(fault.clone())),
        None if !bundle.trusted.is_empty() => Ok(bundle),
        None => Err(pem::why_none(&text).map_or_else(|| why_nothing_is_trusted(&bundle), io::Error::other)),
    }
}

/// Why a bundle has no trusted authority.
fn why_nothing_is_trusted(bundle: &Bundle) -> io::Error {
    io::Error::other(match (&bundle.first_fault, &bundle.other_label) {
        (Some(fault), _) => fault.clone(),
        _ if !bundle.distrusted.is_empty() => "its certificates are not trusted for TLS servers".to_owned(),
        (None, Some(label)) => format!("it holds no certificate, but a block {label}"),
        (None, None) => "it holds no certificate".to_owned(),
    })
}

impl Roots {
    /// `place` may be empty.
    fn describe(bundle: Bundle, whose: &str, count: &str, place: &str) -> Roots {
        let mut description = format!("{whose} ({count}");
        if !place.is_empty() {
            description += &format!(", {place}");
        }
        if let Some(fault) = &bundle.first_fault {
            let example = if bundle.faults == 1 { "" } else { "the first is " };
            description += &format!("; {} could not be used: {example}{}", bundle.faults, printable(fault));
        }
        match bundle.distrusted.len() {
            0 => {}
            1 => description += "; 1 is not trusted for TLS servers",
            refused => description += &format!("; {refused} are not trusted for TLS servers"),
        }
        Roots { authorities: Authorities::Store(bundle.trusted), description: description + ")" }
    }
}

fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    file::read(file, LARGEST_BUNDLE)
}

/// Reads each file of a folder once, even if several links lead to it. Ignores files without certificates.
fn read_folder(folder: &Path, bundle: &mut Bundle) -> io::Result<()> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.canonicalize() {
            Ok(file) => drop(files.insert(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // a dangling link
            Err(error) => bundle.add_fault(|| format!("{}: {error}", name(&path))),
        }
    }
    for file in files {
        if fs::metadata(&file).is_ok_and(|known| !known.is_file() || known.len() == 0) {
            continue;
        }
        match read_file(&file) {
            Ok(text) => bundle.read(&text, &format!("{}: ", name(&file))),
            Err(error) if shortage::is_of_descriptors(&error) => return Err(error),
            Err(error) => bundle.add_fault(|| format!("{}: {error}", name(&file))),
        }
    }
    Ok(())
}

#[cfg(windows)]
fn from_system() -> Result<Roots, Error> {
    Ok(Roots { authorities: Authorities::System, description: "the certificates of Windows".to_owned() })
}

#[cfg(target_vendor = "apple")]
fn from_system() -> Result<Roots, Error> {
    Ok(Roots { authorities: Authorities::System, description: "the certificates of macOS".to_owned() })
}

/// Loads the system's first usable bundle. If there is none, the first usable folder, which holds the same
/// certificates. If the system has no certificates at all, Mozilla's.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn from_system() -> Result<Roots, Error> {
    const BUNDLES: &[&str] = &[
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
        "/etc/pki/tls/certs/ca-bundle.crt",   // older versions of Fedora and RHEL
        "/etc/ssl/ca-bundle.pem",             // SUSE
        "/etc/ssl/cert.pem",                  // Alpine, OpenBSD
        "/usr/local/share/certs/ca-root-nss.crt", // FreeBSD
    ];
    const FOLDERS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];
    first_of(BUNDLES, FOLDERS)
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn first_of(bundles: &[&str], folders: &[&str]) -> Result<Roots, Error> {
    let bundles = bundles.iter().map(|file| (file, read_file(Path::new(file)).map(|text| Bundle::of(&text))));
    let folders = folders.iter().map(|folder| {
        let mut bundle = Bundle::empty();
        (folder, read_folder(Path::new(folder), &mut bundle).map(|()| bundle))
    });
    let mut first_fault = None;
    for (place, found) in bundles.chain(folders) {
        match found {
            Ok(found) if !found.trusted.is_empty() => {
                let count = found.trusted.len().to_string();
                return Ok(Roots::describe(found, "the system's certificates", &count, place));
            }
            Ok(found) => {
                let fault = found.first_fault.map(|fault| format!("{place}: {fault}"));
                first_fault = first_fault.or(fault);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {}
            Err(error) if shortage::is_of_descriptors(&error) => {
                return Err(unusable(format!("the system's certificates ({place})"), error));
            }
            Err(error) => first_fault = first_fault.or_else(|| Some(format!("{place}: {error}"))),
        }
    }
    // Broken files may be the administrator's own choice, so do not replace them by Mozilla's.
    if let Some(fault) = first_fault {
        let text = "the system's certificates; name a CA file in SSL_CERT_FILE instead";
        return Err(unusable(text.to_owned(), io::Error::other(fault)));
    }
    let mut mozillas = Bundle::empty();
    mozillas.trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let count = mozillas.trusted.len().to_string();
    Ok(Roots::describe(mozillas, "Mozilla's certificates", &count, ""))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate(name: &str) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    /// A certificate whose trust settings reject it for TLS servers.
    fn distrusted(name: &str) -> String {
        const REJECT: &[u8] = &[0x30, 12, 0xa0, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        let block = certificate(name);
        let certificate = pem::blocks(block.as_bytes()).next().unwrap().unwrap().der().unwrap();
        let digits = BASE64_STANDARD.encode([&certificate[..], REJECT].concat());
        format!("-----BEGIN TRUSTED CERTIFICATE-----\n{digits}\n-----END TRUSTED CERTIFICATE-----\n")
    }

    /// A folder that is deleted when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("autopilot-roots-{}-{name}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn with(self, file: &str, text: impl AsRef<[u8]>) -> Folder {
            fs::write(self.0.join(file), text).unwrap();
            self
        }

        fn path(&self, file: &str) -> String {
            self.0.join(file).to_str().unwrap().to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// The description of the loaded authorities, or the error.
    fn loaded(file: Option<&str>, folders: &[&str]) -> String {
        let folders = folders.iter().map(PathBuf::from).collect();
        match load(&Trust::Files(CaFiles { file: file.map(PathBuf::from), folders, named_by: "VARIABLE" })) {
            Ok(roots) => roots.description,
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn a_file_is_used_whole_or_not_at_all() {
        let folder = Folder::new("file");
        let file = folder.path("ca.pem");
        let [first, second] = ["First", "Second"].map(certificate);
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let key = KeyPair::generate().unwrap().serialize_pem();
        for (text, expected) in [
            (first.clone(), Ok("1 certificate")),
            (format!("\u{feff}{}{second}", first.trim_end()), Ok("2 certificates")),
            (format!("{first}{second}{first}{key}"), Ok("2 certificates")),
            (format!("{first}{broken}"), Err("block 2 (CERTIFICATE, line")),
            (distrusted("Third"), Err("its certificates are not trusted for TLS servers")),
            ("no block".to_owned(), Err("it holds no certificate")),
            (key, Err("it holds no certificate, but a block PRIVATE KEY")),
            ("\n".to_owned(), Err("it holds no certificate")),
            (String::new(), Err("it is empty")),
        ] {
            fs::write(&file, &text).unwrap();
            let loaded = loaded(Some(&file), &[]);
            match expected {
                Ok(count) => assert_eq!(loaded, format!("VARIABLE ({count}, {file})")),
                Err(why) => {
                    let expected = format!("unusable configuration: VARIABLE ({file}): {why}");
                    assert!(loaded.starts_with(&expected), "{loaded}");
                }
            }
        }
        fs::write(&file, format!("{first}{}", distrusted("Third"))).unwrap();
        let described = format!("VARIABLE (1 certificate, {file}; 1 is not trusted for TLS servers)");
        assert_eq!(loaded(Some(&file), &[]), described);
        for (bytes, why) in [
            (&[0x30, 0x82, 1, 0][..], "it is DER; PEM is needed"),
            (&[0xff, 0xfe, b'-', 0], "it is UTF-16; ASCII or UTF-8 is needed"),
        ] {
            fs::write(&file, bytes).unwrap();
            assert!(loaded(Some(&file), &[]).ends_with(why));
        }
    }

    #[test]
    fn unusable_files_of_a_folder_are_counted() {
        let [first, second] = ["First", "Second"].map(certificate);
        let broken = "-----BEGIN CERTIFICATE-----\n";
        let stray = Folder::new("stray").with("empty", "").with("README", "no block");
        fs::create_dir(stray.0.join("folder")).unwrap();
        let one = Folder::new("one").with("first.pem", &first).with("copy.pem", &first).with("README", "-");
        let mixed = Folder::new("mixed").with("a.pem", broken).with("b.pem", broken).with("c.pem", second);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a.pem", mixed.0.join("01234567.0")).unwrap();
            std::os::unix::fs::symlink("nowhere", mixed.0.join("01234567.1")).unwrap();
            std::os::unix::fs::symlink("loop.0", one.0.join("loop.0")).unwrap();
            let looped = loaded(None, &[&one.path("")]);
            assert!(looped.contains("; 1 could not be used: loop.0: "), "{looped}");
            fs::remove_file(one.0.join("loop.0")).unwrap();
        }
        let [stray, one, mixed] = [&stray, &one, &mixed].map(|folder| folder.0.to_str().unwrap().to_owned());
        let fault = "a.pem: block 1 (CERTIFICATE, line 1): it has no END line";
        let nowhere = format!("{stray}/nowhere");
        let counted = format!("2 could not be used: the first is {fault}");
        let error = |paths: &str, why: &str| format!("unusable configuration: VARIABLE ({paths}): {why}");
        for (folders, expected) in [
            (&[&*one][..], format!("VARIABLE (1 certificate, {one})")),
            (&[&one, &stray], format!("VARIABLE (1 certificate, {one}, {stray})")),
            (&[&one, &mixed], format!("VARIABLE (2 certificates, {one}, {mixed}; {counted})")),
            (&[&stray], error(&stray, "it holds no certificate")),
        ] {
            assert_eq!(loaded(None, folders), expected);
        }
        assert!(loaded(None, &[&nowhere]).starts_with(&error(&nowhere, "")));
        let file = format!("{one}/first.pem");
        assert_eq!(loaded(Some(&file), &[&stray]), format!("VARIABLE (1 certificate, {file}, {stray})"));
        fs::remove_file(format!("{mixed}/c.pem")).unwrap();
        assert_eq!(loaded(None, &[&mixed]), error(&mixed, fault));
    }

    #[cfg(not(any(windows, target_vendor = "apple")))]
    #[test]
    fn the_system_gives_the_first_place_with_certificates() {
        let [first, second] = ["First", "Second"].map(certificate);
        let broken = "-----BEGIN CERTIFICATE-----\n";
        let folder = Folder::new("system")
            .with("empty.pem", "")
            .with("broken.pem", broken)
            .with("first.pem", format!("{first}{broken}"))
            .with("second.pem", &second);
        let hashed = Folder::new("hashed").with("second.pem", &second);
        let hashed = hashed.0.to_str().unwrap();
        let [missing, empty, broken, first, second] =
            ["missing.pem", "empty.pem", "broken.pem", "first.pem", "second.pem"]
                .map(|name| folder.path(name));
        let mozillas = webpki_roots::TLS_SERVER_ROOTS.len();
        let no_end = "(CERTIFICATE, line 1): it has no END line";
        for (bundles, folders, expected) in [
            (
                &[&missing, &broken, &second, &first][..],
                &[hashed][..],
                format!("the system's certificates (1, {second})"),
            ),
            (&[&missing], &[&missing, hashed], format!("the system's certificates (1, {hashed})")),
            (&[&missing], &[&missing], format!("Mozilla's certificates ({mozillas})")),
            (&[&empty], &[], format!("Mozilla's certificates ({mozillas})")),
        ] {
            let bundles: Vec<&str> = bundles.iter().map(|path| path.as_str()).collect();
            assert_eq!(first_of(&bundles, folders).unwrap().description, expected);
        }
        let error = first_of(&[&missing, &broken], &[]).err().unwrap();
        assert_eq!(error.kind(), crate::outcome::ErrorKind::Configuration);
        assert!(format!("{error:#}").ends_with(&format!("{broken}: block 1 {no_end}")), "{error:#}");
        let described = first_of(&[&first], &[]).unwrap().description;
        let expected =
            format!("the system's certificates (1, {first}; 1 could not be used: block 2 (CERTIFICATE, line");
        assert!(described.starts_with(&expected), "{described}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_is_not_to_blame_if_no_descriptor_is_left() {
        use crate::outcome::ErrorKind;
        use crate::transport::process::{holds_in_child, limit};
        let folder = Folder::new("short").with("one.pem", certificate("One"));
        let (file, folder) = (folder.path("one.pem"), folder.0.to_str().unwrap());
        assert!(holds_in_child(|| {
            limit(libc::RLIMIT_NOFILE, 0);
            let by_file = CaFiles { named_by: "VARIABLE", file: Some((&file).into()), folders: Vec::new() };
            let by_folder = CaFiles { named_by: "VARIABLE", file: None, folders: vec![folder.into()] };
            let results = [
                from_files(&by_file),
                from_files(&by_folder),
                first_of(&[&file], &[]),
                first_of(&[], &[folder]),
            ];
            let says_so = |error: Error| {
                error.kind() == ErrorKind::Connect && format!("{error:#}").contains("ulimit -n")
            };
            results.into_iter().all(|result| result.is_err_and(says_so))
        }));
    }
}
