//! The client behind the one call, shared by the whole process.

use std::sync::OnceLock;

use crate::client::Client;
use crate::error::Error;

/// Made by the first call that succeeds in it: a failure is not kept, for what caused it may be mended.
pub(crate) fn client() -> Result<&'static Client, Error> {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    match CLIENT.get() {
        Some(client) => Ok(client),
        None => {
            let client = Client::new()?;
            Ok(CLIENT.get_or_init(|| client))
        }
    }
}
