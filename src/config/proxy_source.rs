//! Where the choice of a proxy comes from.

use super::proxy_rule::ProxyRule;
use crate::text::printable_line;

/// Who decides about the proxy of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProxySource {
    /// The program's own options.
    Options,
    /// This variable.
    Variable(&'static str),
    /// These settings of the system.
    System(&'static str),
    /// This entry of a list of exceptions.
    Exception { list: &'static str, entry: String },
    /// Nobody: none is set.
    Nobody,
}

impl ProxySource {
    /// Names the proxy and where it comes from, or says why there is none. One printable line.
    pub(crate) fn words(&self, rule: Option<&ProxyRule>) -> String {
        use ProxySource as S;
        let line = match (rule, self) {
            (Some(rule), S::Options) => format!("{rule}, from the options"),
            (Some(rule), S::Variable(name) | S::System(name)) => format!("{rule}, from {name}"),
            (None, S::Options) => "none, by the options".to_owned(),
            (None, S::System(settings)) => format!("none: {settings} have none for HTTPS"),
            (None, S::Exception { list, entry }) => {
                format!("none: the host is an exception, {entry} in {list}")
            }
            _ => "none is set".to_owned(),
        };
        printable_line(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Proxy;

    #[test]
    fn the_words_name_the_proxy_and_its_source_but_no_password() {
        let proxy = ProxyRule::Fixed(Proxy::new("http://user:secret@proxy:3128").unwrap());
        let system = || ProxySource::System("the machine's WinHTTP settings");
        let exception = ProxySource::Exception { list: "no_proxy", entry: ".microsoft\n.com".to_owned() };
        for (proxy, source, words) in [
            (Some(&proxy), ProxySource::Options, "http://proxy:3128, from the options"),
            (Some(&proxy), ProxySource::Variable("all_proxy"), "http://proxy:3128, from all_proxy"),
            (Some(&proxy), system(), "http://proxy:3128, from the machine's WinHTTP settings"),
            (None, ProxySource::Options, "none, by the options"),
            (None, system(), "none: the machine's WinHTTP settings have none for HTTPS"),
            (None, exception, "none: the host is an exception, .microsoft .com in no_proxy"),
            (None, ProxySource::Nobody, "none is set"),
        ] {
            assert_eq!(source.words(proxy), words);
        }
    }
}
