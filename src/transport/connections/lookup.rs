//! Looks names up. A name has one look-up at a time, and all calls that need the name wait for it.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use super::inquiry::Inquiries;
use crate::config::host::without_brackets;
use crate::outcome::{Happening, Name, Owner};
use crate::transport::call::Call;
use crate::transport::connect_error::ConnectError;
use crate::transport::shortage;

/// A thread that looks a name up. Its stack is ample for the system's resolver and its plugins.
const THREAD: (&str, usize) = ("autopilot-name", 512 * 1024);

/// The addresses of a host, in the system's order: at least one.
pub(super) fn look_up(
    call: &Call,
    owner: Owner,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, ConnectError> {
    static LOOK_UPS: Inquiries<Vec<SocketAddr>> = Inquiries::new();
    let name = without_brackets(host);
    if let Ok(address) = name.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let whose = Name { owner, name: name.to_owned() };
    call.note(Happening::LookUp(Box::new(whose.clone())));
    let asked = name.to_owned();
    let answer = LOOK_UPS.ask(call, THREAD, name, move || ask_system(&asked))?;
    match answer.ok_or(ConnectError::TimedOut(None))? {
        Ok(mut addresses) => {
            call.note(Happening::Found(addresses.iter().map(SocketAddr::ip).collect()));
            addresses.iter_mut().for_each(|address| address.set_port(port));
            Ok(addresses)
        }
        Err(error) => {
            call.note(Happening::NotFound(error.to_string().into()));
            Err(connect_error(whose, &error))
        }
    }
}

/// What the error of a look-up means for a call.
fn connect_error(name: Name, error: &io::Error) -> ConnectError {
    match error.raw_os_error() {
        Some(number) if shortage::is_of_descriptors(error) => io::Error::from_raw_os_error(number).into(),
        // An unknown name stays unknown. Any other error may be gone a moment later.
        _ if is_unknown_name(error) => ConnectError::UnknownName(name),
        _ => io::Error::new(error.kind(), format!("the look-up of {name} failed: {error}")).into(),
    }
}

fn ask_system(name: &str) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<_> = (name, 0).to_socket_addrs().map_err(shortage::behind)?.collect();
    if addresses.is_empty() { Err(io::Error::other("no address")) } else { Ok(addresses) }
}

/// std keeps only the text of getaddrinfo's error, in the process's language, and not its number.
#[cfg(unix)]
#[allow(unsafe_code)] // asks the C library
fn is_unknown_name(error: &io::Error) -> bool {
    #[cfg(target_env = "gnu")]
    const UNKNOWN: [i32; 2] = [libc::EAI_NONAME, libc::EAI_NODATA];
    #[cfg(not(target_env = "gnu"))]
    const UNKNOWN: [i32; 1] = [libc::EAI_NONAME];
    let text = error.to_string();
    UNKNOWN.into_iter().any(|number| {
        // SAFETY: gai_strerror returns a text that lives as long as the process.
        let words = unsafe { std::ffi::CStr::from_ptr(libc::gai_strerror(number)) };
        text.ends_with(&*words.to_string_lossy())
    })
}

#[cfg(windows)]
fn is_unknown_name(error: &io::Error) -> bool {
    const HOST_NOT_FOUND: i32 = 11001;
    const NO_DATA: i32 = 11004;
    matches!(error.raw_os_error(), Some(HOST_NOT_FOUND | NO_DATA))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_address_needs_no_look_up() {
        for (host, expected) in [("192.0.2.1", "192.0.2.1:443"), ("[2001:db8::1]", "[2001:db8::1]:443")] {
            let call = Call::new(Duration::ZERO);
            assert_eq!(look_up(&call, Owner::Service, host, 443).unwrap(), [expected.parse().unwrap()]);
        }
    }
}
