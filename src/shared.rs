//! The client behind `autopilot_sync::sync`, which the whole process shares.

use once_cell::race::OnceBox;

use crate::client::Client;
use crate::outcome::Error;

/// The client. Check a call's arguments before: this may find that the environment cannot be used, and the error must
/// not depend on which call came first.
///
/// The first successful call makes the client. An error is not kept, because its cause may disappear.
///
/// Uses no lock, because a fork could leave it locked for ever. If several threads come first, each makes a client, and
/// one of these stays.
pub(crate) fn client() -> Result<&'static Client, Error> {
    static CLIENT: OnceBox<Client> = OnceBox::new();
    CLIENT.get_or_try_init(|| Client::new().map(Box::new))
}
