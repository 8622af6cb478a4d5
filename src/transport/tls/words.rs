//! Turns the names of errors into words.

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
