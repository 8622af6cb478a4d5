//! The program, run as its users run it.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

mod client;

fn emulator() -> Command {
    Command::new(env!("CARGO_BIN_EXE_autopilot-emulator"))
}

fn run(options: &[&str], script: &str) -> Output {
    emulator().arg("run").args(options).args(["--", "sh", "-c", script]).output().expect("it runs")
}

#[test]
fn it_ends_as_the_command_does() {
    assert_eq!(run(&[], "exit 7").status.code(), Some(7));
    assert_eq!(run(&[], "kill -9 $$").status.code(), Some(137));
    let missing = emulator().args(["run", "--", "/nonexistent"]).output().expect("it runs");
    assert_eq!(missing.status.code(), Some(127));
    assert_eq!(
        emulator().args(["run", "--window", "soon", "--", "true"]).output().expect("it runs").status.code(),
        Some(2)
    );
}

#[test]
fn a_time_that_nobody_means_is_refused() {
    for option in
        ["--window", "--last-sync", "--own-sync", "--clock-offset", "--token=t:lifetime", "--trickle-pause"]
    {
        let output = run(&[&format!("{option}=400000y")], "true");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(
            output.status.code() == Some(2) && said.contains("longer than 100 years"),
            "{option}: {said}"
        );
    }
}

#[test]
fn the_command_sees_two_variables_and_none_against_them() {
    let mut command = emulator();
    for name in ["no_proxy", "NO_PROXY", "ALL_PROXY", "https_proxy", "SSL_CERT_DIR", "CURL_CA_BUNDLE"] {
        command.env(name, "wrong");
    }
    let output =
        command.args(["run", "--", "sh", "-c", "cat $SSL_CERT_FILE; env"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"), "{text}");
    assert!(text.contains("\nHTTPS_PROXY=http://127.0.0.1:") && !text.contains("wrong"), "{text}");
}

#[test]
fn the_command_is_told_of_the_machine_and_of_no_other() {
    let mut command = emulator();
    for name in ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"] {
        command.env(name, "wrong");
    }
    let output = command.args(["run", "--managed-identity=imds", "--", "env"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("\nAZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:"), "{text}");
    assert!(!text.contains("wrong"), "{text}");
}

#[test]
fn a_certificate_file_that_is_none_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let output = run(&["--client-certificate", file.path().to_str().expect("text")], "true");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_script_file_and_a_log_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("script.json");
    std::fs::write(&script, r#"[{"answer": {"error": 503}}]"#).expect("written");
    let output = run(&["--script", script.to_str().expect("text")], "true");
    assert_eq!(output.status.code(), Some(0));
    std::fs::write(&script, r#"[{"answer": {"eror": 503}}]"#).expect("written");
    let output = run(&["--script", script.to_str().expect("text")], "true");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).expect("text").contains("unknown variant `eror`"));
}

/// A program that serves. It ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// Reads lines until `export NAME='value'`, and returns the value.
fn exported(lines: &mut impl BufRead, name: &str) -> String {
    let start = format!("export {name}='");
    let mut line = String::new();
    while lines.read_line(&mut line).expect("text") > 0 {
        if let Some(value) = line.trim_end().strip_prefix(&start) {
            return value.trim_end_matches('\'').to_owned();
        }
        line.clear();
    }
    panic!("no {name} was printed");
}

#[test]
fn it_serves_until_it_is_told_to_end() {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["-TERM", "-INT"] {
        let file = directory.path().join("env");
        let child = emulator().args(["serve", "--write-env"]).arg(&file).stdout(Stdio::piped()).spawn();
        let mut served = Served(child.expect("it runs"));
        let mut lines = BufReader::new(served.0.stdout.take().expect("piped"));
        let ca = exported(&mut lines, "SSL_CERT_FILE");
        // Printed before the file is written.
        while !file.exists() {
            std::thread::yield_now();
        }
        let written = std::fs::read_to_string(&file).expect("written whole");
        assert!(
            written.contains(&ca) && written.contains("\nexport HTTPS_PROXY='http://127.0.0.1:"),
            "{written}"
        );
        signal(&served.0, name);
        assert_eq!(served.0.wait().expect("it ends").code(), Some(0));
        assert!(!file.exists() && !std::path::Path::new(&ca).exists());
    }
}

#[test]
fn a_command_is_ended_with_the_program() {
    let mut child = emulator()
        .args(["run", "--", "sh", "-c", "echo ready; exec sleep 1000"])
        .stdout(Stdio::piped())
        .spawn()
        .map(Served)
        .expect("it runs");
    let mut lines = BufReader::new(child.0.stdout.take().expect("piped"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("text");
    assert_eq!(line, "ready\n");
    signal(&child.0, "-TERM");
    let status = child.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(143));
    // The command held the other end of the pipe.
    assert_eq!(lines.read_line(&mut line).expect("text"), 0);
}

#[test]
fn its_lines_lead_a_shell_to_it_whatever_its_environment_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("env");
    let mut command = emulator();
    command.args(["serve", "--direct=127.0.0.1:0", "--write-env"]).arg(&file).stdout(Stdio::null());
    let _served = Served(command.spawn().expect("it runs"));
    while !file.exists() {
        std::thread::yield_now();
    }
    let mut shell = Command::new("sh");
    for name in ["no_proxy", "NO_PROXY", "ALL_PROXY", "https_proxy", "SSL_CERT_DIR", "CURL_CA_BUNDLE"] {
        shell.env(name, "wrong");
    }
    let output = shell.args(["-ec", ". \"$0\"; env"]).arg(&file).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("HTTPS_PROXY=http://127.0.0.1:") && !text.contains("wrong"), "{text}");
}

fn ask(url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let text = exchange(url, method, path, body);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}

/// A whole reply of the control endpoint.
fn exchange(url: &str, method: &str, path: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").expect("an HTTP URL");
    let mut tcp = TcpStream::connect(address).expect("the endpoint listens");
    write!(
        tcp,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut text = String::new();
    tcp.read_to_string(&mut text).expect("a reply");
    text
}

#[test]
fn the_control_endpoint_does_what_the_handle_does() {
    let child =
        emulator().args(["serve", "--control=127.0.0.1:0", "--speed=0"]).stdout(Stdio::piped()).spawn();
    let mut served = Served(child.expect("it runs"));
    let mut lines = BufReader::new(served.0.stdout.take().expect("piped"));
    let url = exported(&mut lines, "AUTOPILOT_EMULATOR");
    let (_, before) = ask(&url, "GET", "/time", "");
    let (status, health) = ask(&url, "GET", "/health", "");
    let health: serde_json::Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!((status, &health["status"], &health["time"]), (200, &"ok".into(), &before.as_str().into()));
    let (status, after) = ask(&url, "POST", "/advance", "10m\n");
    assert_eq!(status, 200);
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).expect("a time");
    assert_eq!(time(&after) - time(&before), chrono::TimeDelta::minutes(10));
    assert_eq!(ask(&url, "GET", "/time", "").1, after, "it stands still");
    assert_eq!(ask(&url, "POST", "/advance", "soon").0, 400);
    assert_eq!(ask(&url, "POST", "/advance", "400000y").0, 400);
    assert_eq!(
        ask(&url, "POST", "/script", r#"[{"answer": {"error": 503}, "times": 2}]"#),
        (200, "1".to_owned())
    );
    assert_eq!(ask(&url, "POST", "/script", "{}").0, 400);
    assert_eq!(ask(&url, "DELETE", "/script", "").1, "0");
    assert_eq!(ask(&url, "POST", "/own-sync", "").1, "true");
    assert_eq!(ask(&url, "POST", "/own-sync", "").1, "false");
    assert_eq!(ask(&url, "GET", "/requests", ""), (200, "[]".to_owned()));
    assert_eq!(ask(&url, "DELETE", "/requests", "").0, 200);
    assert_eq!(ask(&url, "POST", "/close-connections", "").0, 200);
    let elsewhere = ask(&url, "GET", "/elsewhere", "");
    assert!(elsewhere.0 == 404 && elsewhere.1.contains("DELETE /requests, GET /time"), "{elsewhere:?}");
    assert_eq!(ask(&url, "GET", "/script", ""), (405, "none of: POST, DELETE\n".to_owned()));
    let reply = exchange(&url, "PUT", "/requests", "");
    assert!(reply.contains("\r\nallow: GET, DELETE\r\n"), "{reply}");
}
