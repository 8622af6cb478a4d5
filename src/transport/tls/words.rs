//! Turns the names of rustls into words.

use rustls::ProtocolVersion;

/// The name of a version that this library supports.
pub(super) fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "TLS",
    }
}

/// Splits the name of an error into words, for errors that have no text here: `MissingKeyShare` becomes "missing key
/// share".
pub(super) fn spaced(name: &impl std::fmt::Debug) -> String {
    let name = format!("{name:?}");
    let name = name.trim_matches('"');
    let name = name.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let (mut words, mut before) = (String::new(), 'A');
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        before = letter;
    }
    words
}
