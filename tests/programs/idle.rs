//! What an idle connection costs: a C program asks `malloc`.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use autopilot_emulator::{Config, Emulator, Reply, Step};

use crate::program::Program;

const CONNECTIONS: u64 = 32;

/// The heap of an idle connection after such replies to such a token, in KiB.
fn heap_kib(token_length: usize, reply: Step, proxy: fn(&Emulator) -> String) -> usize {
    let emulator = Emulator::start(Config::default());
    // So long that all threads soon call at once.
    emulator.script([reply.after(Duration::from_millis(50)).forever()]);
    let mut command = Program::named("idle.c").plainly_against(&emulator);
    command.arg(CONNECTIONS.to_string()).arg("x".repeat(token_length)).env("HTTPS_PROXY", proxy(&emulator));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    assert!(emulator.wait(Duration::from_secs(3600), |counts| counts.handshakes == CONNECTIONS));
    child.stdin.take().unwrap().write_all(b"x").unwrap();
    let printed = child.wait_with_output().unwrap();
    assert!(printed.status.success() && emulator.counts().handshakes == CONNECTIONS);
    String::from_utf8(printed.stdout).unwrap().trim().parse::<usize>().unwrap() / 1024
}

/// The emulator's certificates are 3 KiB smaller than the service's.
#[test]
fn an_idle_connection_holds_little_memory() {
    let long_head = Reply::new(409).header("request-id", "1").header("X-Long", &"x".repeat(60_000));
    let long_reply = Step::reply(long_head.body("x".repeat(200_000)));
    let (proxy, tls_proxy) = (Emulator::proxy_url as fn(&Emulator) -> String, Emulator::tls_proxy_url);
    for (token_length, reply, proxy, most) in [
        (1_500, Step::service(), proxy, 32),
        (1_500, Step::service(), tls_proxy, 48),
        (60_000, Step::service(), proxy, 32),
        (1_500, long_reply.clone(), proxy, 48),
        (15_000, long_reply, tls_proxy, 80),
    ] {
        let kib = heap_kib(token_length, reply, proxy);
        assert!(kib <= most, "{kib} KiB of {most}, after a token of {token_length} bytes");
    }
}
