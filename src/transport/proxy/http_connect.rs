//! Opens a tunnel through an HTTP proxy, with CONNECT.

use std::io::{self, ErrorKind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::refusal;
use crate::config::Credentials;
use crate::config::proxy::LONGEST_CREDENTIAL;
use crate::transport::connect_error::ConnectError;
use crate::transport::reply_head::ReplyHead;
use crate::transport::socket::Stream;

/// Holds the longest credentials in base64 and the rest of a request. A text that grows leaves a copy that nobody
/// wipes.
const LONGEST_REQUEST: usize = 4 * LONGEST_CREDENTIAL;

/// The longest reply that is read, without the tunnel's bytes after it.
const LONGEST_REPLY: usize = 64 * 1024;

/// Opens the tunnel. Returns the bytes after the proxy's reply, which already belong to the tunnel.
pub(super) fn open(
    proxy: &mut dyn Stream,
    target: &str,
    credentials: Option<&Credentials>,
    user_agent: &str,
) -> Result<Vec<u8>, ConnectError> {
    // In one write, because some gateways that inspect it read only one segment.
    proxy.write_all(request(target, credentials, user_agent).as_bytes())?;
    proxy.flush()?;
    let reason = |head: &ReplyHead| refusal::reason(head.status, &head.challenges, credentials.is_some());
    let mut reply = Vec::new();
    loop {
        while let Some(head) = ReplyHead::read(&reply)
            .map_err(|_| ConnectError::proxy_refused("the proxy's reply is not HTTP"))?
        {
            reply.drain(..head.length);
            match head.status {
                200..=299 => return Ok(reply),
                _ if head.is_interim() => {}
                502..=504 => return Err(ConnectError::TargetUnreachable(reason(&head))),
                _ => return Err(ConnectError::ProxyRefused(reason(&head))),
            }
        }
        let mut part = [0; 1024];
        match proxy.read(&mut part)? {
            0 => {
                return Err(
                    io::Error::new(ErrorKind::UnexpectedEof, "the proxy closed the connection").into()
                );
            }
            _ if reply.len() > LONGEST_REPLY => {
                return Err(ConnectError::proxy_refused("the proxy's reply is too long"));
            }
            amount => reply.extend_from_slice(&part[..amount]),
        }
    }
}

fn request(target: &str, credentials: Option<&Credentials>, user_agent: &str) -> Zeroizing<String> {
    let mut request = Zeroizing::new(String::with_capacity(LONGEST_REQUEST));
    for part in ["CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n"] {
        request.push_str(part);
    }
    if let Some(Credentials { user, password }) = credentials {
        let both = Zeroizing::new([user.as_slice(), b":", password].concat());
        request.push_str("Proxy-Authorization: Basic ");
        STANDARD.encode_string(&both, &mut request);
        request.push_str("\r\n");
    }
    for part in ["User-Agent: ", user_agent, "\r\nProxy-Connection: Keep-Alive\r\n\r\n"] {
        request.push_str(part);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::socket::Socket;
    use std::io::{Read, Write};

    /// A proxy with a fixed reply, which records what it receives.
    struct Script {
        reply: Vec<u8>,
        writes: Vec<Vec<u8>>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            (&mut &*self.reply.drain(..buffer.len().min(self.reply.len())).collect::<Vec<_>>()).read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Script {
        fn socket(&mut self) -> &mut Socket {
            unreachable!("a tunnel needs no socket")
        }

        fn is_drained(&self) -> bool {
            true
        }
    }

    fn script(reply: &str) -> Script {
        Script { reply: reply.replace('\n', "\r\n").into_bytes(), writes: Vec::new() }
    }

    fn credentials() -> Credentials {
        Credentials { user: b"CORP\\user".to_vec(), password: b"a:b".to_vec() }
    }

    #[test]
    fn the_request_goes_out_in_one_write() {
        let mut proxy = script("HTTP/1.1 200 OK\n\n");
        open(&mut proxy, "graph.microsoft.com:443", Some(&credentials()), "agent/1").unwrap();
        let request = "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: graph.microsoft.com:443\r\n\
            Proxy-Authorization: Basic Q09SUFx1c2VyOmE6Yg==\r\nUser-Agent: agent/1\r\n\
            Proxy-Connection: Keep-Alive\r\n\r\n";
        assert_eq!(proxy.writes, [request.as_bytes()]);
    }

    #[test]
    fn any_2xx_makes_a_tunnel_whatever_came_before_it() {
        let many = format!("HTTP/1.1 200 OK\n{}\n", "X: y\n".repeat(60));
        for (reply, after) in [
            ("HTTP/1.0 200 Connection established\n\n", ""),
            ("HTTP/1.1 201 OK\n\n", ""),
            ("HTTP/1.1 204 OK\nContent-Length: 7\n\nin the tunnel", "in the tunnel"),
            ("HTTP/1.1 299\n\n", ""),
            ("HTTP/1.1 100 Continue\nX: y\n\nHTTP/1.1 103 Early\n\nHTTP/1.1 200 OK\n\n", ""),
            (&many, ""),
        ] {
            let rest = open(&mut script(reply), "h:443", None, "agent/1").unwrap();
            assert_eq!(rest, after.as_bytes(), "{reply}");
        }
    }

    #[test]
    fn what_makes_no_tunnel_is_told() {
        let endless = "X: y\n".repeat(LONGEST_REPLY / 4);
        for (reply, expected) in [
            ("", "the proxy closed the connection"),
            ("HTTP/1.1 20", "the proxy closed the connection"),
            ("HTTP/1.1 100 Continue\n\n", "the proxy closed the connection"),
            ("HTTP/1.1 101 No\n\n", "HTTP 101: the proxy does not open a tunnel"),
            ("HTTP/1.1 999 No\n\n", "HTTP 999: the proxy does not open a tunnel"),
            ("SSH-2.0-OpenSSH_9.2\n\n", "the proxy's reply is not HTTP"),
            (&format!("HTTP/1.1 200 OK\nX: {}", "y".repeat(100_000)), "the proxy's reply is too long"),
            (&format!("HTTP/1.1 200 OK\n{endless}"), "the proxy's reply is not HTTP"),
        ] {
            let error = open(&mut script(reply), "h:443", None, "agent/1").unwrap_err();
            assert_eq!(error.to_string(), expected, "{}", &reply[..reply.len().min(40)]);
        }
    }
}
