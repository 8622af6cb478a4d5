//! Which certificate authorities are believed.

use std::path::PathBuf;

/// Where the certificates of the believed authorities come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The system's own; Mozilla's where the system has none at all.
    System,
    /// These files and no others.
    Files(CaFiles),
}

/// PEM files named by the caller or by the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaFiles {
    /// A bundle, which must be readable and whole.
    pub(crate) file: Option<PathBuf>,
    /// Folders of single certificates, as `openssl rehash` lays them out.
    pub(crate) folders: Vec<PathBuf>,
    /// Who named them, for an error: an option, or environment variables.
    pub(crate) named_by: &'static str,
}

impl Trust {
    /// A file given in code.
    pub(crate) fn from_file(file: PathBuf) -> Trust {
        Trust::Files(CaFiles { file: Some(file), folders: Vec::new(), named_by: "the CA file" })
    }
}
