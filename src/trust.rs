//! Which certificate authorities are believed.

use std::path::PathBuf;

use crate::environment::Environment;

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
    /// SSL_CERT_FILE and SSL_CERT_DIR, both if both are set.
    pub(crate) fn from_environment(environment: &Environment) -> Trust {
        let Environment { cert_file, cert_dir, .. } = environment;
        let named_by = match (cert_file, cert_dir) {
            (None, None) => return Trust::System,
            (Some(_), None) => "SSL_CERT_FILE",
            (None, Some(_)) => "SSL_CERT_DIR",
            (Some(_), Some(_)) => "SSL_CERT_FILE and SSL_CERT_DIR",
        };
        let folders = cert_dir.iter().flat_map(|folders| std::env::split_paths(&folders.value));
        Trust::Files(CaFiles {
            file: cert_file.as_ref().map(|file| PathBuf::from(&file.value)),
            folders: folders.filter(|folder| !folder.as_os_str().is_empty()).collect(),
            named_by,
        })
    }

    /// A file given in code.
    pub(crate) fn from_file(file: PathBuf) -> Trust {
        Trust::Files(CaFiles { file: Some(file), folders: Vec::new(), named_by: "the CA file" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_replaces_the_systems_trust() {
        let trust = |pairs: &[(&str, &str)]| {
            Trust::from_environment(&Environment::read(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            }))
        };
        let files = |file: Option<&str>, folders: &[&str], named_by| {
            let folders = folders.iter().map(PathBuf::from).collect();
            Trust::Files(CaFiles { file: file.map(PathBuf::from), folders, named_by })
        };
        assert_eq!(trust(&[]), Trust::System);
        assert_eq!(trust(&[("SSL_CERT_FILE", "")]), Trust::System);
        assert_eq!(trust(&[("SSL_CERT_FILE", "/a")]), files(Some("/a"), &[], "SSL_CERT_FILE"));
        if cfg!(unix) {
            assert_eq!(trust(&[("SSL_CERT_DIR", "/b::/c")]), files(None, &["/b", "/c"], "SSL_CERT_DIR"));
        }
        assert_eq!(
            trust(&[("SSL_CERT_FILE", "/a"), ("SSL_CERT_DIR", "/b")]),
            files(Some("/a"), &["/b"], "SSL_CERT_FILE and SSL_CERT_DIR")
        );
    }
}
