//! The client behind the one call, shared by the whole process.

use once_cell::race::OnceBox;

use crate::client::Client;
use crate::outcome::Error;

/// Made by the first call that succeeds in it: a failure is not kept, for what caused it may be mended. Without a lock,
/// which a fork could leave behind: threads that are first together each make one, and one of them stays.
pub(crate) fn client() -> Result<&'static Client, Error> {
    static CLIENT: OnceBox<Client> = OnceBox::new();
    CLIENT.get_or_try_init(|| Client::new().map(Box::new))
}
