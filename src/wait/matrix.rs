//! Each option of the emulator's behaviour, and what a wait makes of it. No socket and no real time: the replies come
//! straight from the emulator's service, and its clock moves only in the pauses.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use autopilot_emulator::{Access, Behaviour, Clock, SETTINGS_PATH, SYNC_PATH, Service};

use super::machine::{Command, Event, Goal, Machine, StopReason, Terms};
use super::meaning::{self, Meaning};
use crate::outcome::Error;
use crate::service::reply::{RawReply, Reply};
use crate::text::Token;

use Circumstances::{LostReply, Since, TokenOf, Until, Usual};

const TOKEN: &str = "a-token";

const NO_SCOPES: &str = "Forbidden 403: Forbidden: The application lacks the scopes for this operation";
const NO_LICENCE: &str = "Forbidden 401: Unauthorized: The tenant or the user has no licence for this.";
const NO_TOKEN: &str = "Unauthorized 401: Unauthorized: The tenant or the user has no licence for this.";

/// What a row changes besides the options.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Circumstances {
    Usual,
    /// A deadline in seconds. It is an hour otherwise.
    Until(u64),
    /// The wait is for a sync since a change so many seconds ago.
    Since(u64),
    /// A token with fewer rights.
    TokenOf(Access),
    /// The reply to the first trigger is lost.
    LostReply,
}

/// The caller's time when the wait starts.
fn began() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

/// How the wait ends, after how many seconds, readings and triggers.
type End = (String, f64, u32, u32);

/// Does what the machine orders, like the driver.
struct Wait {
    service: Service,
    clock: Clock,
    circumstances: Circumstances,
    readings: u32,
    triggers: u32,
    error: Option<Error>,
}

impl Wait {
    fn end(options: &str, circumstances: Circumstances) -> End {
        let behaviour: Behaviour = options.parse().unwrap_or_else(|error| panic!("{options}: {error}"));
        let access = if let TokenOf(access) = circumstances { access } else { Access::Full };
        let clock = Clock::manual();
        let service = Service::new(behaviour, access, clock.now());
        Wait { service, clock, circumstances, readings: 0, triggers: 0, error: None }.run()
    }

    /// The caller's clock is not the service's.
    fn goal(&self) -> Goal {
        let Since(ago) = self.circumstances else { return Goal::SyncAndWait };
        Goal::SyncSince(began() - Duration::from_secs(ago))
    }

    fn run(mut self) -> End {
        let deadline = if let Until(seconds) = self.circumstances { seconds } else { 3600 };
        let mut machine = Machine::new(Terms {
            goal: self.goal(),
            began: began(),
            deadline: Duration::from_secs(deadline),
            max_retries: 0,
            trigger_only: false,
            jitter: Duration::ZERO,
            chance: 0,
        });
        let began = self.clock.now();
        let mut event = Event::Due;
        loop {
            let now = (self.clock.now() - began).to_std().expect("the clock goes forward");
            event = match machine.next(now, event) {
                Command::ReadSettings => self.read(),
                Command::AskForToken => Event::NoToken,
                Command::SendTrigger => self.trigger(),
                Command::Pause { until, .. } => {
                    self.clock.advance(until - now);
                    Event::Due
                }
                Command::Stop(reason) => {
                    return (self.told(&reason), now.as_secs_f64(), self.readings, self.triggers);
                }
            };
        }
    }

    fn read(&mut self) -> Event {
        self.readings += 1;
        let reply = self.request("GET", SETTINGS_PATH);
        self.keep(meaning::of_settings(Ok(reply)))
    }

    fn trigger(&mut self) -> Event {
        self.triggers += 1;
        let reply = self.request("POST", SYNC_PATH);
        let event = self.keep(meaning::of_trigger(Ok(reply)));
        let is_lost = self.circumstances == LostReply && self.triggers == 1;
        if is_lost { Event::TriggerMayHaveRun } else { event }
    }

    fn request(&mut self, method: &str, path: &str) -> Reply {
        let reply = self.service.request(method, path, TOKEN, self.clock.now());
        let header = |name: &str| reply.get(name).map(str::to_owned);
        let raw = RawReply {
            status: reply.status,
            request_id: header("request-id"),
            date: header("Date"),
            retry_after: header("Retry-After"),
            challenges: header("WWW-Authenticate").into_iter().collect(),
            body: reply.body.clone(),
        };
        Reply::new(&raw, Token::new(TOKEN).unwrap())
    }

    fn keep(&mut self, Meaning { event, error }: Meaning) -> Event {
        self.error = error;
        event
    }

    /// The reason. If a request failed: the kind of error, and the words of the service.
    fn told(&self, reason: &StopReason) -> String {
        let error = self.error.as_ref().filter(|_| *reason == StopReason::RequestFailed);
        let Some(error) = error else { return format!("{reason:?}") };
        let text = error.to_string();
        let (_, said) = text.split_once("HTTP ").expect("a reply");
        format!("{:?} {}", error.kind(), said.split(';').next().unwrap_or_default())
    }
}

#[test]
#[rustfmt::skip] // rows
fn each_option_of_the_service_has_its_end() {
    let table: &[(&str, Circumstances, (&str, f64, u32, u32))] = &[
    // A sync, from its acceptance to its end.
    ("", Usual, ("Completed", 16.25, 5, 1)),
    ("--duration 500ms", Usual, ("Completed", 7.0, 3, 1)),
    ("--duration 3m", Usual, ("Completed", 191.375, 17, 1)),
    ("--duration 2h", Usual, ("DeadlinePassed", 3599.0, 245, 1)),
    ("--start-delay 40s", Usual, ("Completed", 56.375, 8, 1)),
    // What `lastSyncDateTime` marks, and when.
    ("--last-sync-marks start", Usual, ("Completed", 21.25, 6, 1)),
    ("--last-sync-marks both", Usual, ("Completed", 16.25, 5, 1)),
    ("--last-sync-marks acceptance", Usual, ("Completed", 21.25, 6, 1)),
    // If the status is more than five seconds later than the time, the previous status is taken for this sync's.
    ("--last-sync-marks acceptance --start-delay 40s", Usual, ("Completed", 7.0, 3, 1)),
    ("--last-sync-delay 12s", Usual, ("Completed", 26.25, 7, 1)),
    ("--last-sync-delay 5m", Usual, ("Completed", 36.25, 9, 1)),
    ("--last-sync-delay 5m --duration 500ms", Usual, ("Unconfirmed", 131.375, 13, 1)),
    // A sync that fails.
    ("--failing-runs 1", Usual, ("SyncFailed", 16.25, 5, 1)),
    ("--failing-runs 1 --failure-moves-last-sync false", Usual, ("SyncFailed", 36.25, 9, 1)),
    ("--failing-runs 1 --failure-moves-last-sync false --duration 500ms", Usual, ("Unconfirmed", 131.375, 13, 1)),
    // A status `failed` that stands.
    ("--failed-stands 0s..", Usual, ("SyncFailed", 21.25, 6, 1)),
    ("--failed-stands 0s.. --failing-runs 1 --failure-moves-last-sync false", Usual, ("Unconfirmed", 131.375, 13, 1)),
    ("--failed-stands 0s..30s", Usual, ("SyncFailed", 21.25, 6, 1)),
    // The state before the first sync.
    ("--idle-status failed --start-delay 40s", Usual, ("Completed", 56.375, 8, 1)),
    ("--idle-status unknown --start-delay 40s", Usual, ("Completed", 56.375, 8, 1)),
    ("--idle-status in-progress --start-delay 40s", Usual, ("Completed", 56.375, 8, 1)),
    ("--last-sync never --last-trigger never", Usual, ("Completed", 16.25, 5, 1)),
    ("--last-sync never --duration 500ms", Usual, ("Completed", 7.0, 3, 1)),
    // Replicas that lag.
    ("--replica-lag 4s", Usual, ("Completed", 16.25, 5, 1)),
    ("--replica-lag 15s", Usual, ("Completed", 26.375, 6, 1)),
    ("--replica-lag 15s --replica-reads alternating", Usual, ("Completed", 16.25, 5, 1)),
    ("--replica-lag 15s --failing-runs 1 --failure-moves-last-sync false", Usual, ("SyncFailed", 46.375, 10, 1)),
    // The window.
    ("--last-sync 1m", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m", Until(300), ("TooSoon(Some(550s))", 0.0, 2, 1)),
    ("--last-sync 1m", TokenOf(Access::TriggerOnly), ("TooSoon(None)", 0.0, 1, 1)),
    ("--last-sync 1m --last-trigger 10s", Usual, ("Completed", 616.25, 23, 2)),
    ("--last-sync 1m --window 12m", Usual, ("Completed", 776.25, 47, 5)),
    ("--last-sync 1m --window 12m --refusal-extends-window true", Usual, ("TooSoon(Some(3920s))", 3310.0, 126, 10)),
    ("--last-sync 1m --refusal-extends-window true", Usual, ("Completed", 2106.25, 93, 8)),
    ("--last-sync 1m --too-soon-stamps true", Usual, ("Completed", 626.25, 23, 2)),
    ("--last-sync 1m --too-soon-stamps true --refusal-extends-window true", Usual, ("Completed", 626.25, 23, 2)),
    ("--last-sync 1m --retry-after seconds", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --retry-after date", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --retry-after zero", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --retry-after negative", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --retry-after past", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --retry-after garbage", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-trigger 1m", Usual, ("Completed", 566.25, 22, 2)),
    ("--last-trigger 1m --window-from last-sync", Usual, ("Completed", 16.25, 5, 1)),
    ("--last-sync 1m --retry-after huge", Usual, ("TooSoon(Some(86400s))", 0.0, 2, 1)),
    ("--last-sync 1m --retry-after 900", Usual, ("Completed", 916.25, 28, 2)),
    ("--last-sync 1m --retry-after seconds", TokenOf(Access::TriggerOnly), ("TooSoon(Some(540s))", 0.0, 1, 1)),
    // Syncs of others.
    ("--own-sync 0s", Usual, ("JoinedCompleted", 21.25, 6, 1)),
    ("--own-sync 0s --conflict-stamps true", Usual, ("JoinedCompleted", 21.25, 6, 1)),
    ("--own-sync 0s --conflict-stamps true --last-sync-marks start", Usual, ("JoinedCompleted", 36.25, 9, 1)),
    ("--own-sync 0s --order window-first", Usual, ("JoinedCompleted", 21.25, 7, 1)),
    ("--own-sync 5m --last-sync 1m", Usual, ("JoinedCompleted", 334.7734375, 15, 1)),
    ("--last-sync 1m --own-sync 8m --own-sync 17m --own-sync 26m", Until(1800), ("JoinedCompleted", 514.7734375, 18, 1)),
    ("--own-sync 8m --duration 500ms --last-sync 1m", Until(1800), ("JoinedCompleted", 514.7734375, 18, 1)),
    ("--own-sync 8m --duration 500ms --last-sync 1m --last-sync-marks start", Until(1800), ("JoinedCompleted", 514.7734375, 18, 1)),
    ("--own-sync 8m --duration 500ms --last-sync 1m --failing-runs 1", Until(1800), ("Completed", 1098.7734375, 29, 2)),
    ("--own-sync 8m --duration 500ms --last-sync 1m --failing-runs 1", Until(900), ("TooSoon(Some(1091.7734375s))", 899.0, 24, 1)),
    // A sync since a change.
    ("--last-sync 1h", Since(7200), ("UpToDate", 0.0, 1, 0)),
    ("--last-sync 1h", Since(1800), ("Completed", 16.25, 5, 1)),
    ("--last-sync 1m", Since(120), ("UpToDate", 5.0, 2, 0)),
    ("--last-sync 1m", Since(0), ("Completed", 566.25, 22, 2)),
    ("--last-sync 1m --own-sync 8m", Since(0), ("JoinedCompleted", 514.7734375, 18, 1)),
    ("--last-sync 1h --idle-status failed", Since(7200), ("Completed", 16.25, 5, 1)),
    ("--last-sync 1h --idle-status unknown", Since(7200), ("Completed", 16.25, 5, 1)),
    ("--last-sync never --last-trigger never", Since(7200), ("Completed", 16.25, 5, 1)),
    ("--own-sync 0s", Since(0), ("Completed", 636.5, 30, 1)),
    ("--own-sync 0s --own-sync 5m", Since(0), ("JoinedCompleted", 316.0234375, 23, 0)),
    ("--own-sync 0s --last-sync-marks start", Since(0), ("Completed", 631.5, 31, 1)),
    ("--own-sync 0s --last-sync-marks start", Since(60), ("JoinedCompleted", 36.25, 9, 0)),
    ("--own-sync 0s --start-delay 40s", Since(0), ("Completed", 676.625, 33, 1)),
    ("--own-sync 0s --failing-runs 1", Since(0), ("Completed", 636.5, 30, 1)),
    ("--failing-runs 1", Since(0), ("SyncFailed", 16.25, 5, 1)),
    ("--throttled-requests 4 --last-sync 1h", Since(7200), ("UpToDate", 24.375, 5, 0)),
    ("", TokenOf(Access::TriggerOnly), ("Unconfirmed", 0.0, 1, 1)),
    // Readings fail for a while.
    ("--failing-readings 0s..2s", Usual, ("Completed", 19.25, 6, 1)),
    ("--failing-readings 1s..9m", Usual, ("Completed", 556.375, 42, 1)),
    ("--failing-readings 1s..9m:503", Usual, ("Completed", 556.375, 42, 1)),
    // Graph's gateway throttles.
    ("--throttled-requests 1", Usual, ("Completed", 19.25, 6, 1)),
    ("--throttled-requests 4", Usual, ("Completed", 40.625, 9, 1)),
    ("--throttled-requests 40", Usual, ("Completed", 2084.0234375, 45, 1)),
    ("--throttled-requests 40", Until(600), ("Service 429: TooManyRequests: Too many requests.", 599.0, 17, 0)),
    // The reply to the trigger is lost.
    ("", LostReply, ("Completed", 16.25, 5, 1)),
    ("--accepted-stamps false", LostReply, ("JoinedCompleted", 21.25, 6, 1)),
    ("--accepted-stamps false --start-delay 40s", LostReply, ("JoinedCompleted", 61.375, 13, 2)),
    ("--accepted-stamps false --start-delay 40s --conflict-from start", LostReply, ("JoinedCompleted", 56.25, 15, 2)),
    ("--accepted-stamps false --start-delay 40s --order window-first", LostReply, ("JoinedCompleted", 56.25, 15, 2)),
    // The form of requests and replies.
    ("--any-body true", Usual, ("Completed", 16.25, 5, 1)),
    ("--wrapped-settings true", Usual, ("Completed", 16.25, 5, 1)),
    ("--error-form intune", TokenOf(Access::Forbidden), (NO_SCOPES, 0.0, 1, 1)),
    ("--error-form deeper", TokenOf(Access::Forbidden), (NO_SCOPES, 0.0, 1, 1)),
    ("--error-form graph", TokenOf(Access::Forbidden), (NO_SCOPES, 0.0, 1, 1)),
    ("--lowercase-inner-error true", TokenOf(Access::Forbidden), (NO_SCOPES, 0.0, 1, 1)),
    // A 401 of Intune, which no new token heals, is known by its form alone.
    ("--error-form intune", TokenOf(Access::Unlicensed), (NO_LICENCE, 0.0, 1, 1)),
    ("--error-form deeper", TokenOf(Access::Unlicensed), (NO_LICENCE, 0.0, 1, 1)),
    ("--error-form graph", TokenOf(Access::Unlicensed), (NO_TOKEN, 0.0, 1, 0)),
    ];
    for (options, circumstances, (end, seconds, readings, triggers)) in table {
        let expected = ((*end).to_owned(), *seconds, *readings, *triggers);
        assert_eq!(Wait::end(options, *circumstances), expected, "{options:?} {circumstances:?}");
    }
    let words = table.iter().flat_map(|(options, ..)| options.split_whitespace());
    let named: BTreeSet<String> = words.filter_map(|word| word.strip_prefix("--")).map(str::to_owned).collect();
    assert_eq!(named, BTreeSet::from_iter(Behaviour::options()), "an option is in no row");
}
