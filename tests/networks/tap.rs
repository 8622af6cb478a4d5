//! A tap on the network: the addresses that a call tried, in order.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use socket2::{Domain, Protocol, Socket, Type};

/// The system copies every packet to it when it is sent, before the firewall sees it.
pub(crate) struct Tap(Socket);

/// Packets of every protocol.
const EVERY: u16 = 3;
const TCP: u8 = 6;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

impl Tap {
    pub(crate) fn new() -> Tap {
        let every = Protocol::from(i32::from(EVERY.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(every)).expect("root may tap");
        socket.set_nonblocking(true).expect("a socket can be so");
        Tap(socket)
    }

    /// The addresses of all attempts so far to connect to this port, each attempt once.
    pub(crate) fn tried(mut self, port: u16) -> Vec<IpAddr> {
        let (mut begun, mut packet) = (Vec::new(), [0; 65536]);
        while let Ok(length) = self.0.read(&mut packet) {
            // Loopback shows each packet twice, out and in, and the system resends an unanswered one.
            begun.extend(Begun::read(&packet[..length]).filter(|one| one.to == port && !begun.contains(one)));
        }
        begun.into_iter().map(|one| one.address).collect()
    }
}

/// A connection's first packet.
#[derive(Debug, PartialEq)]
struct Begun {
    address: IpAddr,
    from: u16,
    to: u16,
}

impl Begun {
    fn read(packet: &[u8]) -> Option<Begun> {
        let first = *packet.first()?;
        let (protocol, address, tcp) = match first >> 4 {
            4 => {
                let address: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
                (*packet.get(9)?, Ipv4Addr::from(address).into(), usize::from(first & 15) * 4)
            }
            6 => {
                let address: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
                (*packet.get(6)?, Ipv6Addr::from(address).into(), 40)
            }
            _ => return None,
        };
        let tcp = packet.get(tcp..)?;
        let port = |at: usize| Some(u16::from_be_bytes([*tcp.get(at)?, *tcp.get(at + 1)?]));
        let is_first = protocol == TCP && tcp.get(13)? & (SYN | ACK) == SYN;
        Some(Begun { address, from: port(0)?, to: port(2)? }).filter(|_| is_first)
    }
}
