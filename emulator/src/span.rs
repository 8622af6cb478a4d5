//! Spans of time, counted from the emulator's start.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::time::{self, after};

/// From a time on, and until another one if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it begins.
    pub from: Duration,
    /// When it is over; `None` if never.
    pub until: Option<Duration>,
}

impl Span {
    pub(crate) fn contains(&self, start: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        after(start, self.from) <= now && self.until.is_none_or(|until| now < after(start, until))
    }
}

/// `FROM..UNTIL`, or `FROM..`.
impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, until) = text.split_once("..").ok_or("not FROM..UNTIL, as in 0s..9m")?;
        let from = time::parse(from)?;
        let until = if until.is_empty() { None } else { Some(time::parse(until)?) };
        if until.is_some_and(|until| until <= from) {
            return Err("it ends before it begins".to_owned());
        }
        Ok(Self { from, until })
    }
}

/// A span in which the service answers with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When.
    pub span: Span,
    /// The status of the answers.
    pub status: u16,
}

/// `FROM..UNTIL`, or `FROM..UNTIL:STATUS`.
impl FromStr for Outage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (span, status) = text.split_once(':').unwrap_or((text, "500"));
        match status.parse() {
            Ok(status @ 400..=599) => Ok(Self { span: span.parse()?, status }),
            _ => Err(format!("{status:?} is not a status from 400 to 599")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn spans_are_read_from_the_command_line() {
        let bounded = Span { from: seconds(5), until: Some(seconds(540)) };
        assert_eq!("5s..9m".parse(), Ok(bounded));
        assert_eq!("0s..".parse(), Ok(Span { from: Duration::ZERO, until: None }));
        assert_eq!("5s..9m:503".parse(), Ok(Outage { span: bounded, status: 503 }));
        assert_eq!("5s..9m".parse(), Ok(Outage { span: bounded, status: 500 }));
        for wrong in ["9m", "..9m", "9m..9m", "9m..5s", "0s..400000y", "0s..9m:200", "0s..9m:soon", "0s:500"]
        {
            assert!(wrong.parse::<Outage>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_span_has_its_first_moment_and_not_its_last() {
        let start = DateTime::UNIX_EPOCH;
        let is_in =
            |span: &str, at| span.parse::<Span>().expect("a span").contains(start, after(start, seconds(at)));
        assert_eq!([4, 5, 9, 10].map(|at| is_in("5s..10s", at)), [false, true, true, false]);
        assert_eq!([4, 5, 1_000_000].map(|at| is_in("5s..", at)), [false, true, true]);
    }
}
