//! What can go wrong with a reply.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens to a request, or to its reply.
///
/// Each fault ends the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is reset before the request is read, so the request is not recorded.
    ResetUnread,
    /// The connection is reset after the request was read.
    Reset,
    /// The connection is closed properly, without a reply.
    Close,
    /// The connection ends without a reply and without TLS's `close_notify`.
    Vanish,
    /// The service carries out the request. Then the connection ends as with [`Vanish`](Self::Vanish).
    LoseReply,
    /// There is no reply, until the client leaves.
    Hang,
    /// The reply is sent whole; then the connection is closed, unannounced.
    CloseAfter,
    /// The first `keep` bytes of the body, fewer than announced; then the connection is closed.
    Truncate {
        /// Bytes of body that are sent.
        keep: usize,
    },
    /// The reply's first bytes, head included; then nothing until the client leaves.
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
    /// The reply's head, and a chunked body that never ends, as fast as the client reads.
    EndlessBody,
    /// These bytes in place of a reply; then the connection is closed.
    Raw(#[serde(with = "bytes_text")] Vec<u8>),
}

impl Fault {
    /// Whether the service carries out the request, unless the step says otherwise.
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
        crate::time::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Bytes as text. Writing loses what is not UTF-8.
pub(crate) mod bytes_text {
    use super::*;

    pub(crate) fn serialize<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(bytes))
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        String::deserialize(from).map(String::into_bytes)
    }
}
