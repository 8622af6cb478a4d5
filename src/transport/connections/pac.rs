//! Lets a PAC file choose the proxy of a new connection.

use super::inquiry::Inquiries;
use crate::config::pac_file::{self, PacError, PacFile};
use crate::config::{Proxy, windows};
use crate::outcome::{Error, ErrorKind, Happening, Name, Owner};
use crate::transport::call::Call;
use crate::transport::connect_error::ConnectError;

/// A thread that asks a PAC file. Its stack is ample for the script, which Wine runs on it.
const THREAD: (&str, usize) = ("autopilot-pac", 1024 * 1024);

/// The proxy for this host. None for a direct connection. The script sees the host, and nothing else of the URL.
pub(super) fn choose(call: &Call, file: &PacFile, host: &str) -> Result<Option<Proxy>, ConnectError> {
    static INQUIRIES: Inquiries<Option<String>> = Inquiries::new();
    call.note(Happening::LookUp(Box::new(Name { owner: Owner::PacFile, name: file.to_string() })));
    let (address, url) = (file.url.clone(), format!("https://{host}/"));
    let subject = format!("{url} {address}");
    let answer = INQUIRIES.ask(call, THREAD, &subject, move || windows::ask_pac_file(&address, &url))?;
    let answer = answer.ok_or(ConnectError::TimedOut(None))?;
    let answer = answer.map_err(|error| error.raw_os_error().unwrap_or_default());
    let chosen = pac_file::chosen(answer).map_err(|error| unusable(file, &error))?;
    let proxy = chosen.as_ref().map_or("none".to_owned(), Proxy::to_string);
    call.note(Happening::Proxy(format!("{proxy}, by the PAC file").into()));
    Ok(chosen)
}

/// The network may be back a moment later, but a script stays as it is.
fn unusable(file: &PacFile, error: &PacError) -> Error {
    let kind = match error {
        PacError::NotFetched(_) => ErrorKind::Connect,
        PacError::Script(_) | PacError::Proxy(_) | PacError::NoProxy => ErrorKind::Configuration,
    };
    let text = format!(
        "the PAC file {file} of the user's proxy settings {error}; correct it, or set HTTPS_PROXY, or NO_PROXY for a \
         direct connection"
    );
    Error::new(kind, text)
}
