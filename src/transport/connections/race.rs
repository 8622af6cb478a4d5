//! Connects by TCP to the address that answers first (Happy Eyeballs, RFC 8305).

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream as Attempt;
use mio::{Events, Interest, Poll, Token as EventId, Waker};

use crate::outcome::Happening;
use crate::transport::call::{Call, Interrupt};
use crate::transport::connect_error::ConnectError;
use crate::transport::shortage;

/// How long an attempt waits for an answer before the next one starts (RFC 8305, section 5).
const DELAY: Duration = Duration::from_millis(250);

/// The event of an interrupt. The other ids are indices of addresses.
const INTERRUPT: EventId = EventId(usize::MAX);

impl Interrupt for Waker {
    fn interrupt(&self) {
        let _ = self.wake();
    }
}

/// Connects to the first of these addresses that answers, and closes the other attempts.
///
/// Returns [`ConnectError::TimedOut`] if the call ends first. The call then has the error of an address that failed.
pub(super) fn connect(call: &Call, addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), INTERRUPT)?);
    let addresses = interleaved(addresses);
    let race = Race { call, poll, addresses: &addresses, running: Vec::new() };
    // Keep `waker` as long as the race. A cancel drops the call's reference, and a closed eventfd wakes nobody.
    call.block(waker.clone(), |deadline| race.run(deadline)).unwrap_or(Err(ConnectError::TimedOut(None)))
}

struct Race<'a> {
    call: &'a Call,
    poll: Poll,
    addresses: &'a [SocketAddr],
    running: Vec<(EventId, Attempt)>,
}

impl Race<'_> {
    fn run(mut self, deadline: Instant) -> Result<TcpStream, ConnectError> {
        let mut untried = 0..self.addresses.len();
        let mut next_start = Instant::now();
        let mut events = Events::with_capacity(self.addresses.len() + 1);
        loop {
            let now = Instant::now();
            if now >= next_start {
                self.start_next(&mut untried);
                next_start = now + DELAY;
            }
            if now >= deadline {
                return Err(ConnectError::TimedOut(None));
            }
            if self.running.is_empty() && untried.is_empty() {
                return Err(match self.call.take_connect_error() {
                    Some((address, error)) => ConnectError::NoAnswer(address, error),
                    None => io::Error::from(ErrorKind::AddrNotAvailable).into(),
                });
            }
            let until = if untried.is_empty() { deadline } else { next_start.min(deadline) };
            match self.poll.poll(&mut events, Some(until.saturating_duration_since(now))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                if event.token() == INTERRUPT {
                    return Err(ConnectError::TimedOut(None));
                }
                let EventId(index) = event.token();
                match self.result(event.token()) {
                    None => {}
                    Some(Ok(winner)) => {
                        self.call.note(Happening::Connected(Box::new(self.addresses[index])));
                        self.call.set_connect_error(None);
                        return Ok(winner.into());
                    }
                    Some(Err(error)) => {
                        self.note(index, error);
                        next_start = Instant::now();
                    }
                }
            }
        }
    }

    /// Starts an attempt with the next address. Skips those that fail at once.
    fn start_next(&mut self, untried: &mut impl Iterator<Item = usize>) {
        for index in untried {
            match self.start(index) {
                Ok(()) => break,
                Err(error) => self.note(index, error),
            }
        }
    }

    fn start(&mut self, index: usize) -> io::Result<()> {
        let (address, id) = (self.addresses[index], EventId(index));
        self.call.note(Happening::Connecting(Box::new(address)));
        let mut attempt = Attempt::connect(address)?;
        self.poll.registry().register(&mut attempt, id, Interest::WRITABLE)?;
        self.running.push((id, attempt));
        Ok(())
    }

    /// The result of an attempt, if it has ended.
    fn result(&mut self, id: EventId) -> Option<io::Result<Attempt>> {
        let index = self.running.iter().position(|(own, _)| *own == id)?;
        let attempt = &self.running[index].1;
        let error = match (attempt.take_error(), attempt.peer_addr()) {
            (Ok(Some(error)), _) | (Err(error), _) => Some(error),
            (Ok(None), Ok(_)) => None,
            (Ok(None), Err(error)) if error.kind() == ErrorKind::NotConnected => return None,
            (Ok(None), Err(error)) => Some(error),
        };
        let (_, attempt) = self.running.swap_remove(index);
        Some(error.map_or(Ok(attempt), Err))
    }

    /// Keeps the error that says most, and of two alike the last.
    fn note(&self, index: usize, error: io::Error) {
        let address = self.addresses[index];
        self.call.note(Happening::NotConnected(Box::new((address, error.to_string()))));
        let earlier = self.call.take_connect_error();
        let kept = earlier.filter(|(_, earlier)| weight(earlier) > weight(&error));
        self.call.set_connect_error(Some(kept.unwrap_or((address, error))));
    }
}

/// How much an error says. A refusal: the host answered. A shortage: this machine kept an address from being tried.
fn weight(error: &io::Error) -> u8 {
    match error.kind() {
        _ if shortage::is_of_descriptors(error) => 2,
        ErrorKind::ConnectionRefused => 1,
        _ => 0,
    }
}

/// The system's order, but with the families in turns, so that a dead one delays the other only once.
pub(super) fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_family = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_family);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let turns = std::iter::from_fn(|| Some([first.next(), second.next()]));
    turns.take(addresses.len()).flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::call::Aborted;
    use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 443)
    }

    #[test]
    fn the_families_take_turns_in_the_systems_order() {
        for (system, expected) in [
            (&[][..], &[][..]),
            (&["192.0.2.1"], &["192.0.2.1"]),
            (&["2001:db8::1", "2001:db8::2"], &["2001:db8::1", "2001:db8::2"]),
            (
                &["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"],
                &["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"],
            ),
            (&["192.0.2.1", "2001:db8::1", "192.0.2.2"], &["192.0.2.1", "2001:db8::1", "192.0.2.2"]),
        ] {
            let system: Vec<_> = system.iter().map(|text| address(text)).collect();
            let expected: Vec<_> = expected.iter().map(|text| address(text)).collect();
            assert_eq!(interleaved(&system), expected);
        }
    }

    /// An address of this machine on which nobody listens: no program is given this port.
    fn closed() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 1))
    }

    #[test]
    fn the_first_address_that_answers_wins() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let open = listener.local_addr().unwrap();
        let nowhere = SocketAddr::from((Ipv6Addr::from([0xff; 16]), 9)); // a multicast group: no TCP
        let call = Call::new(Duration::from_secs(3600));
        for addresses in [vec![open], vec![closed(), open], vec![nowhere, closed(), open, closed()]] {
            let connected = connect(&call, &addresses).unwrap();
            assert_eq!(connected.peer_addr().unwrap(), open);
            let (trace, _) = call.take_trace();
            let told: Vec<_> = trace.events().iter().map(ToString::to_string).collect();
            assert!(told.first().unwrap().contains(&format!(" ms connect: to {}", addresses[0])), "{told:?}");
            assert!(told.last().unwrap().ends_with(&format!(" ms connect: {open} answers")), "{told:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_whatever_else_failed() {
        let nowhere = SocketAddr::from((Ipv6Addr::from([0xff; 16]), 9));
        for addresses in [vec![closed()], vec![closed(), nowhere], vec![nowhere, closed()]] {
            // Long enough for a refusal. For `nowhere`, some systems report an error and others stay silent.
            let call = Call::new(Duration::from_secs(10));
            let (address, error) = match connect(&call, &addresses).unwrap_err() {
                ConnectError::NoAnswer(address, error) => (address, error),
                error => call.take_connect_error().unwrap_or_else(|| panic!("{error}")),
            };
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(address != nowhere && addresses.contains(&address));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_error_that_says_most_is_kept() {
        let by_weight =
            [libc::EMFILE, libc::ECONNREFUSED, libc::ENETUNREACH].map(io::Error::from_raw_os_error);
        assert!(by_weight.windows(2).all(|pair| weight(&pair[0]) > weight(&pair[1])));
    }

    #[test]
    fn a_call_that_is_over_connects_to_nobody() {
        let call = Call::new(Duration::from_secs(3600));
        call.cancel();
        assert!(matches!(connect(&call, &[closed()]), Err(ConnectError::TimedOut(None))));
        assert_eq!(call.aborted(), Some(Aborted::Cancelled));
    }
}
