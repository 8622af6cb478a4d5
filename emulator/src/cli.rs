//! The command line of the program.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clap::{Args, Parser, Subcommand};

use crate::behaviour::Behaviour;
use crate::clock::{Clock, FASTEST};
use crate::emulator::{Config, Emulator};
use crate::identity::Identities;
use crate::network::Network;
use crate::record::Sink;
use crate::registration::Registration;
use crate::script::Step;
use crate::time;
use crate::token::{self, Access, Token};

/// An HTTPS server on loopback that behaves like Microsoft Graph's windowsAutopilotSettings
///
/// HTTPS_PROXY and SSL_CERT_FILE lead a program to it. A TIME is written like 10m, 1h30m or 500ms;
/// the longest is 100y.
#[derive(Debug, Parser)]
#[command(name = "autopilot-emulator", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a command against the emulator, and end with its exit code (128 + N if signal N ended it)
    Run {
        /// The options of the emulator.
        #[command(flatten)]
        options: Box<Options>,
        /// The command, and its arguments
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
    /// Print the variables that lead a program here, and serve until Ctrl-C or SIGTERM
    Serve {
        /// The options of the emulator.
        #[command(flatten)]
        options: Box<Options>,
        /// Also write the variables to this file, as lines for a shell; the emulator deletes it at the end
        #[arg(long, value_name = "FILE")]
        write_env: Option<PathBuf>,
    },
}

/// The options of the emulator.
#[derive(Debug, Args)]
pub struct Options {
    /// A token that the service knows, as `TOKEN[:ACCESS][:tenant=NAME][:requests=N][:lifetime=TIME]`; repeatable
    ///
    /// ACCESS is a value of --other-tokens, by default full. The token expires after N requests or after TIME.
    #[arg(long = "token", value_name = "TOKEN", value_parser = token::parse)]
    pub tokens: Vec<(String, Token)>,
    /// What all other tokens may do, in the tenant "default"
    #[arg(long, value_enum, value_name = "ACCESS", default_value = "full")]
    pub other_tokens: Access,
    /// One more host to serve; repeatable
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// How far the service's clock is from the local one, such as 3d or -3d
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = offset, allow_hyphen_values = true)]
    pub clock_offset: TimeDelta,
    /// How fast the service's clock runs: with 60, ten minutes take ten seconds; 0 stops it (see --control)
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// How far the service's clock jumps with each request
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::parse)]
    pub clock_step: Duration,
    /// A JSON file of steps that answer the first requests
    #[arg(long = "script", value_name = "FILE", value_parser = script)]
    pub script: Option<Script>,
    /// Write each exchange to this file as one JSON line, without tokens; - is standard output
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Where the proxy listens; port 0 for any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub proxy: SocketAddr,
    /// Where the service listens without a proxy; port 0 for any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub direct: SocketAddr,
    /// Where the control endpoint listens, port 0 for any free one; its URL is in AUTOPILOT_EMULATOR [default: nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<SocketAddr>,
    /// What the service does where its documentation is silent.
    #[command(flatten)]
    pub behaviour: Behaviour,
    /// The application that Entra knows.
    #[command(flatten)]
    pub registration: Registration,
    /// The machine's managed identities.
    #[command(flatten)]
    pub identities: Identities,
    /// What is between a client and the service.
    #[command(flatten)]
    pub network: Network,
}

/// The steps of a script file.
#[derive(Clone, Debug, Default)]
pub struct Script(Vec<Step>);

impl Options {
    /// Starts an emulator with these options. An error is a line for the user.
    pub fn start(self) -> Result<Emulator, String> {
        let clock = Clock::real().offset(self.clock_offset).speed(self.speed).step(self.clock_step);
        let config = Config {
            clock,
            behaviour: self.behaviour,
            network: self.network,
            other_tokens: self.other_tokens,
            tokens: self.tokens,
            tenants: Vec::new(),
            registration: self.registration,
            identities: self.identities,
            script: self.script.unwrap_or_default().0,
            hosts: self.hosts,
            proxy: Some(self.proxy),
            direct: Some(self.direct),
            control: self.control,
        };
        let sink = self.log.as_deref().map(sink).transpose()?;
        let emulator = Emulator::try_start(config).map_err(|error| format!("cannot listen: {error}"))?;
        if let Some(sink) = sink {
            emulator.log_to(sink);
        }
        Ok(emulator)
    }
}

fn sink(path: &Path) -> Result<Sink, String> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdout()));
    }
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Box::new(file))
}

fn script(path: &str) -> Result<Script, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map(Script).map_err(|error| error.to_string())
}

fn offset(text: &str) -> Result<TimeDelta, String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let size = time::parse(digits)?;
    let offset = TimeDelta::from_std(size).map_err(|error| error.to_string())? * sign;
    if Utc::now() + offset < time::EARLIEST { Err("leads to before 1970".to_owned()) } else { Ok(offset) }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.0..=FASTEST).contains(&speed) => Ok(speed),
        _ => Err("not a number from 0 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn offsets_go_both_ways() {
        assert_eq!(offset("-3d"), Ok(TimeDelta::days(-3)));
        assert_eq!(offset("+1h"), Ok(TimeDelta::hours(1)));
        assert!(offset("soon").is_err());
        assert_eq!(offset("-90y"), Err("leads to before 1970".to_owned()));
        assert!(speed("-1").is_err() && speed("NaN").is_err() && speed("60") == Ok(60.0));
    }

    #[test]
    fn the_readme_has_every_option_and_no_other() {
        let readme = include_str!("../README.md");
        let command = Cli::command();
        let known: BTreeSet<_> = command
            .get_subcommands()
            .flat_map(clap::Command::get_arguments)
            .filter_map(|argument| argument.get_long().map(str::to_owned))
            .collect();
        let named = |word: &str| word.trim_matches('`').strip_prefix("--").map(str::to_owned);
        let words = readme.lines().filter(|line| !line.starts_with("cargo")).flat_map(|line| line.split(' '));
        let documented: BTreeSet<_> =
            words.filter_map(named).filter(|name| name.starts_with(char::is_alphabetic)).collect();
        let documented_only: Vec<_> = documented.difference(&known).collect();
        let known_only: Vec<_> = known.difference(&documented).filter(|name| *name != "help").collect();
        assert_eq!((documented_only, known_only), (vec![], vec![]));
    }

    #[test]
    fn the_readme_has_every_default() {
        let readme = include_str!("../README.md");
        for subcommand in Cli::command().get_subcommands() {
            for argument in subcommand.get_arguments() {
                let (Some(long), [default]) = (argument.get_long(), argument.get_default_values()) else {
                    continue;
                };
                let row =
                    readme.lines().find(|line| line.starts_with(&format!("| `--{long} "))).expect("a row");
                let cell = row.split(" | ").nth(1).expect("a default").trim_matches('`');
                assert_eq!(cell, default.to_string_lossy(), "{long}");
            }
        }
    }
}
