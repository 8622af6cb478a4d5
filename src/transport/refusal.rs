//! What a proxy says instead of making a tunnel. ureq tells the status alone, so its reply is read here as it comes in.

use ureq::Error;
use ureq::http::StatusCode;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A connection to a proxy. All is ureq's, but for a refusal, which ends it in words.
#[derive(Debug)]
pub(super) struct ToProxy {
    transport: Box<dyn Transport>,
    has_credentials: bool,
    is_tunnel: bool,
}

impl ToProxy {
    pub(super) fn new(transport: Box<dyn Transport>, has_credentials: bool) -> ToProxy {
        ToProxy { transport, has_credentials, is_tunnel: false }
    }
}

impl Transport for ToProxy {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let has_more = self.transport.await_input(timeout)?;
        if !self.is_tunnel {
            match Answer::read(self.transport.buffers().input()) {
                Some(Answer { status: StatusCode::OK, .. }) => self.is_tunnel = true,
                Some(answer) => return Err(Error::Other(answer.refusal(self.has_credentials).into())),
                None => {}
            }
        }
        Ok(has_more)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}

/// The schemes of HTTP that proxies want. Those of a reply are shown in these words, and never in its own.
const SCHEMES: [&str; 6] = ["Basic", "Bearer", "Digest", "Kerberos", "Negotiate", "NTLM"];

/// A proxy's whole answer to CONNECT.
#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    schemes: Vec<&'static str>,
}

impl Answer {
    /// None where the head is not whole yet, or is none: ureq has its words for that.
    fn read(input: &[u8]) -> Option<Answer> {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.lines();
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
        let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
        let mut wanted = Vec::new();
        loop {
            match lines.next()? {
                "" => break,
                line => wanted.extend(challenges(line)),
            }
        }
        let is_wanted = |scheme: &&str| wanted.iter().any(|word| word.eq_ignore_ascii_case(scheme));
        Some(Answer { status, schemes: SCHEMES.into_iter().filter(is_wanted).collect() })
    }

    /// What whoever set the proxy needs to know.
    fn refusal(&self, has_credentials: bool) -> String {
        let schemes = self.schemes.join(", ");
        let why = match (self.status.as_u16(), &*self.schemes) {
            (403, _) => "the proxy does not allow this connection".to_owned(),
            (407, []) => {
                "the proxy names no authentication that is known; only Basic is supported".to_owned()
            }
            (407, ["Basic", ..]) if has_credentials => {
                format!("the proxy refuses the user name and password in its address ({schemes})")
            }
            (407, ["Basic", ..]) => {
                format!("the proxy wants a user name and password in its address ({schemes})")
            }
            (407, _) => format!("the proxy wants {schemes}, and only Basic is supported"),
            (502..=504, _) => "the proxy cannot reach the service".to_owned(),
            _ => "the proxy makes no tunnel".to_owned(),
        };
        format!("HTTP {}: {why}", self.status.as_str())
    }
}

/// The first words of a header's challenges, if it has some; what is in quotes may have commas of its own.
fn challenges(line: &str) -> impl Iterator<Item = &str> {
    let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("Proxy-Authenticate"));
    let values = header.map_or("", |(_, value)| value).split('"').step_by(2);
    values.flat_map(|value| value.split(',')).filter_map(|challenge| challenge.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Option<Answer> {
        Answer::read(head.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        let basic = "HTTP/1.1 407 No\nProxy-Authenticate: Basic realm=\"x\"\n\n<html>";
        for end in 0..basic.find("<html>").unwrap() {
            assert_eq!(read(&basic[..end]), None, "{:?}", &basic[..end]);
        }
        for (head, expected) in [
            (basic, Some((407, "Basic"))),
            ("HTTP/1.0 200 Connection established\n\n", Some((200, ""))),
            ("HTTP/1.1 403\n\n", Some((403, ""))),
            ("HTTP/1.1 407 No\nWWW-Authenticate: Basic\nX: Proxy-Authenticate: NTLM\n\n", Some((407, ""))),
            (
                "HTTP/1.1 407 No\nPROXY-authenticate:NTLM\nProxy-Authenticate: negotiate\n\n",
                Some((407, "Negotiate NTLM")),
            ),
            (
                "HTTP/1.1 407 No\nProxy-Authenticate: Digest realm=\"a, Basic b\", nonce=x, NTLM\n\n",
                Some((407, "Digest NTLM")),
            ),
            ("HTTP/1.1 407 No\nProxy-Authenticate: Acme basic=1, \"Basic\n\n", Some((407, ""))),
            (
                "HTTP/1.1 407 No\nProxy-Authenticate: Basic, Basic, Kerberos,, Bearer\n\n",
                Some((407, "Basic Bearer Kerberos")),
            ),
            ("HTTP/1.1 40 No\n\n", None),
            ("HTTP/1.1 OK\n\n", None),
            ("HTTP/9.9 403 No\n\n", None),
            ("SSH-2.0-OpenSSH_9.2\n\n", None),
            ("\n\n", None),
        ] {
            let found = read(head).map(|answer| (answer.status.as_u16(), answer.schemes.join(" ")));
            assert_eq!(found, expected.map(|(status, schemes)| (status, schemes.to_owned())), "{head}");
        }
        assert_eq!(Answer::read(b"HTTP/1.1 403 \xff\n\n"), Answer::read(b"HTTP/1.1 403 No\r\n\r\n"));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        const ASKED: &str = "the proxy wants a user name and password in its address";
        const REFUSED: &str = "the proxy refuses the user name and password in its address";
        for (status, schemes, has_credentials, expected) in [
            (403, &[][..], false, "the proxy does not allow this connection"),
            (403, &["Basic"], true, "the proxy does not allow this connection"),
            (407, &["Basic"], false, &*format!("{ASKED} (Basic)")),
            (407, &["Basic", "NTLM"], true, &*format!("{REFUSED} (Basic, NTLM)")),
            (
                407,
                &["Negotiate", "NTLM"],
                false,
                "the proxy wants Negotiate, NTLM, and only Basic is supported",
            ),
            (407, &["Digest"], true, "the proxy wants Digest, and only Basic is supported"),
            (407, &[], true, "the proxy names no authentication that is known; only Basic is supported"),
            (502, &[], false, "the proxy cannot reach the service"),
            (503, &[], false, "the proxy cannot reach the service"),
            (504, &[], false, "the proxy cannot reach the service"),
            (301, &[], false, "the proxy makes no tunnel"),
            (405, &[], false, "the proxy makes no tunnel"),
        ] {
            let answer = Answer { status: StatusCode::from_u16(status).unwrap(), schemes: schemes.to_vec() };
            assert_eq!(answer.refusal(has_credentials), format!("HTTP {status}: {expected}"));
        }
    }
}
