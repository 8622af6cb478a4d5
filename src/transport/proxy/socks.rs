//! Opens a tunnel through a SOCKS5 proxy: RFC 1928, with user name and password as in RFC 1929.

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use zeroize::Zeroizing;

use super::target::Target;
use crate::config::Credentials;
use crate::config::host::without_brackets;
use crate::transport::connect_error::ConnectError;
use crate::transport::socket::Stream;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const DOMAIN_NAME: u8 = 3;
const IPV6: u8 = 4;

/// Opens the tunnel.
pub(super) fn open(
    proxy: &mut dyn Stream,
    target: Target<'_>,
    credentials: Option<&Credentials>,
) -> Result<(), ConnectError> {
    authenticate(proxy, credentials)?;
    send(proxy, &request(target))?;
    let [version, reply, _, address_type] = receive(proxy)?;
    if version != VERSION {
        return Err(not_socks());
    }
    if reply != 0 {
        let text = format!("the SOCKS proxy refuses the connection: {}", meaning(reply));
        return Err(match reply {
            1 | 3..=6 | 8 => ConnectError::TargetUnreachable(text), // another address may do
            _ => ConnectError::ProxyRefused(text),
        });
    }
    // The proxy's own address and port, which nobody needs.
    let mut bound = match address_type {
        IPV4 => vec![0; 4 + 2],
        IPV6 => vec![0; 16 + 2],
        DOMAIN_NAME => {
            let [length] = receive(proxy)?;
            vec![0; usize::from(length) + 2]
        }
        _ => return Err(not_socks()),
    };
    Ok(proxy.read_exact(&mut bound).map_err(closed)?)
}

/// Agrees on an authentication method, and logs in if the proxy asks for that.
fn authenticate(proxy: &mut dyn Stream, credentials: Option<&Credentials>) -> Result<(), ConnectError> {
    let offer: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    send(proxy, offer)?;
    match (receive(proxy)?, credentials) {
        ([VERSION, NO_AUTHENTICATION], _) => Ok(()),
        ([VERSION, USER_AND_PASSWORD], Some(credentials)) => log_in(proxy, credentials),
        ([VERSION, _], Some(_)) => {
            Err(ConnectError::proxy_refused("the SOCKS proxy does not accept a user name and password"))
        }
        ([VERSION, _], None) => {
            Err(ConnectError::proxy_refused("the SOCKS proxy wants a user name and password in its address"))
        }
        _ => Err(not_socks()),
    }
}

fn log_in(proxy: &mut dyn Stream, credentials: &Credentials) -> Result<(), ConnectError> {
    let mut request = Zeroizing::new(Vec::with_capacity(2 * 256 + 1));
    request.push(1);
    for text in [&credentials.user, &credentials.password] {
        request.push(u8::try_from(text.len()).expect("the proxy's address was checked"));
        request.extend_from_slice(text);
    }
    send(proxy, &request)?;
    match receive(proxy) {
        Ok([_, 0]) => Ok(()),
        // Some proxies close the connection on a wrong password. A retry could lock the account.
        Err(error) if !is_closed(&error) => Err(error.into()),
        _ => Err(ConnectError::proxy_refused(
            "the SOCKS proxy refuses the user name and password in its address",
        )),
    }
}

fn request(target: Target<'_>) -> Vec<u8> {
    let mut request = vec![VERSION, CONNECT, 0];
    let (host, ip, port) = match target {
        Target::Address(address) => ("", Some(address.ip()), address.port()),
        Target::Host(host, port) => {
            let host = without_brackets(host);
            (host, host.parse().ok(), port)
        }
    };
    match ip {
        Some(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend(ip.octets());
        }
        Some(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend(ip.octets());
        }
        None => {
            request.push(DOMAIN_NAME);
            request.push(host.len() as u8); // a base URL's host has at most 253 bytes
            request.extend(host.bytes());
        }
    }
    request.extend(port.to_be_bytes());
    request
}

fn send(proxy: &mut dyn Stream, bytes: &[u8]) -> io::Result<()> {
    proxy.write_all(bytes)?;
    proxy.flush()
}

fn receive<const N: usize>(proxy: &mut dyn Stream) -> io::Result<[u8; N]> {
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

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}

fn not_socks() -> ConnectError {
    ConnectError::proxy_refused("the proxy does not speak SOCKS5")
}

/// What a reply code means: RFC 1928, section 6.
fn meaning(reply: u8) -> String {
    let meaning = match reply {
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
    meaning.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_to_the_proxy_as_a_name_and_an_address_as_an_address() {
        const V6: &[u8] = &[5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187];
        for (target, expected) in [
            (Target::Host("a.b", 443), &[5, 1, 0, 3, 3, b'a', b'.', b'b', 1, 187][..]),
            (Target::Address("192.0.2.1:80".parse().unwrap()), &[5, 1, 0, 1, 192, 0, 2, 1, 0, 80]),
            (Target::Address("[2001:db8::1]:443".parse().unwrap()), V6),
            (Target::Host("192.0.2.1", 80), &[5, 1, 0, 1, 192, 0, 2, 1, 0, 80]),
            (Target::Host("[2001:db8::1]", 443), V6),
        ] {
            assert_eq!(request(target), expected, "{target:?}");
        }
    }
}
