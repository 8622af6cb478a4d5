//! A line of the matrix: a fault, the stage at which a call meets it, and the result of that call.

use std::error::Error as _;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use autopilot_sync::{Client, Credential, Detail, Error, ErrorKind, Secret, Settings, SyncOutcome, Trace};

use crate::heard::{Heard, count};
use crate::machine;
use crate::peer::{Peer, Way};
use crate::play::Play;
use crate::shown;

/// A token with the shape of Graph's. Each part contains [`SECRET`], which nobody but the service may see. It is also the
/// client secret, the machine's identity header, and the token that Microsoft Entra gives for them.
pub(crate) const TOKEN: &str = "eyJ0eXAi0123456789.eyJhdWQi0123456789.c2lnbmF0dXJl0123456789";
const SECRET: &str = "0123456789";

/// The password for proxies that want one.
const PASSWORD: &str = "hidden";

/// The first deadline of a call whose peer never lets it end. It is doubled on a slow machine.
const SHORT: Duration = Duration::from_secs(1);

/// The longest deadline, even if the peer still did not reach its fault.
const LONGEST: Duration = Duration::from_secs(60);

/// The deadline of all other calls: more than the slowest machine needs.
pub(crate) const LONG: Duration = Duration::from_secs(180);

/// A call is late if it ends this long after its deadline. The library's shortest pause is longer.
const OVERRUN: Duration = Duration::from_millis(400);

/// How often a late call is tried again. A busy machine delays some calls, a fault of the library delays all.
const TRIES: u32 = 20;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) stage: Stage,
    pub(crate) fault: String,
    pub(crate) call: Call,
    pub(crate) peer: Peer,
    /// The answer or the kind of error, what became of the trigger, and the HTTP status if there was one.
    pub(crate) end: String,
    /// The requests that reach the service.
    pub(crate) requests: usize,
}

/// Where a call meets a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    Name,
    Connect,
    ConnectReply,
    ProxyTls,
    Socks,
    Handshake,
    Certificate,
    Request,
    Head,
    Status(u16),
    Body,
    Echo,
    Close,
    KeepAlive,
    Retry,
    Read,
    Wait,
    /// The request for a token, to Microsoft Entra.
    Token,
    /// The request for a token, to the endpoint of this machine's identity.
    Identity,
}

/// The call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Call {
    Sync,
    SyncWithTheLongestToken,
    /// A second trigger on the same client, after an accepted one.
    SecondSync,
    SyncWithRetries,
    Settings,
    SettingsWithRetries,
    SyncAndWait,
    /// The library gets the token itself.
    SyncByCredential,
    SyncByCredentialWithRetries,
}

/// The end of a call, everything that the library can print about it, and how long it took.
pub(crate) type Told = (String, String, Duration);

/// The result of a case.
struct Seen {
    end: String,
    /// Everything that the library can print about it.
    said: String,
    deadline: Duration,
    took: Duration,
    heard: Heard,
}

impl Seen {
    fn is_late(&self) -> bool {
        self.took > self.deadline + OVERRUN
    }
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{:?}: {}", self.stage, self.fault)
    }

    /// Plays the case, and returns what was wrong.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let seen = self.play_fairly();
        let Seen { end, said, deadline, took, heard } = &seen;
        let connections = self.peer.connections.len();
        let requests = heard.requests();
        let complaints = [
            (end != &self.end).then(|| format!("it ends in {end}, not in {}", self.end)),
            (requests != self.requests).then(|| format!("{requests} requests, not {}", self.requests)),
            (heard.connections != connections)
                .then(|| format!("{} connections, not {connections}", heard.connections)),
            (self.is_held() && seen.is_late())
                .then(|| format!("late {TRIES} times: it took {took:?}, not {deadline:?}")),
            (self.is_held() && *took + Duration::from_millis(20) < *deadline)
                .then(|| format!("a time-out after {took:?}")),
            (count(&heard.others, SECRET) > 0).then(|| "another than the service saw the token".to_owned()),
            (count(&heard.service, &self.token()) != requests)
                .then(|| "not every request has the token".to_owned()),
            said.contains(SECRET).then(|| "it says the token".to_owned()),
            said.contains(PASSWORD).then(|| "it says the proxy's password".to_owned()),
            said.contains('\n').then(|| "what it says is not on one line".to_owned()),
            said.contains("docs.rs").then(|| "it says a link".to_owned()),
        ];
        let name = self.name();
        complaints.into_iter().flatten().map(|complaint| format!("{name}: {complaint}: {said}")).collect()
    }

    /// Whether the deadline ends the call.
    pub(crate) fn is_held(&self) -> bool {
        self.end.starts_with("Timeout")
    }

    /// Plays the case again with more time if the deadline passed before the peer came to its fault, and with the same
    /// time if the call was late.
    fn play_fairly(&self) -> Seen {
        if !self.is_held() {
            return self.play(LONG);
        }
        let (mut deadline, mut tries) = (SHORT, 1);
        loop {
            let seen = self.play(deadline);
            let has_come = seen.heard.has_held || !self.peer.holds();
            let is_early = seen.end.starts_with("Timeout") && seen.end != self.end;
            if !has_come || seen.heard.requests() < self.requests || is_early {
                if deadline > LONGEST {
                    return seen;
                }
                deadline *= 2;
            } else if !seen.is_late() || tries == TRIES {
                return seen;
            } else {
                tries += 1;
            }
        }
    }

    fn play(&self, deadline: Duration) -> Seen {
        let play = Play::begin(&self.peer);
        let client = self.client(play.port(), deadline);
        if self.call == Call::SecondSync {
            let first = client.sync(TOKEN);
            let is_slow = first.as_ref().is_err_and(|error| error.kind() == ErrorKind::Timeout);
            if is_slow && deadline <= LONGEST {
                return self.play(deadline * 2);
            }
            first.expect("the first is accepted");
            play.settle();
        }
        let (end, said, took) = match self.peer.way {
            Way::Identity => machine::call(self, play.port(), deadline),
            _ => self.call(&client, deadline),
        };
        drop(client);
        Seen { end, said, deadline, took, heard: play.end() }
    }

    pub(crate) fn client(&self, port: u16, deadline: Duration) -> Client {
        self.client_that_trusts(shown::ca_file(), port, deadline)
    }

    pub(crate) fn client_that_trusts(&self, ca_file: &Path, port: u16, deadline: Duration) -> Client {
        let at = |address: &str| address.replace("PORT", &port.to_string());
        // One request at a time is played; tests/one_call.rs has the reading after "too soon".
        let builder = Client::builder().ignore_environment().trigger_only();
        let builder = match self.peer.way {
            Way::BaseUrl(url) => builder.no_proxy().base_url(&at(url)),
            Way::Proxy(proxy) => builder.proxy(&at(proxy)),
            Way::Identity => builder.proxy(&at("http://127.0.0.1:PORT")),
            Way::ProxyTo(proxy, url) => {
                builder.proxy(&at(proxy)).and_then(|builder| builder.base_url(&at(url)))
            }
        };
        let retries = match self.call {
            Call::SyncWithRetries | Call::SettingsWithRetries | Call::SyncByCredentialWithRetries => 2,
            _ => 0,
        };
        let builder = builder.unwrap().ca_file(ca_file).unwrap().max_retries(retries).unwrap();
        // Only the deadline may end the call.
        builder.timeout(deadline).unwrap().connect_timeout(LONG).unwrap().build().unwrap()
    }

    pub(crate) fn call(&self, client: &Client, deadline: Duration) -> Told {
        let token = self.token();
        let began = Instant::now();
        let (end, said) = match self.call {
            Call::Settings | Call::SettingsWithRetries => told(client.settings(&token)),
            Call::SyncAndWait => told(client.sync_and_wait(&token, deadline, |_| ControlFlow::Continue(()))),
            Call::SyncByCredential | Call::SyncByCredentialWithRetries => {
                told(client.sync(&self.credential()))
            }
            _ => told(client.sync(&token)),
        };
        (end, said, began.elapsed())
    }

    fn credential(&self) -> Credential {
        match self.peer.way {
            Way::Identity => Credential::managed_identity(None),
            _ => Credential::client_secret("contoso.com", "client-id", Secret::Text(TOKEN)),
        }
        .expect("right arguments")
    }

    fn token(&self) -> String {
        match self.call {
            Call::SyncWithTheLongestToken => format!("{TOKEN}{}", "x".repeat(64 * 1024 - TOKEN.len())),
            _ => TOKEN.to_owned(),
        }
    }
}

/// The value of a successful call.
trait Success: Debug {
    fn summary(&self) -> String;
    fn trace(&self) -> String;
}

impl Success for SyncOutcome {
    fn summary(&self) -> String {
        summary(format!("{:?}", self.answer()), self.detail())
    }

    fn trace(&self) -> String {
        in_one_line(self.detail().trace())
    }
}

impl Success for Settings {
    fn summary(&self) -> String {
        format!("Settings {:?}", self.status())
    }

    fn trace(&self) -> String {
        String::new()
    }
}

fn told<T: Success>(result: Result<T, Error>) -> (String, String) {
    match result {
        Ok(success) => (success.summary(), format!("{success:?} {}", success.trace())),
        Err(error) => {
            let sources = std::iter::successors(error.source(), |cause| (*cause).source());
            let sources: Vec<String> = sources.map(|cause| format!("{cause} {cause:?}")).collect();
            let (detail, claims) = (error.detail(), error.detail().claims().unwrap_or_default());
            let fields = format!("{error:#?}").replace('\n', " ");
            let trace = in_one_line(detail.trace());
            let said =
                format!("{error} {error:#} {error:?} {fields} {sources:?} {detail:?} {claims} {trace}");
            (summary(format!("{:?}", error.kind()), error.detail()), said)
        }
    }
}

fn summary(end: String, detail: &Detail) -> String {
    let status = detail.http_status().map(|status| format!(" {status}"));
    format!("{end} {:?}{}", detail.trigger(), status.unwrap_or_default())
}

fn in_one_line(trace: &Trace) -> String {
    trace.to_string().replace('\n', " ")
}
