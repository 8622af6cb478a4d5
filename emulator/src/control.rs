//! The control endpoint: what [`Emulator`](crate::Emulator) can do, over plain HTTP, for tests in other languages.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::own_page::health;
use crate::script::Step;
use crate::shared::Shared;
use crate::time;
use crate::token::DEFAULT_TENANT;

const LONGEST_BODY: usize = 16 << 20;

/// Serves the endpoint, and never returns.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((tcp, _)) = listener.accept().await else {
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&shared, request));
            // A client may leave early.
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
        });
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, LONGEST_BODY).collect().await;
    let body = body.map(|collected| collected.to_bytes()).unwrap_or_default();
    let here: Vec<_> = ACTIONS.iter().filter(|(_, path, _)| *path == parts.uri.path()).collect();
    let allowed = here.iter().map(|(method, ..)| *method).collect::<Vec<_>>().join(", ");
    let (status, text) = match here.iter().find(|(method, ..)| *method == parts.method.as_str()) {
        Some((_, _, action)) => {
            action(shared, &body).map_or_else(|text| (400, text + "\n"), |text| (200, text))
        }
        None if here.is_empty() => (404, format!("none of: {}\n", all_actions())),
        None => (405, format!("none of: {allowed}\n")),
    };
    let response = Response::builder().status(status);
    let response = if status == 405 { response.header("Allow", allowed) } else { response };
    Ok(response.body(Full::from(text)).expect("the status and the header are right"))
}

/// What a request does: returns the body of the reply, or says what is wrong with its own.
type Action = fn(&Shared, &[u8]) -> Result<String, String>;

const ACTIONS: [(&str, &str, Action); 10] = [
    ("GET", "/health", |shared, _| Ok(health(shared))),
    ("POST", "/advance", advance),
    ("POST", "/script", extend_script),
    ("DELETE", "/script", clear_script),
    ("POST", "/own-sync", start_own_sync),
    ("POST", "/revoke-tokens", revoke_tokens),
    ("POST", "/close-connections", close_connections),
    ("GET", "/requests", requests),
    ("DELETE", "/requests", clear_requests),
    ("GET", "/time", time_now),
];

fn all_actions() -> String {
    ACTIONS.map(|(method, path, _)| format!("{method} {path}")).join(", ")
}

fn advance(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    shared.clock.advance(time::parse(text.trim())?);
    time_now(shared, b"")
}

fn time_now(shared: &Shared, _: &[u8]) -> Result<String, String> {
    Ok(shared.clock.now().to_rfc3339())
}

fn extend_script(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let steps: Vec<Step> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    shared.script().extend(steps);
    Ok(shared.script().len().to_string())
}

fn clear_script(shared: &Shared, _: &[u8]) -> Result<String, String> {
    shared.script().clear();
    Ok("0".to_owned())
}

fn start_own_sync(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let name = std::str::from_utf8(body).map_err(|error| error.to_string())?.trim();
    let name = if name.is_empty() { DEFAULT_TENANT } else { name };
    Ok(shared.parties().graph.tenant(name).own_sync(shared.clock.now()).to_string())
}

fn revoke_tokens(shared: &Shared, _: &[u8]) -> Result<String, String> {
    shared.parties().revoke_tokens();
    Ok(String::new())
}

fn close_connections(shared: &Shared, _: &[u8]) -> Result<String, String> {
    shared.closing.send_replace(());
    Ok(String::new())
}

fn requests(shared: &Shared, _: &[u8]) -> Result<String, String> {
    serde_json::to_string(&shared.record.requests()).map_err(|error| error.to_string())
}

fn clear_requests(shared: &Shared, _: &[u8]) -> Result<String, String> {
    shared.record.clear();
    Ok(String::new())
}
