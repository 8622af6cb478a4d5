//! The SOCKS5 proxy (RFC 1928, RFC 1929).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::carrier::{Lane, dribble, outlast};
use crate::network::ProxyFault;
use crate::party::Via;
use crate::record::Connect;
use crate::shared::Shared;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const SUCCEEDED: u8 = 0;
const NOT_ALLOWED: u8 = 2;
const COMMAND_UNKNOWN: u8 = 7;

/// Greets, authenticates, reads one request and answers it. Returns the host that the tunnel leads to.
pub(crate) async fn tunnel(lane: &mut Lane, shared: &Shared) -> io::Result<Option<String>> {
    let credentials = shared.network().proxy_credentials.clone();
    if !greet(lane, credentials.as_ref()).await? {
        return Ok(None);
    }
    let [_, command, _, kind] = read(lane).await?;
    let host = read_host(lane, kind).await?;
    let port = lane.read_u16().await?;
    let target = format!("{host}:{port}");
    shared.record.connect(Connect {
        via: Via::Socks,
        method: "CONNECT".to_owned(),
        target,
        headers: Vec::new(),
    });
    let fault = shared.network().take_proxy_fault();
    if let Some(fault) = fault {
        misbehave(lane, shared, fault).await?;
        return Ok(None);
    }
    let code = match command {
        CONNECT if shared.authority.serves(&host) => SUCCEEDED,
        CONNECT => NOT_ALLOWED,
        _ => COMMAND_UNKNOWN,
    };
    reply(lane, code).await?;
    Ok((code == SUCCEEDED).then(|| host.to_ascii_lowercase()))
}

async fn greet(lane: &mut Lane, credentials: Option<&(String, String)>) -> io::Result<bool> {
    let [version] = read(lane).await?;
    let offered = read_counted(lane).await?;
    let wanted = if credentials.is_some() { USER_AND_PASSWORD } else { NO_AUTHENTICATION };
    let agreed = version == VERSION && offered.contains(&wanted);
    lane.write_all(&[VERSION, if agreed { wanted } else { NO_METHOD }]).await?;
    lane.flush().await?;
    let Some((user, password)) = credentials.filter(|_| agreed) else {
        return Ok(agreed);
    };
    let [_version] = read(lane).await?;
    let given = (read_counted(lane).await?, read_counted(lane).await?);
    let right = given == (user.clone().into_bytes(), password.clone().into_bytes());
    lane.write_all(&[1, u8::from(!right)]).await?;
    lane.flush().await?;
    Ok(right)
}

async fn read_host(lane: &mut Lane, kind: u8) -> io::Result<String> {
    match kind {
        1 => Ok(Ipv4Addr::from(lane.read_u32().await?).to_string()),
        3 => Ok(String::from_utf8_lossy(&read_counted(lane).await?).into_owned()),
        4 => Ok(Ipv6Addr::from(lane.read_u128().await?).to_string()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

async fn read<const N: usize>(lane: &mut Lane) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    lane.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Reads a length byte, and then this many bytes.
async fn read_counted(lane: &mut Lane) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(lane.read_u8().await?)];
    lane.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn reply(lane: &mut Lane, code: u8) -> io::Result<()> {
    // The bound address is 0.0.0.0:0, because clients do not use it.
    lane.write_all(&[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    lane.flush().await
}

async fn misbehave(lane: &mut Lane, shared: &Shared, fault: ProxyFault) -> io::Result<()> {
    match fault {
        ProxyFault::Status(_) => reply(lane, NOT_ALLOWED).await?,
        ProxyFault::Silent => outlast(lane).await,
        // The bound address is a name of 255 letters, which come one at a time.
        ProxyFault::Trickle => {
            let pause = shared.network().trickle_pause;
            dribble(lane, &[VERSION, SUCCEEDED, 0, 3, 255, b'a'], pause).await;
        }
        ProxyFault::Close => lane.shutdown().await?,
        ProxyFault::Reset => lane.get_ref().reset_at_end(),
    }
    Ok(())
}
