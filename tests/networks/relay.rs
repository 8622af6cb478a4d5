//! Relays connections to one port, at any address, to another port on loopback.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub(crate) struct Relay {
    connections: Arc<AtomicUsize>,
}

impl Relay {
    /// `pause` delays the first byte to the server, so that the server seems slow.
    pub(crate) fn start(from: u16, to: u16, pause: Duration) -> Relay {
        let listener =
            TcpListener::bind((Ipv6Addr::UNSPECIFIED, from)).expect("the network is the test's own");
        let connections = Arc::<AtomicUsize>::default();
        let count = connections.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || relay(&client, to, pause));
            }
        });
        Relay { connections }
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Copies in both directions. If one side closes, the other notices.
fn relay(client: &TcpStream, to: u16, pause: Duration) -> Option<()> {
    thread::sleep(pause);
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).ok()?;
    thread::scope(|scope| {
        scope.spawn(|| pass_on(client, &server));
        pass_on(&server, client);
    });
    Some(())
}

fn pass_on(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
