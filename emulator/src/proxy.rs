//! The CONNECT proxy.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use crate::carrier::{Lane, dribble, outlast};
use crate::network::ProxyFault;
use crate::own_page::own_page;
use crate::party::Via;
use crate::record::Connect;
use crate::shared::Shared;

/// Longer heads are cut off.
const LONGEST_HEAD: u64 = 128 * 1024;

/// Reads one request to the proxy and answers it. Returns the host that the tunnel leads to.
pub(crate) async fn tunnel(lane: &mut Lane, shared: &Shared, via: Via) -> io::Result<Option<String>> {
    let Some(request) = read_request(lane, via).await? else {
        return Ok(None);
    };
    let own_page = if request.method == "GET" { own_page(&request.target, shared) } else { None };
    if let Some((content_type, body)) = own_page {
        lane.write_all(&with_head("200 OK", &format!("Content-Type: {content_type}\r\n"), &body)).await?;
        lane.shutdown().await?;
        return Ok(None);
    }
    shared.record.connect(request.clone());
    let fault = shared.network().take_proxy_fault();
    if let Some(fault) = fault {
        misbehave(lane, shared, fault).await?;
        return Ok(None);
    }
    let credentials = shared.network().proxy_credentials.clone();
    match verdict(&request, credentials.as_ref(), |host| shared.authority.serves(host)) {
        Ok(host) => {
            lane.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            lane.flush().await?;
            Ok(Some(host))
        }
        Err(status) => {
            refuse(lane, status).await?;
            Ok(None)
        }
    }
}

/// The host of the tunnel, or the status of the refusal.
fn verdict(
    request: &Connect,
    credentials: Option<&(String, String)>,
    serves: impl Fn(&str) -> bool,
) -> Result<String, u16> {
    let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
    let expected = credentials.map(|(user, password)| BASE64.encode(format!("{user}:{password}")));
    let given = header.and_then(|(_, value)| value.split_once(' ')).map(|(_, encoded)| encoded.trim());
    if expected.is_some_and(|expected| given != Some(&expected)) {
        return Err(407);
    }
    if request.method != "CONNECT" {
        return Err(405);
    }
    match request.target.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && serves(host) => Ok(host.to_ascii_lowercase()),
        _ => Err(403),
    }
}

/// The head of a request. `None` if there is none, or if it is not HTTP.
async fn read_request(lane: &mut Lane, via: Via) -> io::Result<Option<Connect>> {
    let mut head = Vec::new();
    let mut limited = lane.take(LONGEST_HEAD);
    while !head.ends_with(b"\r\n\r\n") {
        if limited.read_until(b'\n', &mut head).await? == 0 {
            return Ok(None);
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut request = httparse::Request::new(&mut headers);
    if request.parse(&head).is_err() {
        return Ok(None);
    }
    let text = |header: &httparse::Header<'_>| {
        (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())
    };
    Ok(Some(Connect {
        via,
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers: request.headers.iter().map(text).collect(),
    }))
}

async fn refuse(lane: &mut Lane, status: u16) -> io::Result<()> {
    let reason = hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let header = match status {
        405 => "Allow: CONNECT\r\n",
        407 => "Proxy-Authenticate: Basic realm=\"emulator\"\r\n",
        _ => "",
    };
    lane.write_all(&with_head(&format!("{status} {}", reason.unwrap_or_default()), header, b"")).await?;
    lane.shutdown().await
}

/// The last reply on a connection.
fn with_head(status: &str, header: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn misbehave(lane: &mut Lane, shared: &Shared, fault: ProxyFault) -> io::Result<()> {
    match fault {
        ProxyFault::Status(status) => refuse(lane, status).await?,
        ProxyFault::Silent => outlast(lane).await,
        ProxyFault::Trickle => {
            let pause = shared.network().trickle_pause;
            dribble(lane, b"HTTP/1.1 200 Connection established\r\nX-Slow: ", pause).await;
        }
        ProxyFault::Close => lane.shutdown().await?,
        ProxyFault::Reset => lane.get_ref().reset_at_end(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_a_tunnel() {
        let verdict_of = |method: &str, target: &str, authorization: Option<&str>, wanted: bool| {
            let headers = authorization.map(|value| ("proxy-AUTHORIZATION".to_owned(), value.to_owned()));
            let request = Connect {
                via: Via::Proxy,
                method: method.to_owned(),
                target: target.to_owned(),
                headers: headers.into_iter().collect(),
            };
            let credentials = ("me".to_owned(), "secret".to_owned());
            verdict(&request, wanted.then_some(&credentials), |host| host.eq_ignore_ascii_case("a.example"))
        };
        assert_eq!(verdict_of("CONNECT", "A.example:443", None, false), Ok("a.example".to_owned()));
        assert_eq!(verdict_of("CONNECT", "b.example:443", None, false), Err(403));
        assert_eq!(verdict_of("CONNECT", "a.example", None, false), Err(403));
        assert_eq!(verdict_of("GET", "http://a.example/", None, false), Err(405));
        assert_eq!(verdict_of("CONNECT", "a.example:443", None, true), Err(407));
        assert_eq!(verdict_of("CONNECT", "a.example:443", Some("Basic bWU6d3Jvbmc="), true), Err(407));
        assert!(verdict_of("CONNECT", "a.example:443", Some("Basic bWU6c2VjcmV0"), true).is_ok());
    }
}
