//! What the server counts.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    accepted: u64,
    open: u64,
    most_open: u64,
    /// Replies by status.
    replies: BTreeMap<u16, u64>,
}

impl Counts {
    pub(crate) fn opened(&mut self) {
        self.accepted += 1;
        self.open += 1;
        self.most_open = self.most_open.max(self.open);
    }

    pub(crate) fn closed(&mut self) {
        self.open -= 1;
    }

    pub(crate) fn replied(&mut self, status: u16) {
        *self.replies.entry(status).or_default() += 1;
    }
}

/// As JSON.
impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replies: Vec<String> =
            self.replies.iter().map(|(status, count)| format!("\"{status}\": {count}")).collect();
        let Counts { accepted, open: _, most_open, replies: _ } = self;
        write!(
            formatter,
            "{{\"accepted\": {accepted}, \"most_open\": {most_open}, \"replies\": {{{}}}}}",
            replies.join(", ")
        )
    }
}
