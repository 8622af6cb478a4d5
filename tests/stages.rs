//! A peer stops or trickles at any stage of a call, and a cancel from another thread ends the call. The fault matrix
//! tests that the deadline ends it too.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Config, Counts, Emulator, Fault, Network, ProxyFault, Step, TlsFault};
use autopilot_sync::{Canceller, Client, ClientBuilder, ErrorKind, Trigger};
use socket2::{Domain, Socket, Type};

const HOUR: Duration = Duration::from_secs(3600);

/// A stage, the peer that stops there, and how to see that a call has reached it.
struct Stage {
    name: &'static str,
    prepare: fn(&Emulator),
    reached: fn(&Counts) -> bool,
    trigger: Trigger,
}

const SLOWLY: Duration = Duration::from_millis(100);

const STAGES: &[Stage] = &[
    Stage {
        name: "a proxy that says nothing",
        prepare: |emulator| emulator.network(|network| network.proxy_fault = Some(ProxyFault::Silent)),
        reached: |counts| counts.connects >= 1,
        trigger: Trigger::NotSent,
    },
    Stage {
        name: "a proxy that trickles its reply",
        prepare: |emulator| emulator.network(|network| network.proxy_fault = Some(ProxyFault::Trickle)),
        reached: |counts| counts.connects >= 1,
        trigger: Trigger::NotSent,
    },
    Stage {
        name: "no handshake",
        prepare: |emulator| emulator.network(|network| network.tls_fault = Some(TlsFault::Silent)),
        reached: |counts| counts.tunnels >= 1,
        trigger: Trigger::NotSent,
    },
    Stage {
        name: "a handshake that trickles",
        prepare: |emulator| emulator.network(|network| network.tls_fault = Some(TlsFault::Trickle)),
        reached: |counts| counts.tunnels >= 1,
        trigger: Trigger::NotSent,
    },
    Stage {
        name: "no answer",
        prepare: |emulator| emulator.script([Step::fault(Fault::Hang)]),
        reached: |counts| counts.requests >= 1,
        trigger: Trigger::MayHaveRun,
    },
    Stage {
        name: "a head that trickles",
        prepare: |emulator| {
            emulator.script([Step::error(500).spoiled(Fault::TrickleHead { bytes: 1, every: SLOWLY })])
        },
        reached: |counts| counts.requests >= 1,
        trigger: Trigger::MayHaveRun,
    },
    Stage {
        name: "half a head",
        prepare: |emulator| emulator.script([Step::error(500).spoiled(Fault::Stall { after: 20 })]),
        reached: |counts| counts.requests >= 1,
        trigger: Trigger::MayHaveRun,
    },
    Stage {
        name: "a body that trickles",
        prepare: |emulator| {
            emulator.script([Step::error(500).spoiled(Fault::TrickleBody { bytes: 1, every: SLOWLY })])
        },
        reached: |counts| counts.requests >= 1,
        trigger: Trigger::MayHaveRun,
    },
];

fn builder(emulator: &Emulator) -> ClientBuilder {
    let builder = Client::builder().ignore_environment().max_retries(0).unwrap();
    builder.proxy(&emulator.proxy_url()).unwrap().ca_file(emulator.ca_file()).unwrap()
}

fn emulator(stage: &Stage) -> Emulator {
    let emulator = Emulator::start(Config { network: Network::default(), ..Config::default() });
    (stage.prepare)(&emulator);
    emulator
}

#[test]
fn a_cancel_ends_a_call_at_every_stage() {
    thread::scope(|scope| {
        for stage in STAGES {
            scope.spawn(move || {
                let (emulator, canceller) = (emulator(stage), Canceller::new());
                let builder = builder(&emulator).timeout(HOUR).unwrap().connect_timeout(HOUR).unwrap();
                let client = builder.build().unwrap().with_canceller(&canceller);
                let call = thread::spawn(move || client.sync("token"));
                assert!(emulator.wait(HOUR, stage.reached), "{}", stage.name);
                canceller.cancel();
                let error = call.join().unwrap().unwrap_err();
                let end = (error.kind(), error.detail().trigger());
                assert_eq!(end, (ErrorKind::Cancelled, stage.trigger), "{}: {error:#}", stage.name);
            });
        }
    });
}

/// A listener whose queue is full, so the system drops new connections.
struct BlackHole {
    _listener: Socket,
    _waiting: Vec<TcpStream>,
    address: SocketAddr,
}

impl BlackHole {
    fn new() -> BlackHole {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let knock = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
        let waiting = std::iter::from_fn(knock).take(16).collect();
        BlackHole { _listener: listener, _waiting: waiting, address }
    }

    /// Whether this process has begun to connect to it (state 02 in Linux's table).
    fn is_knocked_at(&self) -> bool {
        let [a, b, c, d] = [127, 0, 0, 1_u8];
        let remote = format!("{:08X}:{:04X}", u32::from_ne_bytes([a, b, c, d]), self.address.port());
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        table.lines().any(|line| line.split_whitespace().skip(2).take(2).eq([&*remote, "02"]))
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder().ignore_environment().max_retries(0).unwrap();
        builder.proxy(&format!("http://{}", self.address)).unwrap()
    }
}

#[test]
fn a_connect_into_nowhere_ends_at_the_connect_timeout() {
    let hole = BlackHole::new();
    let builder = hole.builder().timeout(HOUR).unwrap().connect_timeout(Duration::from_millis(700)).unwrap();
    let error = builder.build().unwrap().sync("token").unwrap_err();
    assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Timeout, Trigger::NotSent), "{error:#}");
}

#[test]
fn a_cancel_ends_a_connect_into_nowhere() {
    let (hole, canceller) = (BlackHole::new(), Canceller::new());
    let builder = hole.builder().timeout(HOUR).unwrap().connect_timeout(HOUR).unwrap();
    let client = builder.build().unwrap().with_canceller(&canceller);
    let call = thread::spawn(move || client.sync("token"));
    while !hole.is_knocked_at() {
        thread::yield_now();
    }
    canceller.cancel();
    assert_eq!(call.join().unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
}
