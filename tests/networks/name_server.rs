//! The test's own name server at 127.0.0.1. It answers as the test says, and counts the questions.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use crate::network::Network;

pub(crate) struct NameServer {
    state: Arc<Mutex<State>>,
}

struct State {
    answer: fn(Question) -> Answer,
    asked: Vec<Question>,
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Question {
    /// A: IPv4.
    Ipv4,
    /// AAAA: IPv6.
    Ipv6,
    Other,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Silence,
    /// 192.0.2.1.
    Address,
    /// The name is known, but not this kind of address.
    NoAddress,
    /// NXDOMAIN.
    Unknown,
    /// SERVFAIL: try again.
    Failure,
}

impl NameServer {
    /// `options` go into resolv.conf: `timeout:1`, `attempts:1` ...
    pub(crate) fn start(network: &Network, options: &str, answer: fn(Question) -> Answer) -> NameServer {
        network.hosts(&[]);
        network.system_file("resolv.conf", &format!("nameserver 127.0.0.1\noptions {options}\n"));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).expect("the network is the test's own");
        let state = Arc::new(Mutex::new(State { answer, asked: Vec::new() }));
        let server = NameServer { state: state.clone() };
        thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut packet) {
                let query = &packet[..length];
                let question = question(query);
                let mut state = state.lock().expect("no holder panics");
                state.asked.push(question);
                if let Some(reply) = reply(query, (state.answer)(question)) {
                    let _ = socket.send_to(&reply, client);
                }
            }
        });
        server
    }

    /// From now on it answers like this.
    pub(crate) fn answer(&self, answer: fn(Question) -> Answer) {
        self.state().answer = answer;
    }

    /// The number of such questions so far.
    pub(crate) fn asked(&self, question: Question) -> usize {
        self.state().asked.iter().filter(|asked| **asked == question).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

/// The name follows a head of twelve bytes.
const HEAD: usize = 12;

/// The offset after the question: a name's labels, each after its length, then a zero, a type and a class.
fn end(query: &[u8]) -> usize {
    let name = query[HEAD..].iter().position(|byte| *byte == 0).expect("a name ends with a zero");
    HEAD + name + 1 + 4
}

fn question(query: &[u8]) -> Question {
    match query[end(query) - 3] {
        1 => Question::Ipv4,
        28 => Question::Ipv6,
        _ => Question::Other,
    }
}

fn reply(query: &[u8], answer: Answer) -> Option<Vec<u8>> {
    let (code, answers) = match answer {
        Answer::Silence => return None,
        Answer::Address => (0, 1),
        Answer::NoAddress => (0, 0),
        Answer::Failure => (2, 0),
        Answer::Unknown => (3, 0),
    };
    let mut reply = query[..2].to_vec();
    // Flags: a reply, with recursion desired and available. Then the count of questions, one.
    reply.extend([0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
    reply.extend(&query[HEAD..end(query)]);
    if answers == 1 {
        // The question's name, A, IN, one minute, four bytes.
        reply.extend([0xc0, HEAD as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    }
    Some(reply)
}
