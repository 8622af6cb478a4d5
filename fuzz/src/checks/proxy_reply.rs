//! A proxy's reply to CONNECT: an input is the reply.

use super::assert_one_line;
use crate::refusal;
use crate::reply_head::ReplyHead;

pub fn proxy_reply(data: &[u8]) {
    let Ok(Some(head)) = ReplyHead::read(data) else { return };
    assert!(head.length <= data.len() && data[..head.length].ends_with(b"\n"));
    let alone = ReplyHead::read(&data[..head.length]);
    assert_eq!(alone.ok().flatten().as_ref(), Some(&head), "it needs what follows");
    for end in 0..head.length {
        assert_eq!(ReplyHead::read(&data[..end]), Ok(None), "whole before its end, or none any more");
    }
    assert!(!(head.is_interim() && head.status == 101));
    for has_credentials in [false, true] {
        assert_words_of_ours(&refusal::reason(head.status, &head.challenges, has_credentials));
    }
}

/// A refusal's message has only the status and the names of known schemes from the reply.
fn assert_words_of_ours(said: &str) {
    assert_one_line(said);
    let known = "HTTP : the proxy does not allow this connection names no known authentication scheme; only Basic is \
                 supported refuses user name and password in its address wants a, but (), Bearer Digest Kerberos \
                 Negotiate NTLM cannot reach service open tunnel";
    let known: Vec<&str> = known.split(|c: char| !c.is_alphabetic()).collect();
    let words = said.split(|c: char| !c.is_alphabetic());
    assert!(words.clone().all(|word| known.contains(&word)), "{said:?}");
}
