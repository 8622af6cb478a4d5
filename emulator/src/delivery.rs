//! Sends the replies that hyper cannot: those that a fault spoils, and those that break HTTP.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::carrier::outlast;
use crate::fault::Fault;
use crate::reply::Reply;

/// The last bytes of a connection, and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) parts: Vec<Part>,
    pub(crate) last: Last,
}

/// Some bytes, and their pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    bytes: Vec<u8>,
    pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    AtOnce,
    Slow { bytes: usize, every: Duration },
    ForEver,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// TLS's `close_notify`, then TCP's end.
    Close,
    /// TCP's end without TLS's `close_notify`.
    Vanish,
    /// A reset.
    Reset,
    /// Nothing more, until the client leaves.
    Outlast,
}

/// How the connection ends because of a fault, or of a reply with its own framing. `None` if the reply is sound.
pub(crate) fn ending(fault: Option<&Fault>, reply: &Reply) -> Option<Ending> {
    let body = || reply.body.clone();
    let whole = || whole(reply);
    let until = |length: usize| whole().into_iter().take(length).collect();
    let (parts, last) = match fault {
        None if reply.frames_itself() || !(200..=999).contains(&reply.status) => {
            return Some(as_it_is(reply));
        }
        None => return None,
        Some(Fault::ResetUnread | Fault::Reset) => (vec![], Last::Reset),
        Some(Fault::Close) => (vec![], Last::Close),
        Some(Fault::Vanish | Fault::LoseReply) => (vec![], Last::Vanish),
        Some(Fault::Hang) => (vec![], Last::Outlast),
        Some(Fault::CloseAfter) => (vec![at_once(whole())], Last::Close),
        Some(Fault::Truncate { keep }) => (vec![at_once(until(reply.head().len() + keep))], Last::Close),
        Some(Fault::Stall { after }) => (vec![at_once(until(*after))], Last::Outlast),
        Some(Fault::TrickleHead { bytes, every }) => {
            (vec![slow(reply.head(), *bytes, *every), at_once(body())], Last::Close)
        }
        Some(Fault::TrickleBody { bytes, every }) => {
            (vec![at_once(reply.head()), slow(body(), *bytes, *every)], Last::Close)
        }
        Some(Fault::EndlessHeader) => {
            let start = format!("HTTP/1.1 {} OK\r\nX-Endless: ", reply.status);
            (vec![at_once(start.into_bytes()), for_ever(vec![b'a'; 16_384])], Last::Close)
        }
        Some(Fault::EndlessBody) => {
            let head = Reply { body: vec![], ..reply.clone() }.header("Transfer-Encoding", "chunked").head();
            let chunk = [b"1000\r\n", [b' '; 4096].as_slice(), b"\r\n"].concat();
            (vec![at_once(head), for_ever(chunk)], Last::Close)
        }
        Some(Fault::Raw(bytes)) => (vec![at_once(bytes.clone())], Last::Close),
    };
    Some(Ending { parts, last })
}

/// The reply word for word, then the end of the connection.
pub(crate) fn as_it_is(reply: &Reply) -> Ending {
    Ending { parts: vec![at_once(whole(reply))], last: Last::Close }
}

fn whole(reply: &Reply) -> Vec<u8> {
    [reply.head(), reply.body.clone()].concat()
}

fn at_once(bytes: Vec<u8>) -> Part {
    Part { bytes, pace: Pace::AtOnce }
}

fn slow(content: Vec<u8>, bytes: usize, every: Duration) -> Part {
    Part { bytes: content, pace: Pace::Slow { bytes: bytes.max(1), every } }
}

fn for_ever(bytes: Vec<u8>) -> Part {
    Part { bytes, pace: Pace::ForEver }
}

/// Sends all parts, or as many until the client leaves.
pub(crate) async fn send(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), parts: &[Part]) {
    if parts.is_empty() {
        return;
    }
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        for part in parts {
            write(&mut writer, part).await?;
        }
        std::io::Result::Ok(())
    };
    tokio::select! {
        // An error means that the client has gone.
        _ = write => {}
        () = outlast(&mut reader) => {}
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), part: &Part) -> std::io::Result<()> {
    match part.pace {
        Pace::AtOnce => writer.write_all(&part.bytes).await?,
        Pace::Slow { bytes, every } => {
            for piece in part.bytes.chunks(bytes) {
                writer.write_all(piece).await?;
                writer.flush().await?;
                tokio::time::sleep(every).await;
            }
        }
        Pace::ForEver => loop {
            writer.write_all(&part.bytes).await?;
            // Give the other connections a turn on this one thread.
            tokio::task::yield_now().await;
        },
    }
    writer.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(fault: Fault, reply: &Reply) -> (Vec<u8>, Last) {
        let ending = ending(Some(&fault), reply).expect("a fault ends the connection");
        (ending.parts.into_iter().flat_map(|part| part.bytes).collect(), ending.last)
    }

    #[test]
    fn what_each_fault_sends() {
        let reply = Reply::new(200).body("abcdef");
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef".to_vec();
        let every = Duration::ZERO;
        let table = [
            (Fault::Reset, vec![], Last::Reset),
            (Fault::Close, vec![], Last::Close),
            (Fault::Vanish, vec![], Last::Vanish),
            (Fault::LoseReply, vec![], Last::Vanish),
            (Fault::Hang, vec![], Last::Outlast),
            (Fault::CloseAfter, whole.clone(), Last::Close),
            (Fault::Truncate { keep: 2 }, whole[..whole.len() - 4].to_vec(), Last::Close),
            (Fault::Stall { after: 5 }, b"HTTP/".to_vec(), Last::Outlast),
            (Fault::TrickleHead { bytes: 1, every }, whole.clone(), Last::Close),
            (Fault::TrickleBody { bytes: 0, every }, whole.clone(), Last::Close),
            (Fault::Raw(b"hi".to_vec()), b"hi".to_vec(), Last::Close),
        ];
        for (fault, sent, last) in table {
            assert_eq!(bytes(fault.clone(), &reply), (sent, last), "{fault:?}");
        }
    }

    #[test]
    fn endless_replies_begin_well() {
        let (header, _) = bytes(Fault::EndlessHeader, &Reply::new(200));
        assert!(header.starts_with(b"HTTP/1.1 200 OK\r\nX-Endless: aaa"));
        let (body, _) = bytes(Fault::EndlessBody, &Reply::new(200));
        assert!(body.starts_with(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n "));
    }

    #[test]
    fn a_sound_reply_does_not_end_the_connection() {
        assert_eq!(ending(None, &Reply::new(200).body("abc")), None);
        assert!(ending(None, &Reply::new(200).header("Content-Length", "9")).is_some());
    }
}
