//! What all connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use crate::certificate::Authority;
use crate::clock::Clock;
use crate::network::Network;
use crate::parties::Parties;
use crate::record::Record;
use crate::script::Script;

/// The state that all connections share with [`Emulator`](crate::Emulator).
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) authority: Authority,
    pub(crate) record: Record,
    /// Each change ends all open connections.
    pub(crate) closing: watch::Sender<()>,
    parties: Mutex<Parties>,
    script: Mutex<Script>,
    network: Mutex<Network>,
    connections: AtomicU64,
}

impl Shared {
    pub(crate) fn new(clock: Clock, authority: Authority, parties: Parties, network: Network) -> Self {
        Self {
            clock,
            authority,
            record: Record::default(),
            closing: watch::Sender::new(()),
            parties: Mutex::new(parties),
            script: Mutex::default(),
            network: Mutex::new(network),
            connections: AtomicU64::new(0),
        }
    }

    pub(crate) fn parties(&self) -> MutexGuard<'_, Parties> {
        self.parties.lock().expect("no holder panics")
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no holder panics")
    }

    pub(crate) fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().expect("no holder panics")
    }

    /// The number of a connection, counted from 1.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }
}
