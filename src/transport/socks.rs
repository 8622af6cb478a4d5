//! Opens a tunnel through a SOCKS5 proxy: RFC 1928, with user name and password as in RFC 1929.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use zeroize::Zeroizing;

use super::failure::ConnectError;
use super::socket::Stream;
use crate::config::Credentials;
use crate::config::cloud::without_brackets;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;

/// The other end of the tunnel.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    Address(SocketAddr),
    /// The proxy looks it up.
    Name(&'a str, u16),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Address(address) => address.fmt(f),
            Target::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Opens the tunnel.
pub(super) fn open(
    proxy: &mut dyn Stream,
    target: Target<'_>,
    credentials: Option<&Credentials>,
) -> Result<(), ConnectError> {
    agree(proxy, credentials)?;
    say(proxy, &request(target))?;
    let [version, reply, _, kind] = hear(proxy)?;
    if version != VERSION {
        return Err(not_socks());
    }
    if reply != 0 {
        let text = format!("the SOCKS proxy refuses the connection: {}", words(reply));
        let is_of_the_target = matches!(reply, 1 | 3..=6 | 8);
        return Err(if is_of_the_target {
            ConnectError::Unreachable(text)
        } else {
            ConnectError::Refused(text)
        });
    }
    // The proxy's own address, which nobody needs.
    let mut rest = match kind {
        1 => vec![0; 4 + 2],
        4 => vec![0; 16 + 2],
        3 => {
            let [length] = hear(proxy)?;
            vec![0; usize::from(length) + 2]
        }
        _ => return Err(not_socks()),
    };
    Ok(proxy.read_exact(&mut rest).map_err(closed)?)
}

/// Agrees on the authentication method, and logs in if the proxy asks for that.
fn agree(proxy: &mut dyn Stream, credentials: Option<&Credentials>) -> Result<(), ConnectError> {
    let offer: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    say(proxy, offer)?;
    match (hear(proxy)?, credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some(credentials)) => log_in(proxy, credentials),
        ([VERSION, _], Some(_)) => {
            Err(ConnectError::refused("the SOCKS proxy does not accept a user name and password"))
        }
        ([VERSION, _], None) => {
            Err(ConnectError::refused("the SOCKS proxy wants a user name and password in its address"))
        }
        _ => Err(not_socks()),
    }
}

fn log_in(proxy: &mut dyn Stream, credentials: &Credentials) -> Result<(), ConnectError> {
    let mut request = Zeroizing::new(Vec::with_capacity(2 * 256 + 1));
    request.push(1);
    for text in [&credentials.user, &credentials.password] {
        request.push(u8::try_from(text.len()).expect("a proxy's address with a longer one is an error"));
        request.extend_from_slice(text);
    }
    say(proxy, &request)?;
    match hear(proxy) {
        Ok([_, 0]) => Ok(()),
        // A proxy that hangs up on a wrong password must not be asked again either.
        Err(error) if !is_end(&error) => Err(error.into()),
        _ => Err(ConnectError::refused("the SOCKS proxy refuses the user name and password in its address")),
    }
}

fn request(target: Target<'_>) -> Vec<u8> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match target {
        Target::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    request.push(1);
                    request.extend(ip.octets());
                }
                IpAddr::V6(ip) => {
                    request.push(4);
                    request.extend(ip.octets());
                }
            }
            address.port()
        }
        Target::Name(name, port) => {
            let name = without_brackets(name);
            request.push(3);
            request.push(name.len() as u8); // a base URL's host has at most 253 bytes
            request.extend(name.bytes());
            port
        }
    };
    request.extend(port.to_be_bytes());
    request
}

fn say(proxy: &mut dyn Stream, bytes: &[u8]) -> io::Result<()> {
    proxy.write_all(bytes)?;
    proxy.flush()
}

fn hear<const N: usize>(proxy: &mut dyn Stream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    proxy.read_exact(&mut bytes).map_err(closed)?;
    Ok(bytes)
}

fn closed(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "the SOCKS proxy closed the connection"),
        _ => error,
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

fn not_socks() -> ConnectError {
    ConnectError::refused("the proxy does not speak SOCKS5")
}

/// What a reply code means: RFC 1928, section 6.
fn words(reply: u8) -> String {
    let words = match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => return format!("reply {reply}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_asked_for_as_it_is_given() {
        for (target, expected) in [
            (Target::Name("a.b", 443), &[5, 1, 0, 3, 3, b'a', b'.', b'b', 1, 187][..]),
            (Target::Address("192.0.2.1:80".parse().unwrap()), &[5, 1, 0, 1, 192, 0, 2, 1, 0, 80]),
            (
                Target::Address("[2001:db8::1]:443".parse().unwrap()),
                &[5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187],
            ),
        ] {
            assert_eq!(request(target), expected, "{target:?}");
        }
    }
}
