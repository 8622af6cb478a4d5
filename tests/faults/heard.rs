//! What a peer has received, and how far it is in its script.

use std::sync::{Condvar, Mutex, MutexGuard};

/// Who received something: the service, after it has proved its identity, or anybody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ears {
    Service,
    Others,
}

/// What a peer received on all its connections.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) connections: usize,
    /// Inside TLS with the service's own certificate.
    pub(crate) service: Vec<u8>,
    /// On the wire, by a proxy, or inside TLS with a certificate that must not be trusted.
    pub(crate) others: Vec<u8>,
    /// The peer reached the step that never lets the call end.
    pub(crate) has_held: bool,
}

impl Heard {
    /// The requests that reached the service.
    pub(crate) fn requests(&self) -> usize {
        count(&self.service, " HTTP/1.1\r\n")
    }
}

/// How often a text occurs in bytes.
pub(crate) fn count(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

/// The state that the threads of a peer share.
#[derive(Debug, Default)]
pub(crate) struct Record {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    heard: Heard,
    /// Connections on which it is not the client's turn.
    busy: usize,
    /// Bytes that the client, or its system, has taken.
    said: usize,
    /// The first of two calls has ended.
    has_called: bool,
    /// Connections that the client has left.
    left: usize,
    /// The client has gone.
    is_over: bool,
}

impl Record {
    pub(crate) fn add(&self, ears: Ears, bytes: &[u8]) {
        let heard = &mut self.state().heard;
        match ears {
            Ears::Service => heard.service.extend_from_slice(bytes),
            Ears::Others => heard.others.extend_from_slice(bytes),
        }
    }

    pub(crate) fn connects(&self) {
        let mut state = self.state();
        state.heard.connections += 1;
        state.busy += 1;
    }

    /// Notes that it is the client's turn on one connection.
    pub(crate) fn rests(&self) {
        self.state().busy -= 1;
        self.changed.notify_all();
    }

    pub(crate) fn is_busy(&self) {
        self.state().busy += 1;
    }

    /// Waits until it is the client's turn on all connections.
    pub(crate) fn settle(&self) {
        self.wait_while(|state| state.busy > 0);
    }

    pub(crate) fn holds(&self) {
        self.state().heard.has_held = true;
    }

    pub(crate) fn says(&self, length: usize) {
        self.state().said += length;
        self.changed.notify_all();
    }

    /// Waits until the peer has sent this many bytes.
    pub(crate) fn await_said(&self, length: usize) {
        self.wait_while(|state| state.said < length);
    }

    pub(crate) fn has_called(&self) {
        self.state().has_called = true;
        self.changed.notify_all();
    }

    /// Waits until the first of two calls has ended, or the client has gone.
    pub(crate) fn await_called(&self) {
        self.wait_while(|state| !state.has_called && !state.is_over);
    }

    pub(crate) fn leaves(&self) {
        self.state().left += 1;
        self.changed.notify_all();
    }

    /// Waits until the client has left a connection.
    pub(crate) fn await_left(&self) {
        self.wait_while(|state| state.left == 0);
    }

    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state().is_over
    }

    /// Waits until the client has gone.
    pub(crate) fn outlast(&self) {
        self.wait_while(|state| !state.is_over);
    }

    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut self.state().heard)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) {
        let state = self.state();
        drop(self.changed.wait_while(state, |state| condition(state)).expect("no holder panics"));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}
