//! The bytes that peers send.

use serde_json::json;

/// The head of a reply: `403 Forbidden`, then a line for each header.
pub(crate) fn head(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 {}\r\n\r\n", lines.replace('\n', "\r\n")).into_bytes()
}

/// The head of a reply whose body has this length.
pub(crate) fn announcing(lines: &str, length: u64) -> Vec<u8> {
    head(&format!("{lines}\nContent-Length: {length}"))
}

/// A reply with a body of these chunks, right or wrong.
pub(crate) fn chunked(lines: &str, chunks: impl AsRef<[u8]>) -> Vec<u8> {
    [head(&format!("{lines}\nTransfer-Encoding: chunked")), chunks.as_ref().to_vec()].concat()
}

/// Graph's own error.
pub(crate) fn graph(message: &str) -> String {
    let inner = json!({"date": "2026-01-01T00:00:00", "request-id": "r", "client-request-id": "c"});
    json!({"error": {"code": "UnknownError", "message": message, "innerError": inner}}).to_string()
}

/// Intune's error: JSON in Graph's message, with JSON in it.
pub(crate) fn intune(message: &str) -> String {
    let message =
        format!("{message} - Operation ID (for customer support): 0 - Activity ID: 1 - Url: https://fef");
    let envelope = json!({"_version": 3, "Message": message, "CustomApiErrorPhrase": "", "RetryAfter": null,
                          "ErrorSourceService": "", "HttpHeaders": "{}"});
    graph(&json!({"ErrorCode": "Forbidden", "Message": envelope.to_string()}).to_string())
}

/// A page that a proxy or firewall shows to people.
pub(crate) fn page() -> String {
    "<!DOCTYPE html><html><body><h1>Blocked</h1></body></html>".to_owned()
}

/// The settings, with times at these minutes of one hour.
pub(crate) fn settings(status: &str, minute: u32) -> String {
    let time = format!("2026-01-01T10:{minute:02}:00.0000000Z");
    json!({"id": "i", "lastSyncDateTime": time, "lastManualSyncTriggerDateTime": time, "syncStatus": status})
        .to_string()
}

/// A fatal TLS alert, before there are keys.
pub(crate) fn alert(number: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, number]
}

/// A ServerHello with this version and cipher, as before TLS 1.3.
pub(crate) fn server_hello(version: u16, cipher: u16) -> Vec<u8> {
    let hello = [&version.to_be_bytes()[..], &[7; 32], &[0], &cipher.to_be_bytes(), &[0]].concat();
    record(22, &[&[2, 0, 0, hello.len() as u8], &hello[..]].concat())
}

/// A TLS record: 20 change of cipher, 21 alert, 22 handshake, 23 data.
pub(crate) fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

/// A SOCKS5 reply with this code and the bound address 0.0.0.0:0.
pub(crate) fn bound(code: u8) -> [u8; 10] {
    [5, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

/// The contents of alert records after the handshake: close_notify, and a fatal alert.
pub(crate) const GOODBYE: (u8, [u8; 2]) = (21, [1, 0]);
pub(crate) const FATAL: (u8, [u8; 2]) = (21, [2, 80]);

/// A TLS 1.3 session ticket.
pub(crate) fn ticket() -> (u8, Vec<u8>) {
    let (lifetime, age, nonce, name) = ([0, 0, 14, 16], [0, 0, 0, 7], [1, 9], [7; 16]);
    let content = [&lifetime[..], &age, &nonce, &[0, 16], &name, &[0, 0]].concat();
    (22, [&[4, 0, 0, content.len() as u8], &content[..]].concat())
}
