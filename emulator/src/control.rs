//! The control endpoint: what [`Emulator`](crate::Emulator) can do, over plain HTTP, for tests in other languages.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

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
    let (status, text) = match obey(shared, parts.method.as_str(), parts.uri.path(), &body) {
        Ok(text) => (200, text),
        Err((status, text)) => (status, text),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

type Obeyed = Result<String, (u16, String)>;

fn obey(shared: &Shared, method: &str, path: &str, body: &[u8]) -> Obeyed {
    let wrong = |error: &dyn std::fmt::Display| (400, format!("{error}\n"));
    match (method, path) {
        ("POST", "/advance") => {
            let text = std::str::from_utf8(body).map_err(|error| wrong(&error))?;
            shared.clock.advance(time::parse(text.trim()).map_err(|error| wrong(&error))?);
            Ok(shared.clock.now().to_rfc3339())
        }
        ("POST", "/script") => {
            let steps: Vec<Step> = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
            shared.script().extend(steps);
            Ok(shared.script().len().to_string())
        }
        ("DELETE", "/script") => {
            shared.script().clear();
            Ok("0".to_owned())
        }
        ("POST", "/own-sync") => {
            let now = shared.clock.now();
            Ok(shared.service().tenant(DEFAULT_TENANT).own_sync(now).to_string())
        }
        ("POST", "/close-connections") => {
            shared.closing.send_replace(());
            Ok(String::new())
        }
        ("GET", "/requests") => {
            serde_json::to_string(&shared.record.requests()).map_err(|error| wrong(&error))
        }
        ("DELETE", "/requests") => {
            shared.record.clear();
            Ok(String::new())
        }
        ("GET", "/time") => Ok(shared.clock.now().to_rfc3339()),
        _ => Err((
            404,
            "none of: POST /advance, POST /script, DELETE /script, POST /own-sync, \
                        POST /close-connections, GET /requests, DELETE /requests, GET /time\n"
                .to_owned(),
        )),
    }
}
