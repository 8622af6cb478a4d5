//! What is between a client and the service: proxies and TLS.

use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use crate::time;

/// What clients meet before they can send a request.
///
/// Each field is also an option of the program, with the same name and default. Faults apply to every new connection,
/// or to the next [`faulty_connections`](Self::faulty_connections).
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Proxies, TLS and certificates")]
pub struct Network {
    /// The credentials that the proxies require: Basic over HTTP and HTTPS, user and password over SOCKS5
    #[arg(long, value_name = "USER:PASSWORD", value_parser = credentials)]
    pub proxy_credentials: Option<(String, String)>,
    /// What the proxies do instead of opening a tunnel: a status such as 502, silent, trickle, close, reset
    #[arg(long, value_name = "FAULT")]
    pub proxy_fault: Option<ProxyFault>,
    /// What happens instead of a TLS handshake
    #[arg(long, value_enum, value_name = "FAULT")]
    pub tls_fault: Option<TlsFault>,
    /// The service's certificate
    #[arg(long, value_enum, value_name = "KIND", default_value = "valid")]
    pub certificate: Certificate,
    /// The TLS versions of the service
    #[arg(long, value_enum, value_name = "VERSIONS", default_value = "both")]
    pub tls_versions: TlsVersions,
    /// The pause between two bytes of trickle
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = time::parse)]
    pub trickle_pause: Duration,
    /// How long a connection may be without a request until the service closes it [default: for ever]
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub idle_timeout: Option<Duration>,
    /// How many of the next connections have the fault of --proxy-fault or --tls-fault [default: all]
    #[arg(long, value_name = "N")]
    pub faulty_connections: Option<u32>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            proxy_credentials: None,
            proxy_fault: None,
            tls_fault: None,
            certificate: Certificate::Valid,
            tls_versions: TlsVersions::Both,
            trickle_pause: Duration::from_millis(100),
            idle_timeout: None,
            faulty_connections: None,
        }
    }
}

impl Network {
    /// The proxy's fault for a new connection. Counts the connection.
    pub(crate) fn take_proxy_fault(&mut self) -> Option<ProxyFault> {
        self.proxy_fault.filter(|_| count_down(&mut self.faulty_connections))
    }

    /// TLS's fault for a new connection. Counts the connection.
    pub(crate) fn take_tls_fault(&mut self) -> Option<TlsFault> {
        self.tls_fault.filter(|_| count_down(&mut self.faulty_connections))
    }
}

/// What a proxy does instead of opening a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// Answers with this status; over SOCKS, with "not allowed".
    Status(u16),
    /// Never answers.
    Silent,
    /// Answers byte by byte, without end.
    Trickle,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

impl FromStr for ProxyFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "silent" => Self::Silent,
            "trickle" => Self::Trickle,
            "close" => Self::Close,
            "reset" => Self::Reset,
            status => match status.parse() {
                Ok(status @ 100..=999) => Self::Status(status),
                _ => return Err("none of: a status, silent, trickle, close, reset".to_owned()),
            },
        })
    }
}

/// What the service does instead of a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TlsFault {
    /// Never answers.
    Silent,
    /// Answers byte by byte, without end.
    Trickle,
    /// Answers with text that is not TLS.
    Garbage,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

/// The service's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Certificate {
    /// For the service's hosts, from the CA in the CA file.
    Valid,
    /// From an unknown CA.
    UnknownAuthority,
    /// Self-signed.
    SelfSigned,
    /// Expired years ago.
    Expired,
    /// Valid only in the far future.
    NotYetValid,
    /// For another host.
    WrongHost,
}

/// The TLS versions of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    Both,
    /// 1.2.
    #[value(name = "1.2")]
    Only12,
    /// 1.3.
    #[value(name = "1.3")]
    Only13,
}

fn credentials(text: &str) -> Result<(String, String), String> {
    let (user, password) = text.split_once(':').ok_or("it has no colon")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Whether the limit leaves one; `None` is no limit. Counts down.
fn count_down(left: &mut Option<u32>) -> bool {
    match left {
        None => true,
        Some(0) => false,
        Some(count) => {
            *count -= 1;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        network: Network,
    }

    #[test]
    fn the_program_has_the_same_defaults() {
        assert_eq!(Options::parse_from(["emulator"]).network, Network::default());
    }

    #[test]
    fn faults_are_counted() {
        let mut network = Network::default();
        assert_eq!(network.take_proxy_fault(), None);
        network.proxy_fault = Some(ProxyFault::Status(502));
        assert_eq!(network.take_proxy_fault(), Some(ProxyFault::Status(502)));
        network.faulty_connections = Some(1);
        assert_eq!(network.take_proxy_fault(), Some(ProxyFault::Status(502)));
        assert_eq!(network.take_proxy_fault(), None);
    }

    #[test]
    fn faults_are_read_from_the_command_line() {
        let network =
            Options::parse_from(["", "--proxy-fault=407", "--tls-fault=garbage", "--certificate=wrong-host"]);
        assert_eq!(network.network.proxy_fault, Some(ProxyFault::Status(407)));
        assert_eq!(network.network.tls_fault, Some(TlsFault::Garbage));
        assert_eq!(network.network.certificate, Certificate::WrongHost);
        assert!("99".parse::<ProxyFault>().is_err() && "lazy".parse::<ProxyFault>().is_err());
    }
}
