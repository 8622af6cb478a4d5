//! What a call is made with.

use std::fmt;

use zeroize::Zeroizing;

use super::Credential;
use crate::text::{Token, TokenError};

/// What a call is made with: a bearer token, or a credential that gets one. Made by `into()`.
///
/// ```no_run
/// use autopilot_sync::{Access, Client, Credential};
///
/// fn sync<'a>(access: impl Into<Access<'a>>) -> Result<(), autopilot_sync::Error> {
///     Client::new()?.sync(access).map(|outcome| println!("{outcome}"))
/// }
/// sync("a-token")?;
/// sync(&Credential::from_environment()?)?;
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Access<'a> {
    /// A bearer token.
    Token(&'a str),
    /// A credential that gets tokens.
    Credential(&'a Credential),
    /// Nothing yet: a [`Wait`](crate::Wait) or a [`Fleet`](crate::Fleet) asks for it.
    Later,
}

/// The same, kept for later.
pub(crate) enum Kept {
    Token(Zeroizing<String>),
    Credential(Credential),
}

impl Access<'_> {
    /// None if there is nothing to keep. Fails if the text cannot be a token.
    pub(crate) fn keep(self) -> Result<Option<Kept>, TokenError> {
        Ok(match self {
            Access::Token(token) => Some(Kept::Token(Token::new(token)?.wiped_copy())),
            Access::Credential(credential) => Some(Kept::Credential(credential.clone())),
            Access::Later => None,
        })
    }
}

impl<'a> From<&'a Kept> for Access<'a> {
    fn from(kept: &'a Kept) -> Access<'a> {
        match kept {
            Kept::Token(token) => Access::Token(token),
            Kept::Credential(credential) => Access::Credential(credential),
        }
    }
}

impl<'a> From<&'a str> for Access<'a> {
    fn from(token: &'a str) -> Access<'a> {
        Access::Token(token)
    }
}

/// A `String`, a `Zeroizing<String>`, an `Arc<str>` ...
impl<'a, T: AsRef<str>> From<&'a T> for Access<'a> {
    fn from(token: &'a T) -> Access<'a> {
        Access::Token(token.as_ref())
    }
}

impl<'a> From<&'a Credential> for Access<'a> {
    fn from(credential: &'a Credential) -> Access<'a> {
        Access::Credential(credential)
    }
}

impl<'a> From<Option<&'a str>> for Access<'a> {
    fn from(token: Option<&'a str>) -> Access<'a> {
        token.map_or(Access::Later, Access::Token)
    }
}

/// Without the token.
impl fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Access::Token(_) => f.write_str("Token([token])"),
            Access::Credential(credential) => credential.fmt(f),
            Access::Later => f.write_str("Later"),
        }
    }
}
