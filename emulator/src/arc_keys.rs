//! The key files of Azure Arc: who can read them may have the machine's identity.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::reply::Reply;

/// The files that clients may read now. Each one is for one request.
#[derive(Debug, Default)]
pub(crate) struct ArcKeys(Vec<(PathBuf, String)>);

impl ArcKeys {
    /// Whether an `Authorization` proves that its sender has read a key file. If not, the reply names a new one.
    pub(crate) fn check(&mut self, authorization: Option<&str>, folder: &Path) -> Result<(), Reply> {
        let Some(value) = authorization else { return Err(self.challenge(folder)) };
        let content = value.strip_prefix("Basic ").unwrap_or_default();
        let Some(index) = self.0.iter().position(|(_, key)| key == content) else {
            return Err(Reply::new(401));
        };
        remove(&self.0.swap_remove(index).0);
        Ok(())
    }

    fn challenge(&mut self, folder: &Path) -> Reply {
        let id = uuid::Uuid::new_v4();
        let (file, key) = (folder.join(format!("{id}.key")), BASE64.encode(uuid::Uuid::new_v4().as_bytes()));
        if let Err(error) = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, &key)) {
            return Reply::new(500).body(format!("{}: {error}", file.display()));
        }
        let realm = format!("Basic realm={}", file.display());
        self.0.push((file, key));
        Reply::new(401).header("WWW-Authenticate", &realm)
    }
}

impl Drop for ArcKeys {
    fn drop(&mut self) {
        self.0.iter().for_each(|(file, _)| remove(file));
    }
}

fn remove(file: &Path) {
    // It may be gone already.
    let _ = std::fs::remove_file(file);
}
