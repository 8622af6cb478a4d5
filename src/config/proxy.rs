//! A proxy's address.

use std::fmt;

use super::host::split_host_port;

/// The longest user name or password, in bytes. RFC 1929 gives their lengths one byte each.
const LONGEST_SOCKS_CREDENTIAL: usize = 255;
pub(crate) const LONGEST_CREDENTIAL: usize = 4096;

/// A proxy's address. Its output never shows the credentials.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) scheme: Scheme,
    pub(crate) credentials: Option<Credentials>,
    /// A name or an address. An IPv6 address has brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
    /// This library looks up the service's name.
    Socks5,
    /// The proxy looks up the service's name.
    Socks5h,
}

/// User name and password. They are bytes, because proxies differ in their character sets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Vec<u8>,
    pub(crate) password: Vec<u8>,
}

/// Why a text cannot be a proxy's address. Does not show the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyError {
    #[error("its scheme is not supported: use http, https, socks5 or socks5h")]
    Scheme,
    #[error(
        "it does not have the form scheme://user:password@host:port; in a user name or password, write / ? # @ : and \
         blanks as %2F %3F %23 %40 %3A %20"
    )]
    Form,
    #[error(
        "its user name or password is too long: at most {LONGEST_SOCKS_CREDENTIAL} bytes for SOCKS5, else \
         {LONGEST_CREDENTIAL}"
    )]
    TooLong,
    #[error("it is not UTF-8")]
    NotUtf8,
}

impl Proxy {
    /// Reads an address as curl does. Without a scheme it is http. Without a port it is 443 for https, and 1080 for all
    /// others.
    pub(crate) fn new(url: &str) -> Result<Proxy, ProxyError> {
        Proxy::with_http_port(url, 1080)
    }

    /// The same, with another default port for http.
    pub(crate) fn with_http_port(url: &str, http_port: u16) -> Result<Proxy, ProxyError> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (scheme, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Scheme::Http, http_port),
            "https" => (Scheme::Https, 443),
            "socks5" => (Scheme::Socks5, 1080),
            "socks5h" => (Scheme::Socks5h, 1080),
            _ => return Err(ProxyError::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path.contains('@') {
            return Err(ProxyError::Form); // part of the password, so what is before it is not the host
        }
        let (credentials, address) = match authority.rsplit_once('@') {
            Some((credentials, address)) => (Credentials::new(credentials)?, address),
            None => (None, authority),
        };
        let is_socks = matches!(scheme, Scheme::Socks5 | Scheme::Socks5h);
        let longest = if is_socks { LONGEST_SOCKS_CREDENTIAL } else { LONGEST_CREDENTIAL };
        if credentials.as_ref().is_some_and(|found| found.user.len().max(found.password.len()) > longest) {
            return Err(ProxyError::TooLong);
        }
        let (host, port) = split_host_port(address).ok_or(ProxyError::Form)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        Ok(Proxy { scheme, credentials, host, port: port.unwrap_or(default_port) })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Socks5 => "socks5",
            Scheme::Socks5h => "socks5h",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Credentials {
    /// Reads the user info of a URL as curl does: any bytes except blanks and control characters. None if it is empty.
    fn new(text: &str) -> Result<Option<Credentials>, ProxyError> {
        if text.bytes().any(|byte| byte == b' ' || byte.is_ascii_control()) {
            return Err(ProxyError::Form);
        }
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let credentials = Credentials { user: decoded(user), password: decoded(password) };
        Ok(Some(credentials).filter(|_| !text.is_empty()))
    }
}

/// Decodes percent escapes. Like curl, keeps a percent sign that two hexadecimal digits do not follow.
fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    let digit = |byte: u8| char::from(byte).to_digit(16);
    while let [byte, after @ ..] = rest {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            None => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_curl_reads_it() {
        for (url, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy:1080"),
            ("HTTPS://proxy", "https://proxy:443"),
            ("socks5://proxy", "socks5://proxy:1080"),
            ("socks5h://127.0.0.1:9050/", "socks5h://127.0.0.1:9050"),
            ("http://[::1]:3128", "http://[::1]:3128"),
            ("http://user:secret@proxy:1", "http://proxy:1"),
            ("http://proxy:1/ignored?x#y", "http://proxy:1"),
        ] {
            let proxy = Proxy::new(url).unwrap();
            assert_eq!(format!("{proxy} {proxy:?}"), format!("{shown} {shown}"), "{url}");
        }
    }

    #[test]
    fn credentials_are_read_as_curl_reads_them() {
        for (user_info, expected) in [
            ("", None),
            ("user", Some((&b"user"[..], &b""[..]))),
            (":password", Some((b"", b"password"))),
            ("user:p%40ss", Some((b"user", b"p@ss"))),
            ("user:p@ss", Some((b"user", b"p@ss"))),
            ("user:a:b:c:d:e:f:g:h:i", Some((b"user", b"a:b:c:d:e:f:g:h:i"))),
            ("us%3Aer:x", Some((b"us:er", b"x"))),
            ("CORP\\user:x", Some((b"CORP\\user", b"x"))),
            ("user:100%sure", Some((b"user", b"100%sure"))),
            ("user:100%", Some((b"user", b"100%"))),
            ("user:%4", Some((b"user", b"%4"))),
            ("user:%4g%41", Some((b"user", b"%4gA"))),
            ("user:a^b<>{}|\"`", Some((b"user", b"a^b<>{}|\"`"))),
            ("é:é", Some(("é".as_bytes(), "é".as_bytes()))),
            ("user:%E9%00", Some((b"user", b"\xe9\0"))),
        ] {
            for scheme in ["", "http://", "https://", "socks5://", "socks5h://"] {
                let proxy = Proxy::new(&format!("{scheme}{user_info}@proxy:1")).unwrap();
                let found = proxy.credentials.as_ref().map(|found| (&*found.user, &*found.password));
                assert_eq!(found, expected, "{scheme}{user_info}");
                assert_eq!((&*proxy.host, proxy.port), ("proxy", 1));
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_an_error_and_shows_no_password() {
        let long = format!("socks5h://user:secret{}@proxy", "x".repeat(250));
        let longer = format!("http://secret{}@proxy", "x".repeat(4096));
        for (url, error) in [
            ("", ProxyError::Form),
            ("http://", ProxyError::Form),
            ("http://:3128", ProxyError::Form),
            ("http://proxy:x", ProxyError::Form),
            ("http://proxy:99999", ProxyError::Form),
            ("http://pro xy", ProxyError::Form),
            ("http://secret word@proxy:1", ProxyError::Form),
            ("http://secret\n@proxy:1", ProxyError::Form),
            ("http://user:secret/more@proxy:1", ProxyError::Form),
            ("http://user:12/secret@proxy:1", ProxyError::Form),
            ("http://user:12?secret@proxy:1", ProxyError::Form),
            ("http://user:12#secret@proxy:1", ProxyError::Form),
            ("user:12/secret@proxy:1", ProxyError::Form),
            (&long, ProxyError::TooLong),
            (&longer, ProxyError::TooLong),
            ("socks4://proxy", ProxyError::Scheme),
            ("ftp://proxy", ProxyError::Scheme),
            ("://proxy", ProxyError::Scheme),
        ] {
            assert_eq!(Proxy::new(url), Err(error), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
