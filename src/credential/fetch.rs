//! Gets a token: one request, or two if Azure Arc's agent asks for its key.

use std::mem;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use zeroize::{Zeroize, Zeroizing};

use super::access_token::AccessToken;
use super::answer::{self, Issuer};
use super::application::Application;
use super::challenge_file;
use super::platform::{Kind, Platform};
use super::refusal::Refusal;
use super::token_reply;
use crate::outcome::{Detail, Error, ErrorKind, Happening};
use crate::service::reply::RawReply;
use crate::text::{Object, Time, Token};
use crate::transport::call::Call;
use crate::transport::{Failure, Graph, TokenRequest, random};

/// A call that needs a token, and what is told about it.
pub(super) struct Asking<'a> {
    pub(super) graph: &'a Graph,
    pub(super) call: &'a Arc<Call>,
    pub(super) started: Instant,
    pub(super) detail: &'a mut Detail,
}

pub(super) fn from_entra(
    application: &Application,
    claims: Option<&str>,
    asking: &mut Asking<'_>,
) -> Result<AccessToken, Failure> {
    let id = random::guid().ok_or_else(Failure::no_random_bits)?;
    let request = application.request(asking.graph.root(), asking.graph.cloud(), claims, &id);
    let request = request.map_err(never_heals)?;
    let mut reply = asking.send(&request)?;
    asking.read(&mut reply, &Issuer::Entra(request.authority.name()), &request)
}

pub(super) fn from_platform(platform: &Platform, asking: &mut Asking<'_>) -> Result<AccessToken, Failure> {
    let root = asking.graph.root().to_owned();
    let mut request = platform.request(&root, None);
    let mut reply = asking.send(&request).map_err(|failure| explained(failure, platform, asking.call))?;
    platform.set_known();
    let issuer = Issuer::Platform(platform.name());
    if platform.kind == Kind::Arc && reply.status == 401 {
        let key = challenge_file::read_key(&reply.challenges).map_err(never_heals)?;
        request = platform.request(&root, Some(&key));
        reply = asking.send(&request)?;
    }
    if platform.kind == Kind::Arc && reply.status == 200 && !platform.is_echoed(&reply.body) {
        reply.body.zeroize();
        let text = format!("{issuer} has no such user-assigned identity");
        return Err(never_heals(Error::new(ErrorKind::Configuration, text)));
    }
    asking.read(&mut reply, &issuer, &request)
}

/// A virtual machine's service that cannot even be reached, and never was: this is no virtual machine of Azure's.
fn explained(failure: Failure, platform: &Platform, call: &Call) -> Failure {
    let may_be_absent = !platform.is_known() && !failure.sent;
    if !may_be_absent || call.aborted().is_some() || !is_no_answer(&failure.error) {
        return failure;
    }
    let text = format!("no managed identity here: {} does not answer", platform.name());
    never_heals(Error::new(ErrorKind::Configuration, text).because(failure.error))
}

/// Whether nobody listens at an address, or no way leads there.
fn is_no_answer(error: &Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    error.kind() == ErrorKind::Timeout
        || source.is_some_and(|error| {
            matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
        })
}

fn never_heals(error: Error) -> Failure {
    Failure::unsent(error, false)
}

impl Asking<'_> {
    fn send(&mut self, request: &TokenRequest) -> Result<RawReply, Failure> {
        let Asking { graph, call, started, detail } = self;
        let reply = graph.ask_for_token(call, request, *started, detail);
        reply.inspect_err(|_| detail.forget_reply())
    }

    fn read(
        &mut self,
        reply: &mut RawReply,
        issuer: &Issuer,
        request: &TokenRequest,
    ) -> Result<AccessToken, Failure> {
        let body = Zeroizing::new(mem::take(&mut reply.body));
        if let Some((token, lifetime)) =
            token_reply::read(&body, SystemTime::now()).filter(|_| reply.status == 200)
        {
            let text = format!("from {issuer}, good for {} min", lifetime.as_secs() / 60);
            self.detail.trace.note(self.started.elapsed(), Happening::Token(text.into()));
            return Ok(token);
        }
        let refusal =
            Object::read(&body).ok().map(|body| Refusal::read(&body, Token::hidden(&request.secrets)));
        let refusal = refusal.filter(|refusal| refusal.code.is_some() || refusal.message.is_some());
        answer::record(self.detail, reply.status, refusal.as_ref());
        Err(answer::failure(reply, refusal.as_ref(), issuer, Time::local()))
    }
}
