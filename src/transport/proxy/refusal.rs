//! Says why an HTTP proxy refuses a tunnel, for the person who configured the proxy.

use crate::service::Challenge;

/// Authentication schemes that proxies ask for. Messages show these words, never the reply's own.
const SCHEMES: [&str; 6] = ["Basic", "Bearer", "Digest", "Kerberos", "Negotiate", "NTLM"];

/// The reason, from the reply's status and the values of its `Proxy-Authenticate` headers.
pub(crate) fn reason(status: u16, challenges: &[String], has_credentials: bool) -> String {
    let asked: Vec<_> = challenges.iter().flat_map(|header| Challenge::read_all(header)).collect();
    let is_asked =
        |scheme: &&str| asked.iter().any(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme));
    let known: Vec<&str> = SCHEMES.into_iter().filter(is_asked).collect();
    let schemes = known.join(", ");
    let why = match (status, &*known) {
        (403, _) => "the proxy does not allow this connection".to_owned(),
        (407, []) => "the proxy names no known authentication scheme; only Basic is supported".to_owned(),
        (407, ["Basic", ..]) if has_credentials => {
            format!("the proxy refuses the user name and password in its address ({schemes})")
        }
        (407, ["Basic", ..]) => {
            format!("the proxy wants a user name and password in its address ({schemes})")
        }
        (407, _) => format!("the proxy wants {schemes}, but only Basic is supported"),
        (502..=504, _) => "the proxy cannot reach the service".to_owned(),
        _ => "the proxy does not open a tunnel".to_owned(),
    };
    format!("HTTP {status}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemes_of_challenges_are_found() {
        for (challenges, expected) in [
            (&["Basic realm=\"x\""][..], "Basic"),
            (&["NTLM", "negotiate"], "Negotiate, NTLM"),
            (&["Digest realm=\"a, Basic b\", nonce=x, NTLM"], "Digest, NTLM"),
            (&["Basic, Basic, Kerberos,, Bearer"], "Basic, Bearer, Kerberos"),
        ] {
            let challenges: Vec<_> = challenges.iter().copied().map(str::to_owned).collect();
            let text = reason(407, &challenges, false);
            assert!(text.contains(expected), "{text}");
        }
        for challenge in ["Acme basic=1, \"Basic", ""] {
            assert!(
                reason(407, &[challenge.to_owned()], false).contains("names no known authentication"),
                "{challenge}"
            );
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        const ASKED: &str = "the proxy wants a user name and password in its address";
        const REFUSED: &str = "the proxy refuses the user name and password in its address";
        for (status, challenge, has_credentials, expected) in [
            (403, "", false, "the proxy does not allow this connection"),
            (403, "Basic", true, "the proxy does not allow this connection"),
            (407, "Basic", false, &*format!("{ASKED} (Basic)")),
            (407, "Basic, NTLM", true, &*format!("{REFUSED} (Basic, NTLM)")),
            (407, "Negotiate, NTLM", false, "the proxy wants Negotiate, NTLM, but only Basic is supported"),
            (407, "Digest", true, "the proxy wants Digest, but only Basic is supported"),
            (407, "", true, "the proxy names no known authentication scheme; only Basic is supported"),
            (502, "", false, "the proxy cannot reach the service"),
            (503, "", false, "the proxy cannot reach the service"),
            (504, "", false, "the proxy cannot reach the service"),
            (301, "", false, "the proxy does not open a tunnel"),
            (405, "", false, "the proxy does not open a tunnel"),
        ] {
            assert_eq!(
                reason(status, &[challenge.to_owned()], has_credentials),
                format!("HTTP {status}: {expected}")
            );
        }
    }
}
