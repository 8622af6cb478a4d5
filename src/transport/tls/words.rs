//! Makes words of the names of errors.

/// Splits the name of an error without a message of ours into words: `MissingKeyShare` becomes "missing key share".
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
