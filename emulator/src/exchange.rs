//! The exchanges of one connection.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use crate::carrier::{Stream, outlast};
use crate::delivery::{self, Ending, Last};
use crate::fault::Fault;
use crate::graph_reply::echo;
use crate::party::{Party, Via};
use crate::record::Recorded;
use crate::reply::Reply;
use crate::script::{Answer, Asked, Step};
use crate::shared::Shared;
use crate::time::after;
use crate::wire::{Censor, Head, Tee, Wire, bearer};

/// Longer bodies are not recorded.
const LONGEST_BODY: usize = 1 << 20;

/// What the exchanges of one connection have in common.
struct Session {
    shared: Arc<Shared>,
    via: Via,
    host: String,
    number: u64,
    tee: Tee,
    /// How the connection ends, once an exchange has decided that it does.
    ending: Mutex<Option<Ending>>,
    /// When the last exchange ended; none while there is one.
    idle_since: watch::Sender<Option<DateTime<Utc>>>,
}

/// Tells hyper that an exchange ends the connection in its own way.
#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the exchange ends the connection")
    }
}

impl std::error::Error for Ended {}

/// Serves requests until either side ends the connection.
pub(crate) async fn serve(
    stream: Box<dyn Stream>,
    shared: Arc<Shared>,
    via: Via,
    host: String,
    number: u64,
) -> io::Result<()> {
    let tee = Tee::default();
    let party = Party::at(via, &host);
    let wire = Wire::new(stream, tee.clone(), censor(shared.clone(), party));
    let idle_since = watch::Sender::new(Some(shared.clock.now()));
    let session = Session { shared, via, host, number, tee, ending: Mutex::new(None), idle_since };
    let service = service_fn(|request| Box::pin(session.answer(request)));
    let mut builder = http1::Builder::new();
    // The `Date` header is the service's, not the machine's.
    builder.auto_date_header(false).max_buf_size(1 << 20).max_headers(200);
    let mut connection = builder.serve_connection(TokioIo::new(wire), service);
    // An error is the client's, or `Ended`; then the session says how the connection ends.
    tokio::select! {
        // First: a reply at hand goes out.
        biased;
        _ = std::future::poll_fn(|context| connection.poll_without_shutdown(context)) => {}
        () = session.is_idle_for_long() => {}
    }
    let wire = connection.into_parts().io.into_inner();
    let ending = session.ending.lock().expect("no holder panics").take();
    let last = if wire.is_censored() { Last::Reset } else { Last::Close };
    let parts = Vec::new();
    finish(wire, ending.unwrap_or(Ending { parts, last })).await
}

/// Asks the script whether to reset the connection before reading such a request.
fn censor(shared: Arc<Shared>, party: Party) -> Censor {
    Box::new(move |head: &Head| {
        let token = head.token();
        let tenant = shared.parties().tenant(party, &head.path, token.as_deref());
        let asked = Asked { party, method: &head.method, token: token.as_deref(), tenant };
        shared.script().take_reset_unread(&asked)
    })
}

async fn finish(mut wire: Wire, ending: Ending) -> io::Result<()> {
    delivery::send(&mut wire, &ending.parts).await;
    match ending.last {
        Last::Close => wire.shutdown().await?,
        Last::Vanish => {}
        Last::Reset => wire.reset_at_end(),
        Last::Outlast => outlast(&mut wire).await,
    }
    Ok(())
}

impl Session {
    /// Waits until no request has come for so long that the service closes the connection.
    async fn is_idle_for_long(&self) {
        let mut idle_since = self.idle_since.subscribe();
        loop {
            let since = *idle_since.borrow_and_update();
            let timeout = self.shared.network().idle_timeout;
            let end = async {
                match since.zip(timeout) {
                    Some((since, timeout)) => self.shared.clock.reaches(after(since, timeout)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = idle_since.changed() => {}
                () = end => return,
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Ended> {
        self.idle_since.send_replace(None);
        let response = self.respond(request).await;
        self.idle_since.send_replace(Some(self.shared.clock.now()));
        response
    }

    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Ended> {
        let recorded = self.read(request).await;
        let step = self.step(&recorded);
        let number = self.shared.record.request(recorded.clone());
        let reply = self.reply(&step, &recorded);
        let fault = step.fault.as_ref();
        self.shared.record.reply(number, reply.clone(), !step.is_faithful(), fault.map(fault_name));
        if !step.delay.is_zero() {
            tokio::time::sleep(step.delay).await;
        }
        let reply = reply.unwrap_or_else(|| Reply::new(200));
        let ending = delivery::ending(fault, &reply);
        match (ending, response(&reply)) {
            (None, Ok(response)) => Ok(response),
            (Some(ending), _) => Err(self.end(ending)),
            // hyper refuses to send these headers.
            (None, Err(_)) => Err(self.end(delivery::as_it_is(&reply))),
        }
    }

    /// The script's step for a request, or the service's own answer.
    fn step(&self, request: &Recorded) -> Step {
        let (party, token) = (request.party(), request.token.as_deref());
        let tenant = self.shared.parties().tenant(party, &request.path, token);
        let asked = Asked { party, method: &request.method, token, tenant };
        self.shared.script().take(&asked).unwrap_or_else(Step::service)
    }

    fn end(&self, ending: Ending) -> Ended {
        *self.ending.lock().expect("no holder panics") = Some(ending);
        Ended
    }

    /// Reads the whole request, to be recorded.
    async fn read(&self, request: Request<Incoming>) -> Recorded {
        let head = self.tee.take();
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LONGEST_BODY).collect().await;
        let body = body.map(|collected| collected.to_bytes().to_vec()).unwrap_or_default();
        self.tee.end_of_body();
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let as_parsed = || {
            let pairs = parts.headers.iter();
            pairs.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
        };
        // If a client does not wait for replies, the head may have come together with the request before.
        let headers = if head.method == parts.method.as_str() { head.headers } else { as_parsed() };
        Recorded {
            number: 0,
            connection: self.number,
            via: self.via,
            host: self.host.clone(),
            time: self.shared.clock.tick(),
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            version: format!("{:?}", parts.version),
            token: parts.headers.get("authorization").map(text).as_deref().and_then(bearer),
            headers,
            body,
            scripted: false,
            fault: None,
            reply: None,
        }
    }

    /// The reply of a step; `None` if the step sends none.
    fn reply(&self, step: &Step, request: &Recorded) -> Option<Reply> {
        let mut parties = self.shared.parties();
        let own = step.processes().then(|| parties.answer(request));
        match &step.answer {
            Answer::Service => own,
            Answer::Reply(reply) => Some(parties.scripted(reply.clone(), request)),
            Answer::Error(code) => Some(parties.error(*code, request)),
            Answer::Echo(status) => {
                let secret = request.secret().unwrap_or_default();
                Some(parties.scripted(echo(*status, &secret), request))
            }
        }
    }
}

/// The name of a fault, as scripts write it.
fn fault_name(fault: &Fault) -> String {
    match serde_json::to_value(fault) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(object)) => object.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The reply for hyper to send. An error if hyper refuses to send it.
fn response(reply: &Reply) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error>> {
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        builder = builder.header(name, value);
    }
    if let Some(reason) = &reply.reason {
        builder = builder.extension(ReasonPhrase::try_from(reason.clone().into_bytes())?);
    }
    let body = if reply.may_have_body() { reply.body.clone() } else { Vec::new() };
    let body: Result<_, Infallible> = Ok(Full::new(Bytes::from(body)));
    Ok(builder.body(body?)?)
}
