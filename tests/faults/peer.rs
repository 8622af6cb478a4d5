//! The script of a peer: the service, a proxy, or something that only looks like one. [`crate::play`] runs it.

use crate::records::LONGEST;
use crate::reply;
use crate::shown::Shown;

/// A peer: how a client reaches it, and what it does on each of its connections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peer {
    pub(crate) way: Way,
    pub(crate) door: Door,
    pub(crate) connections: Vec<Vec<Act>>,
}

/// The option of the client that leads to the peer. `PORT` stands for the peer's port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    BaseUrl(&'static str),
    Proxy(&'static str),
    /// The proxy, and the endpoint of the machine's identity, which no proxy may see.
    Identity,
    /// Both, for a proxy whose client looks up the service's name itself.
    ProxyTo(&'static str, &'static str),
}

/// Whether a connection is possible at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Door {
    Open,
    /// The system refuses connections.
    Closed,
    /// The system does not react to connections.
    Silent,
}

/// A step of the script. After the last one the peer closes properly, and reads until the client leaves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Reads a head, to the empty line, and the body that it announces.
    Hear,
    /// Reads a head that must come in one piece.
    HearAtOnce,
    /// Reads this many bytes.
    Take(usize),
    Say(Vec<u8>),
    /// Sends this byte by byte.
    Spell(Vec<u8>),
    /// Sends this byte by byte, then repeats the last byte for ever.
    Trickle(Vec<u8>),
    /// Sends this as one TLS record, byte by byte, for minutes.
    Drip(Vec<u8>),
    /// Sends this again and again, as fast as the client reads.
    Flood(Vec<u8>),
    /// Changes the TLS keys, and sends no data.
    Rekey,
    /// Does that again and again.
    RekeyForEver,
    /// Sends nothing until the first of two calls has ended.
    AwaitCalled,
    /// Sends TLS records that the test itself encrypts.
    Send(Flight),
    /// The same in the proxy's TLS, around the service's.
    SendBelow(Flight),
    /// Speaks without TLS, as only this machine's own identity endpoint may.
    Plain,
    /// Makes a TLS handshake as the service.
    Tls(Shown),
    /// Makes a TLS handshake as a proxy.
    TlsOfProxy(Shown),
    /// Sends nothing until the client leaves.
    Stay,
    /// Reads nothing until the case ends.
    Ignore,
    /// Ends TCP without TLS's `close_notify`.
    Vanish,
    Reset,
}

/// TLS records that are sent at once: their kinds and contents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flight {
    pub(crate) records: Vec<(u8, Vec<u8>)>,
    /// How much of the last record is sent.
    pub(crate) part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    Whole,
    Header,
    Half,
    ButTheLastByte,
}

impl Flight {
    pub(crate) fn of(records: impl IntoIterator<Item = (u8, impl AsRef<[u8]>)>) -> Flight {
        let records = records.into_iter().map(|(kind, content)| (kind, content.as_ref().to_vec())).collect();
        Flight { records, part: Part::Whole }
    }

    /// Data in records of the maximum length.
    pub(crate) fn data(content: impl AsRef<[u8]>) -> Flight {
        Flight::of(content.as_ref().chunks(LONGEST).map(|content| (23, content)))
    }

    pub(crate) fn and(mut self, other: Flight) -> Flight {
        self.records.extend(other.records);
        Flight { part: other.part, ..self }
    }

    pub(crate) fn cut(self, part: Part) -> Flight {
        Flight { part, ..self }
    }
}

/// The service, without a proxy, before the first byte.
pub(crate) fn direct() -> Peer {
    Peer { way: Way::BaseUrl("https://localhost:PORT"), door: Door::Open, connections: vec![vec![]] }
}

/// The service, after a handshake with this certificate and a request.
pub(crate) fn tls(shown: Shown) -> Peer {
    direct().shows(shown)
}

/// The service, after a request.
pub(crate) fn service() -> Peer {
    tls(Shown::Valid)
}

/// An HTTP proxy, before the first byte.
pub(crate) fn http_proxy() -> Peer {
    direct().by(Way::Proxy("http://127.0.0.1:PORT"))
}

/// An HTTP proxy, after CONNECT.
pub(crate) fn proxy() -> Peer {
    http_proxy().hears()
}

/// An HTTP proxy, after it has opened the tunnel.
pub(crate) fn tunnel() -> Peer {
    proxy().says("HTTP/1.1 200 OK\r\n\r\n")
}

/// The service by a proxy, after a request.
pub(crate) fn by_tunnel() -> Peer {
    tunnel().serves()
}

/// The endpoint of the machine's identity, before the first byte.
pub(crate) fn machine() -> Peer {
    direct().by(Way::Identity).does(Act::Plain)
}

/// The endpoint of the machine's identity, after a request.
pub(crate) fn identity() -> Peer {
    machine().hears()
}

/// A proxy over TLS, before the first byte.
pub(crate) fn https_proxy() -> Peer {
    direct().by(Way::Proxy("https://localhost:PORT"))
}

/// A SOCKS5 proxy, after the greeting.
pub(crate) fn socks() -> Peer {
    direct().by(Way::Proxy("socks5h://127.0.0.1:PORT")).takes(3)
}

/// A SOCKS5 proxy without authentication, after the request.
pub(crate) fn socks_asked() -> Peer {
    socks().says([5, 0]).takes(4 + 1 + "graph.microsoft.com".len() + 2)
}

/// A SOCKS5 proxy for which the client has a user name and a password.
pub(crate) fn socks_with_password() -> Peer {
    direct().by(Way::Proxy("socks5h://user:hidden@127.0.0.1:PORT")).takes(4)
}

/// No peer: only the system answers at this address.
pub(crate) fn nobody(way: Way, door: Door) -> Peer {
    Peer { way, door, connections: vec![] }
}

impl Peer {
    pub(crate) fn by(self, way: Way) -> Peer {
        Peer { way, ..self }
    }

    pub(crate) fn tls(self, shown: Shown) -> Peer {
        self.does(Act::Tls(shown))
    }

    pub(crate) fn tls_of_proxy(self, shown: Shown) -> Peer {
        self.does(Act::TlsOfProxy(shown))
    }

    /// A TLS handshake, then a request.
    pub(crate) fn shows(self, shown: Shown) -> Peer {
        self.tls(shown).hears()
    }

    pub(crate) fn serves(self) -> Peer {
        self.shows(Shown::Valid)
    }

    pub(crate) fn hears(self) -> Peer {
        self.does(Act::Hear)
    }

    pub(crate) fn hears_at_once(self) -> Peer {
        self.does(Act::HearAtOnce)
    }

    pub(crate) fn takes(self, bytes: usize) -> Peer {
        self.does(Act::Take(bytes))
    }

    pub(crate) fn says(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.does(Act::Say(bytes.as_ref().to_vec()))
    }

    pub(crate) fn heads(self, lines: &str) -> Peer {
        self.says(reply::head(lines))
    }

    /// A head that announces a body of this length.
    pub(crate) fn announces(self, lines: &str, length: u64) -> Peer {
        self.says(reply::announcing(lines, length))
    }

    pub(crate) fn replies(self, lines: &str, body: impl AsRef<[u8]>) -> Peer {
        let body = body.as_ref();
        self.announces(lines, body.len() as u64).says(body)
    }

    /// The service's answer to a trigger.
    pub(crate) fn accepts(self) -> Peer {
        self.heads("204 No Content")
    }

    pub(crate) fn spells(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.does(Act::Spell(bytes.as_ref().to_vec()))
    }

    pub(crate) fn trickles(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.does(Act::Trickle(bytes.as_ref().to_vec()))
    }

    pub(crate) fn drips(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.does(Act::Drip(bytes.as_ref().to_vec()))
    }

    pub(crate) fn floods(self, bytes: impl AsRef<[u8]>) -> Peer {
        self.does(Act::Flood(bytes.as_ref().to_vec()))
    }

    pub(crate) fn rekeys(self) -> Peer {
        self.does(Act::Rekey)
    }

    pub(crate) fn rekeys_for_ever(self) -> Peer {
        self.does(Act::RekeyForEver)
    }

    pub(crate) fn awaits_called(self) -> Peer {
        self.does(Act::AwaitCalled)
    }

    pub(crate) fn sends(self, flight: Flight) -> Peer {
        self.does(Act::Send(flight))
    }

    pub(crate) fn sends_below(self, flight: Flight) -> Peer {
        self.does(Act::SendBelow(flight))
    }

    pub(crate) fn stays(self) -> Peer {
        self.does(Act::Stay)
    }

    pub(crate) fn ignores(self) -> Peer {
        self.does(Act::Ignore)
    }

    pub(crate) fn vanishes(self) -> Peer {
        self.does(Act::Vanish)
    }

    pub(crate) fn resets(self) -> Peer {
        self.does(Act::Reset)
    }

    /// Adds the other peer's connections after these.
    pub(crate) fn then(mut self, other: Peer) -> Peer {
        self.connections.extend(other.connections);
        self
    }

    /// Does the same on this many more connections.
    pub(crate) fn again(mut self, times: usize) -> Peer {
        let last = self.connections.last().expect("a peer with a connection").clone();
        self.connections.extend(vec![last; times]);
        self
    }

    /// The same in place of Microsoft Entra: a proxy leads there, because its name is fixed. None if only a name
    /// would lead to this peer.
    pub(crate) fn in_place_of_entra(mut self) -> Option<Peer> {
        if self.way == Way::BaseUrl("https://localhost:PORT") {
            self.way = http_proxy().way;
            let [tunnel] = tunnel().connections.try_into().expect("it has one connection");
            self.connections.iter_mut().for_each(|acts| drop(acts.splice(..0, tunnel.clone())));
        }
        matches!(self.way, Way::Proxy(proxy) if proxy.starts_with("http")).then_some(self)
    }

    /// Whether it has a step that never lets a call end.
    pub(crate) fn holds(&self) -> bool {
        use Act::*;
        let holds = |act: &Act| matches!(act, Stay | Ignore | Trickle(_) | Drip(_) | Flood(_));
        self.connections.iter().flatten().any(holds)
    }

    fn does(mut self, act: Act) -> Peer {
        self.connections.last_mut().expect("a peer with a connection").push(act);
        self
    }
}
