//! The sockets, and what is still on its way to a client.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener as Bound, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};

use crate::connection::Connection;
use crate::counts::Counts;
use crate::tenants::Tenants;

const STOP: Token = Token(0);
/// As long as Linux allows by default.
const BACKLOG: i32 = 4096;

pub(crate) struct Server {
    poll: Poll,
    config: Arc<ServerConfig>,
    tenants: Tenants,
    latency: Duration,
    port: u16,
    listeners: HashMap<Token, TcpListener>,
    connections: HashMap<Token, Connection>,
    /// The next listener or connection.
    next: usize,
    /// What is on its way, oldest first.
    late: VecDeque<(Instant, Token, Vec<u8>)>,
    counts: Counts,
    buffer: Vec<u8>,
}

impl Server {
    pub(crate) fn new(config: Arc<ServerConfig>, tenants: Tenants, latency: Duration) -> io::Result<Server> {
        let mut server = Server {
            poll: Poll::new()?,
            config,
            tenants,
            latency,
            port: 0,
            listeners: HashMap::new(),
            connections: HashMap::new(),
            next: STOP.0 + 1,
            late: VecDeque::new(),
            counts: Counts::default(),
            buffer: vec![0; 16 << 10],
        };
        for address in ("localhost", 0).to_socket_addrs()? {
            let bound = bind((address.ip(), server.port).into())?;
            server.port = bound.local_addr()?.port();
            let (token, mut listener) = (server.token(), TcpListener::from_std(bound));
            server.poll.registry().register(&mut listener, token, Interest::READABLE)?;
            server.listeners.insert(token, listener);
        }
        Ok(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Serves until standard input ends.
    pub(crate) fn serve(&mut self) -> io::Result<()> {
        // An event is lost if its waker is gone.
        let waker = Arc::new(Waker::new(self.poll.registry(), STOP)?);
        std::thread::spawn({
            let waker = waker.clone();
            move || {
                let _ = io::stdin().read_to_end(&mut Vec::new());
                waker.wake()
            }
        });
        let mut events = Events::with_capacity(1024);
        loop {
            let next = self.late.front().map(|(due, ..)| due.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, next) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match event.token() {
                    STOP => return Ok(()),
                    token if self.listeners.contains_key(&token) => self.accept(token)?,
                    token => self.exchange(token),
                }
            }
            self.send_due();
        }
    }

    fn accept(&mut self, listener: Token) -> io::Result<()> {
        loop {
            let (mut tcp, _) = match self.listeners[&listener].accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client has left.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                accepted => accepted?,
            };
            tcp.set_nodelay(true)?;
            let token = self.token();
            self.poll.registry().register(&mut tcp, token, Interest::READABLE | Interest::WRITABLE)?;
            let connection = Connection::new(tcp, self.config.clone()).map_err(io::Error::other)?;
            self.connections.insert(token, connection);
            self.counts.opened();
        }
    }

    /// Reads and answers all requests that have come.
    fn exchange(&mut self, token: Token) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let (tenants, counts) = (&mut self.tenants, &mut self.counts);
        let received = connection.receive(&mut self.buffer, |request| {
            let reply = tenants.answer(request);
            counts.replied(reply.status);
            reply
        });
        match received {
            Ok(flight) if self.latency.is_zero() || flight.is_empty() => self.send(token, &flight),
            Ok(flight) => self.late.push_back((Instant::now() + self.latency, token, flight)),
            Err(_) => self.close(token),
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        while self.late.front().is_some_and(|(due, ..)| *due <= now) {
            let (_, token, flight) = self.late.pop_front().expect("there is a first one");
            self.send(token, &flight);
        }
    }

    /// Sends this, and what the socket did not take before.
    fn send(&mut self, token: Token, flight: &[u8]) {
        let sent = self.connections.get_mut(&token).map(|connection| connection.send(flight));
        if sent.is_some_and(|sent| sent.is_err()) {
            self.close(token);
        }
    }

    fn close(&mut self, token: Token) {
        if let Some(mut connection) = self.connections.remove(&token) {
            let _ = self.poll.registry().deregister(connection.tcp());
            self.counts.closed();
        }
    }

    fn token(&mut self) -> Token {
        self.next += 1;
        Token(self.next)
    }
}

fn bind(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
