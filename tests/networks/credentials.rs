//! User and password in a proxy's address reach the proxy as curl sends them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::client::{TOKEN, builder};
use crate::network::{SERVICE, inside};
use crate::program::Program;
use crate::service::{HTTP_PROXY, SOCKS_PROXY};

/// What stands between scheme and host.
const HTTP: [&str; 18] = [
    "user:password",
    "user",
    "user:",
    ":password",
    ":",
    "user:p%40ss%3Aword%2F",
    "user:p:a:ss",
    r"CORP\user:password",
    "CORP%5Cuser:password",
    "user:100%sure",
    "user:50%",
    "user:%zz",
    "user:a^b",
    "user:é",
    "us%C3%A9r:%E9",
    "user:{a|b}`c`\"<d>",
    "user:[x]~!$&'()*+,;=",
    "user:with blank",
];

const SOCKS: [&str; 7] =
    ["user:password", "user:", r"CORP\user:100%sure", "user:a^b", "user:é", "us%C3%A9r:%E9", "user:p:a:ss"];

#[test]
fn an_http_proxy_hears_what_it_hears_from_curl() {
    inside(|_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, HTTP_PROXY)).unwrap();
        alike(&listener, &HTTP.map(|given| format!("http://{given}@127.0.0.1:{HTTP_PROXY}")), |stream| {
            let head = read_head(stream);
            let lines = head.split(|byte| *byte == b'\n');
            let mut lines = lines.map(|line| String::from_utf8_lossy(line).trim().to_owned());
            // A retry could lock the account.
            let _ = stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
            lines.find(|line| line.to_ascii_lowercase().starts_with("proxy-authorization:"))
        });
    });
}

#[test]
fn a_socks_proxy_hears_what_it_hears_from_curl() {
    inside(|_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, SOCKS_PROXY)).unwrap();
        alike(
            &listener,
            &SOCKS.map(|given| format!("socks5h://{given}@127.0.0.1:{SOCKS_PROXY}")),
            |stream| {
                let [_, methods] = read(stream)?;
                stream.read_exact(&mut vec![0; usize::from(methods)]).ok()?;
                stream.write_all(&[5, 2]).ok()?;
                let [_, length] = read(stream)?;
                let mut user = vec![0; usize::from(length)];
                stream.read_exact(&mut user).ok()?;
                let [length] = read(stream)?;
                let mut password = vec![0; usize::from(length)];
                stream.read_exact(&mut password).ok()?;
                let _ = stream.write_all(&[1, 1]);
                Some(format!("{} {}", user.escape_ascii(), password.escape_ascii()))
            },
        );
    });
}

/// Connects through each proxy, with curl and with the library. `hear` is the proxy, and returns what it received.
fn alike(listener: &TcpListener, proxies: &[String], hear: impl Fn(&mut TcpStream) -> Option<String> + Sync) {
    let heard = |ask: &(dyn Fn() + Sync)| {
        thread::scope(|scope| {
            let asking = scope.spawn(ask);
            listener.set_nonblocking(true).expect("a socket can be so");
            let mut heard = Vec::new();
            loop {
                // The bytes that came during the call are still there afterwards.
                let is_over = asking.is_finished();
                match listener.accept() {
                    Ok((mut stream, _)) => {
                        stream.set_nonblocking(false).expect("a socket can be so");
                        heard.push(hear(&mut stream));
                    }
                    Err(_) if is_over => break heard,
                    Err(_) => thread::yield_now(),
                }
            }
        })
    };
    let mut complaints = Vec::new();
    for proxy in proxies {
        let by_curl = heard(&|| ask_by_curl(proxy));
        let by_us = heard(&|| ask_by_library(proxy));
        if by_curl != by_us {
            complaints.push(format!("{proxy}: curl {by_curl:?}, the library {by_us:?}"));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn ask_by_curl(proxy: &str) {
    let mut curl = Program::Curl.command();
    let url = format!("https://{SERVICE}/");
    // It fails, because the proxy refuses everyone.
    curl.args(["--silent", "--proxy", proxy, &url]).output().expect("curl starts");
}

/// No proxy hears from an unusable address.
fn ask_by_library(proxy: &str) {
    if let Ok(options) = builder().proxy(proxy) {
        options.build().expect("sound options").sync(TOKEN).expect_err("the proxy refuses all");
    }
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Some([byte]) = read(stream) else { break };
        head.push(byte);
    }
    head
}

fn read<const N: usize>(stream: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).ok().map(|()| bytes)
}
