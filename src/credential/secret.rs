//! A client secret, and where it comes from.

use std::path::Path;
use std::{env, fmt};

use zeroize::Zeroizing;

use super::line::visible_line;
use crate::outcome::{Error, ErrorKind};
use crate::transport::file;

/// The largest file with a secret or a token, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

/// Where a client secret comes from. It is read once, and wiped from memory with the last copy of the credential.
///
/// ```no_run
/// use std::path::Path;
/// use autopilot_sync::{Credential, Error, Secret};
///
/// fn of_agent() -> Result<Credential, Error> {
///     let file = Path::new("/run/credentials/agent.service/client-secret");
///     Credential::client_secret("contoso.com", "client-id", Secret::File(file))
/// }
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Secret<'a> {
    /// The secret itself.
    Text(&'a str),
    /// A file that holds nothing else; a line break at its end is allowed.
    File(&'a Path),
    /// The environment variable with this name.
    Variable(&'a str),
}

impl Secret<'_> {
    pub(super) fn read(self) -> Result<Zeroizing<String>, Error> {
        match self {
            Secret::Text(text) => checked(text.as_bytes())
                .map_err(|fault| Error::invalid_argument(format!("the client secret {fault}"))),
            Secret::File(path) => from_file("client secret", path),
            Secret::Variable(name) => {
                let unusable = |fault: &dyn fmt::Display| {
                    Error::new(ErrorKind::Configuration, format!("{name}: the client secret {fault}"))
                };
                let value = env::var_os(name).ok_or_else(|| unusable(&"is not set"))?;
                let value = Zeroizing::new(value.into_encoded_bytes());
                checked(&value).map_err(|fault| unusable(&fault))
            }
        }
    }
}

/// Without its value.
impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Text(_) => f.write_str("Text([secret])"),
            Secret::File(path) => f.debug_tuple("File").field(path).finish(),
            Secret::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

/// The secret or the token in a file. `what` names it in an error.
pub(super) fn from_file(what: &str, path: &Path) -> Result<Zeroizing<String>, Error> {
    let place = format!("the file of the {what} ({})", file::printable_path(path));
    let bytes = file::read(path, LARGEST_FILE).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| file::unusable(place.clone(), error))?;
    checked(&bytes)
        .map_err(|fault| Error::new(ErrorKind::Configuration, format!("{place}: its content {fault}")))
}

/// Visible ASCII; a line break at the end is allowed.
fn checked(bytes: &[u8]) -> Result<Zeroizing<String>, &'static str> {
    match visible_line(bytes) {
        Some("") => Err("is empty"),
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err("has a blank, a control character or a character that is not ASCII"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_of_visible_ascii() {
        for (text, expected) in [
            ("a~b\"c", Ok("a~b\"c")),
            ("s\n", Ok("s")),
            ("s\r\n", Ok("s")),
            ("", Err("the client secret is empty")),
            ("\n", Err("the client secret is empty")),
            (
                "a b",
                Err("the client secret has a blank, a control character or a character that is not ASCII"),
            ),
            (
                "a\n\n",
                Err("the client secret has a blank, a control character or a character that is not ASCII"),
            ),
            ("é", Err("the client secret has a blank, a control character or a character that is not ASCII")),
        ] {
            let read = Secret::Text(text).read();
            let read = read.map(|secret| secret.to_string()).map_err(|error| error.to_string());
            let expected = expected.map(str::to_owned).map_err(|text| format!("invalid argument: {text}"));
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn a_source_without_a_secret_is_named() {
        let error = Secret::Variable("AUTOPILOT_NO_SUCH_VARIABLE").read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error.to_string().contains("AUTOPILOT_NO_SUCH_VARIABLE: the client secret is not set"),
            "{error}"
        );
        let error = Secret::File(Path::new("/no/such/file")).read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("(/no/such/file)"), "{error}");
        assert_eq!(format!("{:?}", Secret::Text("hidden")), "Text([secret])");
    }
}
