//! Which certificate authorities a client trusts.

use std::path::PathBuf;

/// The source of the certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The system's own, or Mozilla's if the system has none.
    System,
    /// Only the certificates in these files.
    Files(CaFiles),
}

/// PEM files that the caller or the environment names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaFiles {
    /// A bundle. It must be readable and complete.
    pub(crate) file: Option<PathBuf>,
    /// Folders of single certificates, in the layout of `openssl rehash`.
    pub(crate) folders: Vec<PathBuf>,
    /// The option or the environment variables that name the files, for an error.
    pub(crate) named_by: &'static str,
}

impl Trust {
    /// A file given in code.
    pub(crate) fn from_file(file: PathBuf) -> Trust {
        Trust::Files(CaFiles { file: Some(file), folders: Vec::new(), named_by: "the CA file" })
    }
}
