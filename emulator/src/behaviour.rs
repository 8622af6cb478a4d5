//! What the service does where its documentation is silent.

use std::time::Duration;

use clap::{Args, FromArgMatches, ValueEnum};

use crate::envelope::ErrorForm;
use crate::span::{Outage, Span};
use crate::time;

/// How the service treats one tenant: a choice for each question that its documentation leaves open.
///
/// Each field is also an option of the program, with the same name and default.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "The service's behaviour")]
pub struct Behaviour {
    /// How long after a sync the next trigger gets 429
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time::parse)]
    pub window: Duration,
    /// The times that the window counts from
    #[arg(long, value_enum, value_name = "TIMES", default_value = "both")]
    pub window_from: WindowFrom,
    /// How long a sync runs, from its start
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time::parse)]
    pub duration: Duration,
    /// How long after the 204 a sync starts and shows as `inProgress`
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time::parse)]
    pub start_delay: Duration,
    /// What a trigger gets if a sync is running and the window has not passed
    #[arg(long, value_enum, value_name = "ORDER", default_value = "conflict-first")]
    pub order: Order,
    /// When an accepted sync begins to be a conflict (409)
    #[arg(long, value_enum, value_name = "MOMENT", default_value = "acceptance")]
    pub conflict_from: ConflictFrom,
    /// Which moment of a sync `lastSyncDateTime` marks
    #[arg(long, value_enum, value_name = "MOMENT", default_value = "end")]
    pub last_sync_marks: Marks,
    /// How long after that moment `lastSyncDateTime` moves
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::parse)]
    pub last_sync_delay: Duration,
    /// Whether a failed sync moves `lastSyncDateTime`, and so starts a window
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub failure_moves_last_sync: bool,
    /// Whether a 204 sets `lastManualSyncTriggerDateTime`
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub accepted_stamps: bool,
    /// Whether a 409 sets `lastManualSyncTriggerDateTime`
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub conflict_stamps: bool,
    /// Whether the window's 429 sets `lastManualSyncTriggerDateTime`
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub too_soon_stamps: bool,
    /// Whether a 409 or 429 restarts the window
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub refusal_extends_window: bool,
    /// How far a lagging replica is behind
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time::parse)]
    pub replica_lag: Duration,
    /// Which readings the lagging replica answers
    #[arg(long, value_enum, value_name = "WHICH", default_value = "all")]
    pub replica_reads: ReplicaReads,
    /// The `Retry-After` header of the window's 429: absent, seconds, date, zero, negative, past, garbage, huge, or any other text as it is
    #[arg(long, value_name = "FORM", default_value = "absent")]
    pub retry_after: RetryAfter,
    /// The status before the first sync
    #[arg(long, value_enum, value_name = "STATUS", default_value = "completed")]
    pub idle_status: SyncStatus,
    /// How many of the next syncs fail
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub failing_runs: u32,
    /// When the status is `failed`, whatever the syncs do: FROM..UNTIL or FROM.., counted from the start; repeatable
    #[arg(long, value_name = "SPAN")]
    pub failed_stands: Vec<Span>,
    /// When readings fail, with 500 by default: FROM..UNTIL or FROM.., counted from the start; repeatable
    #[arg(long, value_name = "SPAN[:STATUS]")]
    pub failing_readings: Vec<Outage>,
    /// How many of the next requests Graph's gateway throttles (429 without a window)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub throttled_requests: u32,
    /// How long after the emulator's start the service syncs by itself; repeatable
    #[arg(long = "own-sync", value_name = "TIME", value_parser = time::parse)]
    pub own_syncs: Vec<Duration>,
    /// How long before the emulator's start the last sync was, or `never`
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub last_sync: Past,
    /// How long before the emulator's start the last manual trigger was, or `never`
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub last_trigger: Past,
    /// Whether a trigger may have any body; if not, only `{}`, and others get a bare 400
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub any_body: bool,
    /// The form of Intune's errors
    #[arg(long, value_enum, value_name = "FORM", default_value = "intune")]
    pub error_form: ErrorForm,
    /// Whether `innerError` is spelled `innererror`
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub lowercase_inner_error: bool,
    /// Whether the settings are inside `"value"`, as in the documentation's example
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub wrapped_settings: bool,
}

impl Behaviour {
    /// The names of all options, such as `start-delay`.
    pub fn options() -> Vec<String> {
        let command = Self::augment_args(clap::Command::new("behaviour"));
        command.get_arguments().filter_map(|option| option.get_long().map(str::to_owned)).collect()
    }
}

/// Reads the options of the command line, such as `--window 5m --failing-runs 1`.
impl std::str::FromStr for Behaviour {
    type Err = clap::Error;

    fn from_str(options: &str) -> Result<Self, Self::Err> {
        let command = Self::augment_args(clap::Command::new("behaviour").no_binary_name(true));
        Self::from_arg_matches(&command.try_get_matches_from(options.split_whitespace())?)
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(600),
            window_from: WindowFrom::Both,
            duration: Duration::from_secs(10),
            start_delay: Duration::from_secs(1),
            order: Order::ConflictFirst,
            conflict_from: ConflictFrom::Acceptance,
            last_sync_marks: Marks::End,
            last_sync_delay: Duration::ZERO,
            failure_moves_last_sync: true,
            accepted_stamps: true,
            conflict_stamps: false,
            too_soon_stamps: false,
            refusal_extends_window: false,
            replica_lag: Duration::ZERO,
            replica_reads: ReplicaReads::All,
            retry_after: RetryAfter::Absent,
            idle_status: SyncStatus::Completed,
            failing_runs: 0,
            failed_stands: Vec::new(),
            failing_readings: Vec::new(),
            throttled_requests: 0,
            own_syncs: Vec::new(),
            last_sync: Past::Ago(Duration::from_secs(86_400)),
            last_trigger: Past::Ago(Duration::from_secs(86_400)),
            any_body: false,
            error_form: ErrorForm::Intune,
            lowercase_inner_error: false,
            wrapped_settings: false,
        }
    }
}

/// The times that the window counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WindowFrom {
    /// The later of `lastSyncDateTime` and `lastManualSyncTriggerDateTime`.
    Both,
    /// `lastSyncDateTime`; while a sync runs, its acceptance.
    LastSync,
}

/// Which refusal comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// 409 while a sync runs, then 429.
    ConflictFirst,
    /// 429 inside the window, then 409.
    WindowFirst,
}

/// When an accepted sync begins to conflict with other triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConflictFrom {
    /// At its 204.
    Acceptance,
    /// When it shows as `inProgress`.
    Start,
}

/// The moment of a sync that `lastSyncDateTime` marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Marks {
    /// The 204, before the sync starts.
    Acceptance,
    /// The start, when the status becomes `inProgress`.
    Start,
    /// The end.
    End,
    /// The start, then the end.
    Both,
}

/// Which readings the lagging replica answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplicaReads {
    /// All of them.
    All,
    /// The second, the fourth, and so on.
    Alternating,
}

/// The `Retry-After` header of the window's 429.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// No header.
    Absent,
    /// The remaining seconds, rounded up.
    Seconds,
    /// The end of the window as an HTTP date.
    Date,
    /// `0`.
    Zero,
    /// `-5`.
    Negative,
    /// An HTTP date an hour ago.
    Past,
    /// Neither a number nor a date.
    Garbage,
    /// More seconds than fit into 64 bits.
    Huge,
    /// This text.
    Text(String),
}

impl std::str::FromStr for RetryAfter {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "absent" => Self::Absent,
            "seconds" => Self::Seconds,
            "date" => Self::Date,
            "zero" => Self::Zero,
            "negative" => Self::Negative,
            "past" => Self::Past,
            "garbage" => Self::Garbage,
            "huge" => Self::Huge,
            other => Self::Text(other.to_owned()),
        })
    }
}

/// A time before the emulator's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// It never happened, which the service writes as the year 1.
    Never,
    /// This long before.
    Ago(Duration),
}

impl std::str::FromStr for Past {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" { Ok(Self::Never) } else { time::parse(text).map(Self::Ago) }
    }
}

/// `syncStatus` of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SyncStatus {
    /// `unknown`
    Unknown,
    /// `inProgress`
    InProgress,
    /// `completed`
    Completed,
    /// `failed`
    Failed,
}

impl SyncStatus {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::InProgress => "inProgress",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_have_the_same_defaults() {
        assert_eq!("".parse::<Behaviour>().expect("no option is required"), Behaviour::default());
    }

    #[test]
    fn every_option_can_be_given() {
        let given = "--window 5s --order window-first --last-sync-marks both --retry-after soon --last-trigger never \
                     --own-sync 1m --own-sync 2m --accepted-stamps false";
        let expected = Behaviour {
            window: Duration::from_secs(5),
            order: Order::WindowFirst,
            last_sync_marks: Marks::Both,
            retry_after: RetryAfter::Text("soon".to_owned()),
            last_trigger: Past::Never,
            own_syncs: vec![Duration::from_secs(60), Duration::from_secs(120)],
            accepted_stamps: false,
            ..Behaviour::default()
        };
        assert_eq!(given.parse::<Behaviour>().expect("all are options"), expected);
        assert!("--windows 5s".parse::<Behaviour>().is_err());
    }

    #[test]
    fn each_field_is_an_option() {
        let fields = format!("{:#?}", Behaviour::default());
        let fields = fields.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
        let names =
            fields.filter_map(|line| line.trim().split_once(':').map(|(name, _)| name.replace('_', "-")));
        let names: Vec<_> =
            names.map(|name| if name == "own-syncs" { "own-sync".to_owned() } else { name }).collect();
        assert_eq!(Behaviour::options(), names);
    }
}
