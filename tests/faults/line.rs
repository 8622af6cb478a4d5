//! One connection of a peer: TCP, and TLS on top if the script wants it.

use std::io::{self, ErrorKind, Read, Write};
use std::iter;
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::heard::{Ears, Record};
use crate::peer::{Act, Flight};
use crate::records::Records;
use crate::shown::{self, Shown};

/// The pause between two bytes that come one by one.
const PAUSE: Duration = Duration::from_millis(20);

/// If a client neither speaks nor leaves for this long, it hangs. The case then fails instead of hanging too.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Line {
    /// TCP, or TLS over it, or TLS over that.
    top: Box<dyn Lane>,
    tcp: TcpStream,
    record: Arc<Record>,
    /// TLS that is read and written record by record.
    by_hand: bool,
}

/// What a layer needs from the one below.
pub(crate) trait Lane: Read + Write + Send {
    /// Ends the sending side properly.
    fn close(&mut self) -> io::Result<()>;

    /// Changes the keys, and sends no data. Without TLS it does nothing.
    fn rekey(&mut self) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Sends one record, byte by byte. Without TLS it does nothing.
    fn drip(&mut self, _: &[u8]) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// Sends these TLS records at once.
    fn send(&mut self, _: &Flight) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }

    /// The same, in the TLS below this one.
    fn send_below(&mut self, _: &Flight) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl Lane for TcpStream {
    fn close(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Lane for StreamOwned<ServerConnection, Box<dyn Lane>> {
    fn close(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.close()
    }

    fn rekey(&mut self) -> io::Result<()> {
        self.conn.refresh_traffic_keys().map_err(io::Error::other)?;
        self.flush()
    }

    fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut record = Vec::new();
        self.conn.writer().write_all(bytes)?;
        self.conn.write_tls(&mut record)?;
        record.chunks(1).try_for_each(|byte| {
            thread::sleep(PAUSE);
            self.sock.write_all(byte)
        })
    }
}

/// A layer that records what is read through it.
struct Tap<L> {
    lane: L,
    ears: Ears,
    record: Arc<Record>,
}

impl<L: Read> Read for Tap<L> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.lane.read(buffer)?;
        self.record.add(self.ears, &buffer[..length]);
        Ok(length)
    }
}

impl<L: Write> Write for Tap<L> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lane.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lane.flush()
    }
}

impl<L: Lane> Lane for Tap<L> {
    fn close(&mut self) -> io::Result<()> {
        self.lane.close()
    }

    fn rekey(&mut self) -> io::Result<()> {
        self.lane.rekey()
    }

    fn drip(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.lane.drip(bytes)
    }

    fn send(&mut self, flight: &Flight) -> io::Result<()> {
        self.lane.send(flight)
    }

    fn send_below(&mut self, flight: &Flight) -> io::Result<()> {
        self.lane.send_below(flight)
    }
}

impl Line {
    pub(crate) fn new(tcp: TcpStream, record: Arc<Record>) -> Line {
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        tcp.set_write_timeout(Some(PATIENCE)).unwrap();
        let lane = tcp.try_clone().unwrap();
        let top = Box::new(Tap { lane, ears: Ears::Others, record: record.clone() });
        Line { top, tcp, record, by_hand: false }
    }

    /// Does all acts in order, then ends the connection.
    pub(crate) fn play(mut self, script: &[Act]) {
        self.by_hand =
            script.iter().any(|act| matches!(act, Act::HearAtOnce | Act::Send(_) | Act::SendBelow(_)));
        let done = script.iter().try_for_each(|act| self.act(act));
        match script.last() {
            // The client sees how a connection broke.
            _ if done.is_err() => {}
            Some(Act::Reset) => return self.reset(),
            Some(Act::Ignore) => return,
            Some(Act::Vanish) => self.tcp.shutdown(Shutdown::Write).unwrap_or_default(),
            _ => self.top.close().unwrap_or_default(),
        }
        self.record.rests();
        // Closing while there are unread bytes would be a reset.
        let _ = self.read_on();
        self.record.leaves();
    }

    fn act(&mut self, act: &Act) -> io::Result<()> {
        match act {
            Act::Hear => self.waiting(Line::hear),
            Act::HearAtOnce => self.waiting(Line::hear_at_once),
            Act::Take(bytes) => self.waiting(|line| line.top.read_exact(&mut vec![0; *bytes])),
            Act::Say(bytes) => self.say(bytes),
            Act::Spell(bytes) => self.spell(bytes),
            Act::Trickle(bytes) => {
                self.record.holds();
                let last = bytes.last().expect("something trickles");
                self.spell(bytes.iter().chain(iter::repeat(last)))
            }
            Act::Drip(bytes) => {
                self.record.holds();
                self.top.drip(bytes)
            }
            Act::Flood(bytes) => {
                self.record.holds();
                let many = bytes.repeat(16_384 / bytes.len() + 1);
                iter::repeat(many).try_for_each(|many| self.say(&many))
            }
            Act::Rekey => self.top.rekey(),
            Act::RekeyForEver => iter::repeat(()).try_for_each(|()| self.top.rekey()),
            Act::AwaitCalled => {
                self.record.await_called();
                Ok(())
            }
            Act::Send(flight) => self.top.send(flight),
            Act::SendBelow(flight) => self.top.send_below(flight),
            Act::Plain => {
                let (lane, record) = (self.tcp.try_clone()?, self.record.clone());
                self.top = Box::new(Tap { lane, ears: Ears::Service, record });
                Ok(())
            }
            Act::Tls(shown) => {
                let ears = if shown.is_the_service() { Ears::Service } else { Ears::Others };
                self.shake_hands(*shown, ears)
            }
            Act::TlsOfProxy(shown) => self.shake_hands(*shown, Ears::Others),
            Act::Stay => {
                self.record.holds();
                self.waiting(Line::read_on)
            }
            Act::Ignore => {
                self.record.holds();
                self.record.outlast();
                Ok(())
            }
            Act::Vanish | Act::Reset => Ok(()),
        }
    }

    /// Does a step in which it is the client's turn.
    fn waiting<T>(&mut self, step: impl FnOnce(&mut Line) -> io::Result<T>) -> io::Result<T> {
        self.record.rests();
        let result = step(self);
        self.record.is_busy();
        result
    }

    fn hear(&mut self) -> io::Result<()> {
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !is_whole(&request) {
            match self.top.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => request.extend_from_slice(&buffer[..length]),
            }
        }
        Ok(())
    }

    /// Reads a head that must come in one piece.
    fn hear_at_once(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let length = self.top.read(&mut buffer)?;
        if buffer[..length].ends_with(b"\r\n\r\n") {
            return Ok(());
        }
        self.tcp.shutdown(Shutdown::Both)?; // the client is not to wait for more
        Err(ErrorKind::InvalidData.into())
    }

    fn spell<'a>(&mut self, bytes: impl IntoIterator<Item = &'a u8>) -> io::Result<()> {
        bytes.into_iter().try_for_each(|byte| {
            thread::sleep(PAUSE);
            self.say(&[*byte])
        })
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.top.write_all(bytes)?;
        self.top.flush()?;
        self.record.says(bytes.len());
        Ok(())
    }

    fn read_on(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while self.top.read(&mut buffer)? > 0 {}
        Ok(())
    }

    fn shake_hands(&mut self, shown: Shown, ears: Ears) -> io::Result<()> {
        let below = mem::replace(&mut self.top, Box::new(self.tcp.try_clone()?));
        let tls = ServerConnection::new(shown::config(shown)).expect("a server needs no name");
        let record = self.record.clone();
        self.top = if self.by_hand {
            Box::new(Tap { lane: Records::shake_hands(tls, below)?, ears, record })
        } else {
            let mut lane = StreamOwned::new(tls, below);
            lane.conn.complete_io(&mut lane.sock)?;
            Box::new(Tap { lane, ears, record })
        };
        Ok(())
    }

    /// Resets the connection, by dropping both handles of the socket.
    fn reset(self) {
        let Line { top, tcp, record, .. } = self;
        SockRef::from(&tcp).set_linger(Some(Duration::ZERO)).expect("a socket lingers as told");
        drop((top, tcp));
        record.rests();
    }
}

/// Whether these bytes are a request's head and its whole body.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().expect("the client counts"));
    request.len() >= end + 4 + length
}
