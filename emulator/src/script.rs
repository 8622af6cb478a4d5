//! Steps that answer the next requests in place of the service.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, time_text};
use crate::party::Party;
use crate::reply::Reply;

/// The errors that the service is known to give for both requests.
const TYPICAL_ERRORS: [u32; 8] = [400, 401, 403, 429, 500, 503, 504, 509];

/// What happens to one request, or to several.
///
/// If a step has no reply of its own, the service answers, and the step may delay that answer or spoil it with a
/// [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// The requests that it matches: those to Graph with this method, or `TOKEN`, `DISCOVERY` (both to Entra) or
    /// `IDENTITY` (to a managed identity's endpoint). Defaults to any request to Graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The bearer token of the requests that it matches. Defaults to any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The tenant of their token, or of the token that they ask for. Defaults to any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// How many requests it answers. Defaults to 1; `u32::MAX` never runs out.
    #[serde(default = "once")]
    pub times: u32,
    /// The pause before its reply or fault.
    #[serde(default, with = "time_text")]
    pub delay: Duration,
    /// Whether the service carries out the request, whatever the reply. By default it does if its own reply is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<bool>,
    /// Where the reply comes from.
    #[serde(default)]
    pub answer: Answer,
    /// What happens to the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Where a step's reply comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The service's own.
    #[default]
    Service,
    /// This reply.
    Reply(Reply),
    /// The typical error of this status, with its envelope. For `TOKEN`, also an AADSTS code such as 7000215.
    Error(u32),
    /// A reply of this status that repeats the request's bearer token in its reason phrase, headers, claims and body. For
    /// `TOKEN` and `IDENTITY`, it repeats the secret.
    Echo(u16),
}

impl Step {
    /// The service's own answer.
    pub fn service() -> Self {
        Self::with(Answer::Service)
    }

    /// This reply.
    pub fn reply(reply: Reply) -> Self {
        Self::with(Answer::Reply(reply))
    }

    /// The typical error of this status, with its envelope. For `TOKEN`, also an AADSTS code such as 7000215.
    pub fn error(status: u32) -> Self {
        Self::with(Answer::Error(status))
    }

    /// A reply of this status that repeats the request's bearer token everywhere.
    pub fn echo(status: u16) -> Self {
        Self::with(Answer::Echo(status))
    }

    /// A fault, which spoils the service's own answer.
    pub fn fault(fault: Fault) -> Self {
        Self::service().spoiled(fault)
    }

    /// Matches only requests to Graph with this method, or those that `TOKEN`, `DISCOVERY` or `IDENTITY` stands for.
    pub fn on(self, word: &str) -> Self {
        Self { on: Some(word.to_owned()), ..self }
    }

    /// Matches only requests with this bearer token.
    pub fn for_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// Matches only requests with a token of this tenant, or for one.
    pub fn for_tenant(self, name: &str) -> Self {
        Self { tenant: Some(name.to_owned()), ..self }
    }

    /// Answers this many requests.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Answers all matching requests from now on.
    pub fn forever(self) -> Self {
        self.times(u32::MAX)
    }

    /// Waits before the reply or fault, in real time.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Makes the service carry out the request, whatever the reply.
    pub fn processed(self) -> Self {
        Self { process: Some(true), ..self }
    }

    /// Spoils the reply with this fault.
    pub fn spoiled(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// Whether the service carries out the request.
    pub(crate) fn processes(&self) -> bool {
        let unless_told =
            || self.answer == Answer::Service && self.fault.as_ref().is_none_or(Fault::processes);
        self.process.unwrap_or_else(unless_told) || self.fault == Some(Fault::LoseReply)
    }

    /// Whether the client gets an answer or an error of the service, whole and unaltered.
    pub(crate) fn is_faithful(&self) -> bool {
        let own = match self.answer {
            Answer::Service => true,
            Answer::Error(status) => TYPICAL_ERRORS.contains(&status),
            Answer::Reply(_) | Answer::Echo(_) => false,
        };
        own && self.fault.is_none()
    }

    fn with(answer: Answer) -> Self {
        Self {
            on: None,
            token: None,
            tenant: None,
            times: 1,
            delay: Duration::ZERO,
            process: None,
            answer,
            fault: None,
        }
    }

    fn is_for(&self, asked: &Asked) -> bool {
        let word = asked.party.word(asked.method);
        self.on.as_deref().map_or(asked.party == Party::Graph, |on| on.eq_ignore_ascii_case(word))
            && self.token.as_deref().is_none_or(|own| asked.token == Some(own))
            && self.tenant.as_deref().is_none_or(|own| asked.tenant == own)
    }
}

/// What steps look at in a request.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) party: Party,
    pub(crate) method: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) tenant: String,
}

fn once() -> u32 {
    1
}

/// The remaining steps.
#[derive(Debug, Default)]
pub(crate) struct Script(VecDeque<Step>);

impl Script {
    pub(crate) fn extend(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.0.extend(steps.into_iter().filter(|step| step.times > 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes the first step that matches such a request. The others stay.
    pub(crate) fn take(&mut self, asked: &Asked) -> Option<Step> {
        let index = self.0.iter().position(|step| step.is_for(asked))?;
        self.take_at(index)
    }

    /// Takes that step if it resets the connection before the request is read. Returns whether it did.
    pub(crate) fn take_reset_unread(&mut self, asked: &Asked) -> bool {
        let index = self.0.iter().position(|step| step.is_for(asked));
        let resets = |index: &usize| self.0[*index].fault == Some(Fault::ResetUnread);
        index.filter(resets).and_then(|index| self.take_at(index)).is_some()
    }

    fn take_at(&mut self, index: usize) -> Option<Step> {
        let step = self.0.get_mut(index)?;
        match step.times {
            u32::MAX => Some(step.clone()),
            1 => self.0.remove(index),
            _ => {
                step.times -= 1;
                Some(step.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &'a str, token: Option<&'a str>) -> Asked<'a> {
        Asked { party: Party::Graph, method, token, tenant: "default".to_owned() }
    }

    #[test]
    fn steps_are_taken_in_order_by_those_they_are_for() {
        let mut script = Script::default();
        script.extend([
            Step::error(500).on("POST").times(2),
            Step::error(503),
            Step::error(504).for_token("a"),
            Step::error(509).times(0),
        ]);
        let mut next = |method, token| script.take(&asked(method, token)).map(|step| step.answer);
        assert_eq!(next("GET", None), Some(Answer::Error(503)));
        assert_eq!(next("GET", None), None);
        assert_eq!(next("POST", Some("a")), Some(Answer::Error(500)));
        assert_eq!(next("POST", Some("a")), Some(Answer::Error(500)));
        assert_eq!(next("POST", Some("b")), None);
        assert_eq!(next("POST", Some("a")), Some(Answer::Error(504)));
        assert_eq!(script.len(), 0);
    }

    #[test]
    fn a_step_is_for_one_party_and_maybe_for_one_tenant() {
        let mut script = Script::default();
        script.extend([
            Step::error(1).for_tenant("a"),
            Step::error(2),
            Step::error(3).on("TOKEN").for_tenant("a"),
            Step::error(4).on("token"),
            Step::error(5).on("IDENTITY"),
        ]);
        let mut next = |party, tenant: &str| {
            let asked = Asked { party, tenant: tenant.to_owned(), ..asked("POST", None) };
            script.take(&asked).map(|step| step.answer)
        };
        let parties = [Party::Entra, Party::Graph, Party::Identity];
        assert_eq!(parties.map(|party| next(party, "b")), [4, 2, 5].map(|code| Some(Answer::Error(code))));
        assert_eq!(parties.map(|party| next(party, "b")), [None, None, None]);
        let left = [Some(Answer::Error(3)), Some(Answer::Error(1)), None];
        assert_eq!(parties.map(|party| next(party, "a")), left);
    }

    #[test]
    fn a_step_forever_stays() {
        let mut script = Script::default();
        script.extend([Step::fault(Fault::ResetUnread).forever()]);
        assert!(["GET", "POST"].into_iter().all(|method| script.take_reset_unread(&asked(method, None))));
        script.clear();
        assert!(!script.take_reset_unread(&asked("GET", None)));
    }

    #[test]
    fn what_is_processed() {
        assert!(Step::service().processes() && Step::service().is_faithful());
        assert!(Step::fault(Fault::LoseReply).processes() && Step::fault(Fault::CloseAfter).processes());
        assert!(!Step::fault(Fault::Reset).processes() && !Step::error(504).processes());
        assert!(Step::error(504).processed().processes());
        assert!(Step::error(504).spoiled(Fault::LoseReply).processes());
        assert!(!Step::service().spoiled(Fault::CloseAfter).is_faithful());
        assert!(
            Step::error(503).is_faithful()
                && !Step::error(502).is_faithful()
                && !Step::echo(401).is_faithful()
        );
    }

    #[test]
    fn steps_are_read_from_json() {
        let text = r#"[
            {"on": "POST", "answer": {"error": 503}, "times": 2},
            {"delay": "500ms", "fault": {"trickle-body": {"bytes": 1, "every": "50ms"}}},
            {"answer": {"reply": {"status": 200, "headers": [["X", "y"]], "body": "abc"}}, "process": true},
            {"token": "t", "fault": "lose-reply"},
            {"on": "TOKEN", "tenant": "a", "answer": {"error": 7000215}},
            {"fault": {"raw": "hello"}},
            {"answer": {"echo": 401}}
        ]"#;
        let every = Duration::from_millis(50);
        let expected = vec![
            Step::error(503).on("POST").times(2),
            Step::fault(Fault::TrickleBody { bytes: 1, every }).after(Duration::from_millis(500)),
            Step::reply(Reply::new(200).header("X", "y").body("abc")).processed(),
            Step::fault(Fault::LoseReply).for_token("t"),
            Step::error(7_000_215).on("TOKEN").for_tenant("a"),
            Step::fault(Fault::Raw(b"hello".to_vec())),
            Step::echo(401),
        ];
        assert_eq!(serde_json::from_str::<Vec<Step>>(text).expect("valid"), expected);
        let written = serde_json::to_string(&expected).expect("writable");
        assert_eq!(serde_json::from_str::<Vec<Step>>(&written).expect("valid"), expected);
    }

    #[test]
    fn the_script_of_the_readme_can_be_read() {
        let readme = include_str!("../README.md");
        let example =
            readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a script");
        assert_eq!(serde_json::from_str::<Vec<Step>>(example).expect("valid").len(), 5);
    }
}
