//! The proxies in the settings of Windows: the machine's, the user's, and those that a PAC file chooses.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use autopilot_emulator::Emulator;

use super::{compiler, emulator, machine, program};

const ACCEPTED: &str = "0 the service accepted the trigger\n";
const RUNNING: &str = "1 a sync is already running\n";
const DEAD: &str = "127.0.0.1:1";

/// A machine whose settings one test changes at a time.
struct Machine<'a> {
    emulator: &'a Emulator,
    /// Of the emulator.
    proxy: String,
    direct: String,
    _alone: MutexGuard<'static, ()>,
}

impl Machine<'_> {
    fn of(emulator: &Emulator) -> Machine<'_> {
        static ONE: Mutex<()> = Mutex::new(());
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let proxy = emulator.proxy_url().trim_start_matches("http://").to_owned();
        Machine { emulator, proxy, direct: format!("base_url={}", emulator.direct_url()), _alone: alone }
    }

    /// Its own proxy, as netsh sets it.
    fn set(&self, servers: &str, bypass: &str) {
        machine(self.emulator, &["proxy", servers, bypass]);
    }

    fn set_user(&self, pac: &str, servers: &str, bypass: &str) {
        machine(self.emulator, &["user", pac, servers, bypass]);
    }

    /// A program that no variable leads to a proxy.
    fn program(&self, arguments: &[&str]) -> Command {
        self.emulator.clear_requests();
        let mut command = program("call.c").against(self.emulator);
        let ca_file = format!("ca_file={}", self.emulator.ca_file().display());
        command.env_remove("HTTPS_PROXY").args([&ca_file, "max_retries=0"]).args(arguments);
        command
    }

    fn call(&self, arguments: &[&str]) -> String {
        compiler::run(&mut self.program(arguments))
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        self.set("", "");
        self.set_user("", "", "");
    }
}

#[test]
fn the_machines_proxy_is_used_where_no_variable_names_one() {
    let emulator = emulator();
    let machine = Machine::of(&emulator);
    let Machine { proxy, direct, .. } = &machine;
    machine.set(&format!("http=127.0.0.1:1;https={proxy}"), "");
    assert_eq!(machine.call(&[]), ACCEPTED);
    assert_eq!(emulator.connects().len(), 1);

    machine.set(DEAD, "");
    let refused = machine.call(&[direct]);
    assert!(
        refused.starts_with("-2 ") && refused.contains("through the proxy http://127.0.0.1:1"),
        "{refused}"
    );
    assert_eq!(machine.call(&[direct, "ignore_environment="]), RUNNING);
    assert_eq!(compiler::run(&mut program("call.c").against(&emulator)), RUNNING, "HTTPS_PROXY wins");
    machine.set(DEAD, "*.microsoft.com;<local>");
    assert_eq!(machine.call(&[direct]), RUNNING);
    machine.set("ftp://proxy", "");
    let unusable = machine.call(&[]);
    assert!(
        unusable.starts_with("-13 unusable configuration: the proxy of the machine's WinHTTP settings: "),
        "{unusable}"
    );
}

#[test]
fn the_users_static_proxy_is_used_where_the_machine_has_none() {
    let emulator = emulator();
    let machine = Machine::of(&emulator);
    let Machine { proxy, direct, .. } = &machine;
    machine.set_user("", &format!("http=127.0.0.1:1;https={proxy}"), "");
    assert_eq!(machine.call(&[]), ACCEPTED);
    assert_eq!(emulator.connects().len(), 1);

    machine.set_user("", DEAD, "");
    assert!(machine.call(&[direct]).starts_with("-2 "));
    assert_eq!(machine.call(&[direct, "ignore_environment="]), RUNNING);
    machine.set(proxy, "");
    assert_eq!(machine.call(&[]), RUNNING, "the machine's comes first");
    machine.set("", "");
    machine.set_user("", DEAD, "10.*;<local>");
    assert_eq!(machine.call(&[direct]), RUNNING);
    machine.set_user("", "ftp://proxy", "");
    let unusable = machine.call(&[]);
    assert!(
        unusable.starts_with("-13 unusable configuration: the proxy of the user's proxy settings: "),
        "{unusable}"
    );
}

/// What a server of PAC files does with each request.
#[derive(Clone)]
enum Answer {
    Script(String),
    NotFound,
    /// Nothing, until the other end goes away.
    Silence,
}

/// The address of a PAC file on a server of its own, and a message for each request.
fn pac_file(answer: Answer) -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/proxy.pac", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (answer, sender) = (answer.clone(), sender.clone());
            thread::spawn(move || serve(stream.unwrap(), answer, &sender));
        }
    });
    (url, asked)
}

fn serve(mut stream: TcpStream, answer: Answer, asked: &mpsc::Sender<()>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let is_end = |line: std::io::Result<String>| line.map_or(true, |line| line.is_empty());
    while !lines.next().is_none_or(is_end) {}
    let _ = asked.send(());
    let (status, script) = match answer {
        Answer::Script(script) => ("200 OK", script),
        Answer::NotFound => ("404 Not Found", String::new()),
        Answer::Silence => return lines.for_each(drop),
    };
    let kind = "Content-Type: application/x-ns-proxy-autoconfig\r\nConnection: close";
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{kind}\r\nContent-Length: {}\r\n\r\n{script}", script.len());
}

fn choosing(choice: &str) -> Answer {
    Answer::Script(format!("function FindProxyForURL(url, host) {{ {choice} }}"))
}

#[test]
fn the_users_pac_file_chooses_the_proxy() {
    let emulator = emulator();
    let machine = Machine::of(&emulator);
    let Machine { proxy, direct, .. } = &machine;
    let seen = r#"url == "https://graph.microsoft.com/" && host == "graph.microsoft.com""#;
    let script = format!(r#"return {seen} ? "PROXY {proxy}" : "PROXY {DEAD}";"#);
    machine.set_user(&pac_file(choosing(&script)).0, DEAD, "");
    assert_eq!(machine.call(&[]), ACCEPTED);
    assert_eq!(emulator.connects().len(), 1);

    let (url, asked) = pac_file(choosing(&format!(r#"return "PROXY {DEAD}";"#)));
    machine.set_user(&url, proxy, "");
    let refused = machine.call(&[direct]);
    assert!(refused.starts_with("-2 ") && refused.contains(&format!("by the PAC file {url}")), "{refused}");
    assert!(asked.try_recv().is_ok());
    assert_eq!(machine.call(&[direct, "ignore_environment="]), RUNNING);
    assert_eq!(compiler::run(machine.program(&[direct]).env("NO_PROXY", "localhost")), RUNNING);
    machine.set(proxy, "");
    assert_eq!(machine.call(&[]), RUNNING, "the machine's comes first");
    assert!(asked.try_recv().is_err(), "nobody else asks for it");
    machine.set("", "");

    machine.set_user(&pac_file(choosing(r#"return "DIRECT";"#)).0, DEAD, "");
    assert_eq!(machine.call(&[direct]), RUNNING);
}

#[test]
fn a_pac_file_that_fails_is_an_error_and_never_a_direct_connection() {
    let emulator = emulator();
    let machine = Machine::of(&emulator);
    let (absent, broken) = (pac_file(Answer::NotFound).0, pac_file(choosing("return nonsense(;")).0);
    for (url, code, why) in [
        (
            absent,
            "-2 cannot connect",
            "cannot be fetched (WinHTTP error 12167); correct it, or set HTTPS_PROXY",
        ),
        (broken, "-13 unusable configuration", "has an error in its script (WinHTTP error "),
        (format!("http://{DEAD}/proxy.pac"), "-2 cannot connect", "cannot be fetched (WinHTTP error 12167)"),
        (
            pac_file(choosing(r#"throw "up";"#)).0,
            "-13 unusable configuration",
            "has an error in its script (WinHTTP error ",
        ),
    ] {
        machine.set_user(&url, &machine.proxy, "");
        let printed = machine.call(&[&machine.direct]);
        let start = format!("{code}: the PAC file {url} of the user's proxy settings {why}");
        assert!(printed.starts_with(&start), "{printed}");
        assert_eq!(emulator.requests().len() + emulator.connects().len(), 0, "{url}");
    }
}

#[test]
fn a_silent_pac_file_holds_no_call_beyond_its_deadline_or_its_cancel() {
    let emulator = emulator();
    let machine = Machine::of(&emulator);
    let (url, asked) = pac_file(Answer::Silence);
    machine.set_user(&url, &machine.proxy, "");
    let late = machine.call(&["timeout_ms=5000"]);
    assert!(
        late.starts_with("-4 timed out: no connection to graph.microsoft.com:443 by the PAC file "),
        "{late}"
    );
    assert!(late.contains(&format!(", while looking up the proxy in the PAC file {url}")), "{late}");
    asked.recv().unwrap();

    let mut command = machine.program(&["timeout_ms=3600000", "cancel=at the end of the input"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    asked.recv().unwrap();
    drop(child.stdin.take());
    let printed = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(printed.starts_with("-5 "), "{printed}");
}
