//! Connects by TCP to the address that answers first: Happy Eyeballs, RFC 8305.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream as Attempt;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::transport::call::{Call, Interrupt};

/// How long an attempt waits for an answer before the next one starts (RFC 8305, section 5).
const DELAY: Duration = Duration::from_millis(250);

const BELL: Token = Token(usize::MAX);

/// Ends a race from another thread.
struct Bell(Waker);

impl Interrupt for Bell {
    fn interrupt(&self) {
        let _ = self.0.wake();
    }
}

/// Connects to the first of these addresses that answers, and closes the other attempts.
///
/// Returns [`ErrorKind::TimedOut`] if the call ends first, and notes an earlier error of an address with the call.
pub(super) fn connect(call: &Call, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let poll = Poll::new()?;
    let bell = Arc::new(Bell(Waker::new(poll.registry(), BELL)?));
    let race = Race { call, poll, running: Vec::new() };
    let over = || Err(ErrorKind::TimedOut.into());
    // Keep `bell` as long as the race: the call drops it when it rings, and a closed eventfd wakes nobody.
    call.block(bell.clone(), |left| race.run(&interleaved(addresses), Instant::now() + left))
        .unwrap_or_else(over)
}

struct Race<'a> {
    call: &'a Call,
    poll: Poll,
    running: Vec<(Token, Attempt)>,
}

impl Race<'_> {
    fn run(mut self, addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
        let mut untried = addresses.iter().enumerate();
        let mut next = Instant::now();
        let mut events = Events::with_capacity(addresses.len() + 1);
        loop {
            let now = Instant::now();
            if now >= next {
                for (index, address) in untried.by_ref() {
                    match self.begin(*address, Token(index)) {
                        Ok(()) => break,
                        Err(error) => self.fails(error),
                    }
                }
                next = now + DELAY;
            }
            if now >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            if self.running.is_empty() && untried.len() == 0 {
                return Err(self.call.take_setback().unwrap_or_else(|| ErrorKind::AddrNotAvailable.into()));
            }
            let until = if untried.len() == 0 { deadline } else { next.min(deadline) };
            match self.poll.poll(&mut events, Some(until.saturating_duration_since(now))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                if event.token() == BELL {
                    return Err(ErrorKind::TimedOut.into());
                }
                match self.answer(event.token()) {
                    None => {}
                    Some(Ok(winner)) => {
                        self.call.note_setback(None);
                        return Ok(winner.into());
                    }
                    Some(Err(error)) => {
                        self.fails(error);
                        next = Instant::now();
                    }
                }
            }
        }
    }

    fn begin(&mut self, address: SocketAddr, token: Token) -> io::Result<()> {
        let mut attempt = Attempt::connect(address)?;
        self.poll.registry().register(&mut attempt, token, Interest::WRITABLE)?;
        self.running.push((token, attempt));
        Ok(())
    }

    /// The result of an attempt, if it has ended.
    fn answer(&mut self, token: Token) -> Option<io::Result<Attempt>> {
        let index = self.running.iter().position(|(own, _)| *own == token)?;
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

    /// Keeps a refusal rather than an unreachable network, because it says more: the host answered.
    fn fails(&self, error: io::Error) {
        let known = self.call.take_setback().filter(|known| known.kind() == ErrorKind::ConnectionRefused);
        self.call.note_setback(Some(known.unwrap_or(error)));
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
    use crate::transport::call::Stop;
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

    /// An address of this machine on which nobody listens.
    fn closed() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap()
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
        }
    }

    #[test]
    fn a_refusal_is_told_whatever_else_failed() {
        let nowhere = SocketAddr::from((Ipv6Addr::from([0xff; 16]), 9));
        for addresses in [vec![closed()], vec![closed(), nowhere], vec![nowhere, closed()]] {
            // Long enough for a refusal. For `nowhere`, some systems report an error and others stay silent.
            let call = Call::new(Duration::from_secs(10));
            let error = connect(&call, &addresses).unwrap_err();
            let told = if error.kind() == ErrorKind::TimedOut { call.take_setback().unwrap() } else { error };
            assert_eq!(told.kind(), ErrorKind::ConnectionRefused);
        }
    }

    #[test]
    fn a_call_that_is_over_connects_to_nobody() {
        let call = Call::new(Duration::from_secs(3600));
        call.cancel();
        assert_eq!(connect(&call, &[closed()]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(call.stopped(), Some(Stop::Cancelled));
    }
}
