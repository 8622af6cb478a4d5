//! What can go wrong on the way of a reply.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens to a request, or to the reply to it.
///
/// The connection ends with it in every case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is reset before the request is looked at; it is not recorded.
    ResetUnread,
    /// The connection is reset once the request was read.
    Reset,
    /// The connection is closed in good order, without a reply.
    Close,
    /// The connection ends without a reply and without TLS's goodbye.
    Vanish,
    /// The service does what was asked, and its reply is lost: [`Vanish`](Self::Vanish) with the request processed.
    LoseReply,
    /// Nothing comes until the client leaves.
    Hang,
    /// The reply is sent whole; then the connection is closed without having said so.
    CloseAfter,
    /// The reply's first `keep` bytes of body, fewer than announced; then the connection is closed.
    Truncate {
        /// Bytes of body that are sent.
        keep: usize,
    },
    /// The reply's first bytes, its head included; then nothing until the client leaves.
    Stall {
        /// Bytes that are sent.
        after: usize,
    },
    /// The reply's head comes slowly, its body at once.
    TrickleHead {
        /// Bytes at a time.
        bytes: usize,
        /// The pause after them.
        #[serde(with = "time_text")]
        every: Duration,
    },
    /// The reply's body comes slowly.
    TrickleBody {
        /// Bytes at a time.
        bytes: usize,
        /// The pause after them.
        #[serde(with = "time_text")]
        every: Duration,
    },
    /// A status line and one header that never ends, as fast as the client reads.
    EndlessHeader,
    /// The reply's head, announcing chunks, and a body that never ends, as fast as the client reads.
    EndlessBody,
    /// These bytes in place of a reply; then the connection is closed.
    Raw(#[serde(with = "bytes_text")] Vec<u8>),
}

impl Fault {
    /// Whether the service still does what was asked when a step says nothing of it.
    pub(crate) fn processes(&self) -> bool {
        match self {
            Self::ResetUnread | Self::Reset | Self::Close | Self::Vanish | Self::Hang | Self::Raw(_) => false,
            Self::EndlessHeader => false,
            Self::LoseReply | Self::CloseAfter | Self::Truncate { .. } | Self::Stall { .. } => true,
            Self::TrickleHead { .. } | Self::TrickleBody { .. } | Self::EndlessBody => true,
        }
    }
}

/// Durations as text: `500ms`.
pub(crate) mod time_text {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_duration(*time))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(from)?;
        humantime::parse_duration(&text).map_err(serde::de::Error::custom)
    }
}

/// Bytes as text; what is not UTF-8 is lost in the writing.
pub(crate) mod bytes_text {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }
}
