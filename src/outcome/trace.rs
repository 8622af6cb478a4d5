//! The story of a call: what happened when.

use std::fmt;
use std::time::Duration;

use super::happening::Happening;
use super::topic::Topic;
use crate::text::Token;

/// How many events of the beginning are kept: those of the first connection.
const MOST_FIRST: usize = 8;

/// How many of the latest events are kept.
const MOST_LAST: usize = 64;

/// The story of a call: what happened when. The token is nowhere in it, nor a proxy's user name or password.
///
/// It keeps the first 8 and the last 64 events of a call. If there were more, an event of the topic
/// [`LeftOut`](Topic::LeftOut) says in their place how many. A call on an open connection has only its request and the
/// reply. `{}` has a line for each event.
///
/// ```no_run
/// # let token = "a-token";
/// let outcome = autopilot_sync::sync(token)?;
/// print!("{}", outcome.detail().trace()); // 0 ms proxy: ..., 2 ms connect: ..., 14 ms reply: HTTP 204 ...
/// # assert!(outcome.detail().trace().to_string().contains(" ms reply: HTTP 204"));
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace(Vec<TraceEvent>);

impl Trace {
    /// The events, in order.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use autopilot_sync::Topic;
    ///
    /// let outcome = autopilot_sync::sync(token)?;
    /// let replies = outcome.detail().trace().events().iter().filter(|event| event.topic() == Topic::Reply);
    /// assert_eq!(replies.count(), 1);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn events(&self) -> &[TraceEvent] {
        &self.0
    }

    /// Notes what happens so long after the start of the call.
    pub(crate) fn note(&mut self, at: Duration, what: Happening) {
        self.push(TraceEvent { at_ms: u32::try_from(at.as_millis()).unwrap_or(u32::MAX), what });
    }

    /// Takes over the events of a part of the call, which began so long after the call.
    pub(crate) fn append(&mut self, part: Trace, later: Duration) {
        let later = u32::try_from(later.as_millis()).unwrap_or(u32::MAX);
        for TraceEvent { at_ms, what } in part.0 {
            self.push(TraceEvent { at_ms: at_ms.saturating_add(later), what });
        }
    }

    /// What a peer chose to say is made fit for a log, without the token.
    pub(crate) fn cleaned(mut self, token: Token<'_>) -> Trace {
        self.0.iter_mut().for_each(|event| event.what.clean(token));
        self
    }

    /// The step that a connection is in, for an error. An attempt that has failed is none.
    pub(crate) fn step(&self) -> Option<String> {
        let has_failed = |address| {
            self.0
                .iter()
                .any(|event| matches!(&event.what, Happening::NotConnected(failure) if failure.0 == address))
        };
        let is_over = |what: &Happening| match what {
            Happening::NotConnected(_) | Happening::Trust(_) => true,
            Happening::Connecting(address) => has_failed(**address),
            _ => false,
        };
        self.0.iter().rev().map(|event| &event.what).find(|what| !is_over(what)).and_then(Happening::as_step)
    }

    fn push(&mut self, event: TraceEvent) {
        if self.0.len() > MOST_FIRST + MOST_LAST {
            self.leave_out(MOST_FIRST + 1);
        } else if self.0.len() == MOST_FIRST + MOST_LAST {
            self.0.insert(MOST_FIRST, TraceEvent { at_ms: 0, what: Happening::LeftOut(0) });
            self.leave_out(MOST_FIRST + 1);
        }
        self.0.push(event);
    }

    /// Drops the event after the one that counts those that are left out.
    fn leave_out(&mut self, index: usize) {
        let TraceEvent { at_ms, what } = self.0.remove(index);
        let more = if let Happening::LeftOut(more) = what { more } else { 1 };
        let counter = &mut self.0[MOST_FIRST];
        if let Happening::LeftOut(count) = &mut counter.what {
            *count = count.saturating_add(more);
        }
        counter.at_ms = at_ms;
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// One event of a [`Trace`]. `{}` is one line, `{ms} ms {topic}: {text}`, which programs may take apart.
///
/// ```no_run
/// # let token = "a-token";
/// let outcome = autopilot_sync::sync(token)?;
/// let reply = outcome.detail().trace().events().last().expect("a request at least");
/// assert_eq!(reply.to_string(), format!("{} ms reply: {}", reply.at().as_millis(), reply.text()));
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TraceEvent {
    at_ms: u32,
    what: Happening,
}

impl TraceEvent {
    /// When it happened: the time since the start of the call, in whole milliseconds.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// let last = outcome.detail().trace().events().last().expect("a request at least");
    /// println!("the call took {:?}", last.at());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn at(&self) -> Duration {
        Duration::from_millis(self.at_ms.into())
    }

    /// What it is about.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// use autopilot_sync::Topic;
    ///
    /// let outcome = autopilot_sync::sync(token)?;
    /// let last = outcome.detail().trace().events().last().expect("a request at least");
    /// assert_eq!(last.topic(), Topic::Reply);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn topic(&self) -> Topic {
        self.what.topic()
    }

    /// What happened, on one printable line, for people. The words may change between versions.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// let last = outcome.detail().trace().events().last().expect("a request at least");
    /// assert!(last.text().starts_with("HTTP 204"));
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn text(&self) -> String {
        self.what.to_string()
    }
}

impl fmt::Display for TraceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TraceEvent { at_ms, what } = self;
        write!(f, "{at_ms} ms {}: {what}", what.topic())
    }
}

impl fmt::Debug for TraceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn noted(times: impl IntoIterator<Item = u64>) -> Trace {
        let mut trace = Trace::default();
        for ms in times {
            trace.note(Duration::from_millis(ms), Happening::TokenRefused);
        }
        trace
    }

    /// The times of the events, and the text of the one that counts others.
    fn told(trace: &Trace) -> (Vec<u32>, String) {
        let is_counter = |event: &&TraceEvent| event.topic() == Topic::LeftOut;
        let counters: Vec<_> = trace.events().iter().filter(is_counter).map(ToString::to_string).collect();
        let others = trace.events().iter().filter(|event| !is_counter(event));
        (others.map(|event| event.at_ms).collect(), counters.join("; "))
    }

    #[test]
    fn a_trace_keeps_its_beginning_and_its_end() {
        let both = |last: std::ops::Range<u32>| (0..8).chain(last).collect::<Vec<_>>();
        for (count, last, counter) in [
            (0, 0..0, ""),
            (72, 8..72, ""),
            (73, 9..73, "8 ms left-out: 1 event"),
            (74, 10..74, "9 ms left-out: 2 events"),
            (1000, 936..1000, "935 ms left-out: 928 events"),
        ] {
            let first = both(last.clone()).into_iter().filter(|ms| u64::from(*ms) < count);
            assert_eq!(told(&noted(0..count)), (first.collect(), counter.to_owned()), "{count}");
        }
    }

    #[test]
    fn a_part_counts_on_from_its_start() {
        let mut trace = noted([1, 2]);
        trace.append(noted([0, 5]), Duration::from_millis(7));
        assert_eq!(told(&trace), (vec![1, 2, 7, 12], String::new()));
        let mut trace = noted(0..80);
        trace.append(noted(0..80), Duration::from_millis(100));
        let (times, counter) = told(&trace);
        assert_eq!((times.len(), times[7], times[8]), (72, 7, 116));
        assert_eq!(counter, "115 ms left-out: 88 events", "as many as both have left out");
    }

    #[test]
    fn the_step_of_a_connection_is_the_one_that_hangs() {
        use Happening as H;
        let [v6, v4]: [SocketAddr; 2] =
            ["[2001:db8::1]:443", "192.0.2.1:443"].map(|text| text.parse().unwrap());
        let failed = |address| H::NotConnected(Box::new((address, "no route".to_owned())));
        for (events, step) in [
            (vec![], None),
            (vec![H::Connecting(v6.into())], Some("connecting to [2001:db8::1]:443")),
            (
                vec![H::Connecting(v6.into()), H::Connecting(v4.into()), failed(v6)],
                Some("connecting to 192.0.2.1:443"),
            ),
            (
                vec![H::Connecting(v6.into()), H::Connecting(v4.into()), failed(v4)],
                Some("connecting to [2001:db8::1]:443"),
            ),
            (vec![H::Connecting(v4.into()), failed(v4)], None),
            (
                vec![H::Connected(v4.into()), H::Trust("the system's".into())],
                Some("talking to 192.0.2.1:443"),
            ),
            (vec![H::Tunnel("a:443".into())], Some("waiting for the proxy's answer")),
            (vec![H::Tunnel("a:443".into()), H::TunnelAnswer("open".into())], None),
        ] {
            let mut trace = Trace::default();
            events.into_iter().for_each(|what| trace.note(Duration::ZERO, what));
            assert_eq!(trace.step().as_deref(), step, "{trace}");
        }
    }

    #[test]
    fn an_event_is_small_because_a_fleet_has_many() {
        assert!(size_of::<TraceEvent>() <= 32, "{}", size_of::<TraceEvent>());
    }
}
