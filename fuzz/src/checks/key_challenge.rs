//! The challenge that names the key file of Azure Arc. An input is `WWW-Authenticate` headers, a line for each.

use std::path::Path;

use crate::credential::challenge_file::key_name;

const FOLDER: &str = "/var/opt/azcmagent/tokens";

/// A file is directly in the folder, and the challenge has its whole path, with the folder in any case.
pub fn key_challenge(data: &[u8]) {
    let headers = String::from_utf8_lossy(data);
    let headers: Vec<String> = headers.lines().map(str::to_owned).collect();
    let Some(name) = key_name(Path::new(FOLDER), &headers) else { return };
    let stem = name.strip_suffix(".key").expect("a key");
    assert!(
        !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    );
    assert_eq!(Path::new(FOLDER).join(&name).parent(), Some(Path::new(FOLDER)));
    let path = format!("{FOLDER}/{name}").to_ascii_lowercase();
    // A quoted text may have backslashes before its characters.
    let has_path = |header: &String| header.replace('\\', "").to_ascii_lowercase().contains(&path);
    assert!(headers.iter().any(has_path), "{name} in {headers:?}");
}
