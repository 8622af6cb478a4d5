//! A TCP socket that blocks until a deadline at most, and the trait of the layers over it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::transport::call::Interrupt;

/// The shortest timeout. The system does not accept zero.
#[cfg(not(windows))]
const SHORTEST: Duration = Duration::from_millis(1);

/// The most bytes that a reader gets without waiting: more than a server's session tickets. It ends the check of an
/// idle connection whose peer never stops sending.
const MOST_WITHOUT_WAITING: usize = 64 * 1024;

/// Above this, round timeouts down to whole seconds, so that most steps need no system call to set one.
#[cfg(not(windows))]
const LONG: Duration = Duration::from_secs(10);

/// A socket, or TLS over one.
pub(crate) trait Stream: Read + Write + Send + Sync {
    /// The socket below all layers.
    fn socket(&mut self) -> &mut Socket;

    /// Whether no layer holds unread bytes.
    fn is_drained(&self) -> bool;
}

/// A connected socket. Its reads and writes block until its deadline, or not at all.
pub(crate) struct Socket {
    tcp: Arc<TcpStream>,
    deadline: Option<Instant>,
    /// Whether reads and writes block.
    waits: bool,
    /// How many more bytes reads may return while they do not block.
    budget: usize,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// Shuts the socket down: a blocked read or write ends.
impl Interrupt for TcpStream {
    fn interrupt(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Socket {
    pub(super) fn new(tcp: TcpStream) -> io::Result<Socket> {
        tcp.set_nonblocking(false)?;
        tcp.set_nodelay(true)?;
        let tcp = Arc::new(tcp);
        Ok(Socket { tcp, deadline: None, waits: true, budget: 0, read_timeout: None, write_timeout: None })
    }

    pub(super) fn tcp(&self) -> Arc<TcpStream> {
        self.tcp.clone()
    }

    /// Sets the deadline of all following reads and writes together.
    pub(super) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// If it does not wait, a read that finds nothing returns [`ErrorKind::WouldBlock`] at once.
    pub(super) fn set_waiting(&mut self, waits: bool) -> io::Result<()> {
        self.tcp.set_nonblocking(!waits)?;
        self.waits = waits;
        self.budget = MOST_WITHOUT_WAITING;
        Ok(())
    }

    fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Repeats a step until it is done or the deadline passes. Each try gets a timeout.
    fn retry<T>(&mut self, mut step: impl FnMut(&mut Socket, Duration) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = self.time_left();
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match step(self, step_timeout(left)) {
                Err(error) if is_early(&error) => {}
                result => return result,
            }
        }
    }
}

/// Whether the system's timeout or a signal ended a step before the deadline. Not Windows' timeout, because the state
/// of a socket is undefined after it.
fn is_early(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// A little more than the time left, because Windows' clock is coarse and the only try must reach the deadline.
#[cfg(windows)]
fn step_timeout(left: Duration) -> Duration {
    left + Duration::from_millis(16)
}

/// Less than the time left, because Linux rounds a timeout up by as much as an eighth.
#[cfg(not(windows))]
fn step_timeout(left: Duration) -> Duration {
    match left - left / 8 {
        long if long > LONG => Duration::from_secs(long.as_secs()),
        short => short.max(SHORTEST),
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.waits {
            let amount = (&*self.tcp).read(buffer)?;
            self.budget = self.budget.checked_sub(amount).ok_or(ErrorKind::InvalidData)?;
            return Ok(amount);
        }
        self.retry(|socket, timeout| {
            if socket.read_timeout != Some(timeout) {
                socket.tcp.set_read_timeout(Some(timeout))?;
                socket.read_timeout = Some(timeout);
            }
            (&*socket.tcp).read(buffer)
        })
    }
}

impl Write for Socket {
    /// No vectored writes, because std makes them with a system call that raises SIGPIPE.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.waits {
            return (&*self.tcp).write(bytes);
        }
        self.retry(|socket, timeout| {
            if socket.write_timeout != Some(timeout) {
                socket.tcp.set_write_timeout(Some(timeout))?;
                socket.write_timeout = Some(timeout);
            }
            (&*socket.tcp).write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn socket(&mut self) -> &mut Socket {
        self
    }

    fn is_drained(&self) -> bool {
        true
    }
}

impl Stream for Box<dyn Stream> {
    fn socket(&mut self) -> &mut Socket {
        (**self).socket()
    }

    fn is_drained(&self) -> bool {
        (**self).is_drained()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Socket::new(ours).unwrap(), listener.accept().unwrap().0)
    }

    #[cfg(not(windows))]
    #[test]
    fn a_timeout_is_less_than_the_time_left_and_in_whole_seconds_if_it_is_long() {
        for (left, expected) in
            [(1, 1), (800, 700), (8_000, 7_000), (30_000, 26_000), (86_400_000, 75_600_000)]
        {
            assert_eq!(step_timeout(Duration::from_millis(left)), Duration::from_millis(expected));
        }
    }

    #[test]
    fn a_read_waits_until_the_deadline_and_no_longer() {
        let (mut socket, _peer) = pair();
        let deadline = Instant::now() + Duration::from_millis(200);
        socket.set_deadline(deadline);
        let error = socket.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
        assert_eq!(socket.write(b"x").unwrap_err().kind(), ErrorKind::TimedOut, "the deadline has passed");
    }

    #[test]
    fn a_read_that_does_not_wait_says_that_nothing_has_come() {
        let (mut socket, peer) = pair();
        socket.set_waiting(false).unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(peer);
        socket.set_waiting(true).unwrap();
        socket.set_deadline(Instant::now() + Duration::from_secs(60));
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn a_peer_that_sends_on_and_on_does_not_hold_a_read_that_does_not_wait() {
        let (mut socket, mut peer) = pair();
        let sender = std::thread::spawn(move || while peer.write_all(&[0; 4096]).is_ok() {});
        socket.set_waiting(false).unwrap();
        let end = loop {
            match socket.read(&mut [0; 4096]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => break error.kind(),
                Ok(_) => {}
            }
        };
        assert_eq!(end, ErrorKind::InvalidData);
        drop(socket);
        sender.join().unwrap();
    }

    /// Wine ends the read only when the peer closes, as a real one does.
    #[cfg(not(windows))]
    #[test]
    fn an_interrupt_ends_a_read() {
        let (mut socket, _peer) = pair();
        socket.set_deadline(Instant::now() + Duration::from_secs(3600));
        let tcp = socket.tcp();
        let other = std::thread::spawn(move || tcp.interrupt());
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
        other.join().unwrap();
    }
}
