//! A peer at work: its listener, and a thread for each connection.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::heard::{Heard, Record};
use crate::line::Line;
use crate::peer::{Act, Door, Peer};

pub(crate) struct Play {
    address: SocketAddr,
    record: Arc<Record>,
    house: House,
}

enum House {
    Served(JoinHandle<()>),
    /// Only the system answers: these sockets just hold the port.
    Unserved {
        _socket: Socket,
        _knocking: Vec<TcpStream>,
    },
}

impl Play {
    pub(crate) fn begin(peer: &Peer) -> Play {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let record = Arc::<Record>::default();
        let house = match peer.door {
            Door::Open => {
                socket.listen(16).unwrap();
                let (scripts, record) = (peer.connections.clone(), record.clone());
                House::Served(thread::spawn(move || serve(&socket.into(), scripts, &record)))
            }
            Door::Closed => House::Unserved { _socket: socket, _knocking: vec![] },
            Door::Silent => {
                // Its queue is full, so the system drops new connections.
                socket.listen(0).unwrap();
                let knock = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
                House::Unserved { _socket: socket, _knocking: std::iter::from_fn(knock).take(16).collect() }
            }
        };
        Play { address, record, house }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits, after the first of two calls, until the peer has sent everything before its next turn, and the client's
    /// system has received it.
    pub(crate) fn settle(&self) {
        self.record.has_called();
        self.record.settle();
        while !is_delivered(self.port()) {
            thread::yield_now();
        }
    }

    /// Waits until the client has left a connection.
    pub(crate) fn await_left(&self) {
        self.record.await_left();
    }

    pub(crate) fn await_said(&self, length: usize) {
        self.record.await_said(length);
    }

    /// What the peer received. Call it when the client has gone.
    pub(crate) fn end(self) -> Heard {
        if let House::Served(listener) = self.house {
            self.record.end();
            drop(TcpStream::connect(self.address).expect("it listens until it sees the end"));
            listener.join().expect("no peer panics");
        }
        self.record.take()
    }
}

/// Plays one script on each connection, and closes connections without a script.
fn serve(listener: &TcpListener, scripts: Vec<Vec<Act>>, record: &Arc<Record>) {
    let mut scripts = scripts.into_iter();
    thread::scope(|scope| {
        loop {
            let (tcp, _) = listener.accept().expect("a listener accepts");
            if record.is_over() {
                break;
            }
            record.connects();
            let (script, record) = (scripts.next().unwrap_or_default(), record.clone());
            scope.spawn(move || Line::new(tcp, record).play(&script));
        }
    });
}

/// Whether everything that was sent from this port is acknowledged, or waits unread at the other end. It reads Linux's
/// table: a line has a number, the two addresses, the state, and the numbers of bytes not acknowledged and not read.
fn is_delivered(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("Linux has this table");
    let sockets: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    let queues =
        |socket: &[&str]| socket[4].split_once(':').map(|(sent, unread)| (is_some(sent), is_some(unread)));
    let has_unread = |local: &str, remote: &str| {
        let other = sockets.iter().find(|socket| socket[1] == local && socket[2] == remote);
        other.and_then(|socket| queues(socket)).is_some_and(|(_, unread)| unread)
    };
    let suffix = format!(":{port:04X}");
    let mut of_peer = sockets.iter().filter(|socket| socket[1].ends_with(&suffix) && socket[3] != LISTENS);
    of_peer.all(|socket| {
        let is_waiting = queues(socket).is_some_and(|(sent, _)| sent);
        !is_waiting || has_unread(socket[2], socket[1])
    })
}

/// The state of a listener.
const LISTENS: &str = "0A";

fn is_some(hexadecimal: &str) -> bool {
    hexadecimal.bytes().any(|digit| digit != b'0')
}
