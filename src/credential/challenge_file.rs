//! The key file by which Azure Arc's local agent sees that a caller may have a token: its challenge names the file, and
//! the caller sends the content. Whoever answers on the agent's port chooses the path, so only a file of the agent's own
//! folder is read.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use self::system::OpenOptionsExt as _;
use super::line::visible_line;
use crate::outcome::{Error, ErrorKind};
use crate::service::Challenge;
use crate::transport::file::{printable_path, read_open, unusable};

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 4096;

/// The key that the agent asks for with these `WWW-Authenticate` headers.
pub(crate) fn read_key(challenges: &[String]) -> Result<Zeroizing<String>, Error> {
    read_key_in(&system::folder(), challenges)
}

fn read_key_in(folder: &Path, challenges: &[String]) -> Result<Zeroizing<String>, Error> {
    let Some(name) = key_name(folder, challenges) else {
        let text =
            format!("Azure Arc's agent names no key file in {}: is it the agent?", printable_path(folder));
        return Err(Error::new(ErrorKind::Configuration, text));
    };
    let path = folder.join(name);
    read(folder, &path).map_err(|error| unreadable(&path, error))
}

/// The name of the file that the challenges ask for, if it is a key in the folder.
pub(crate) fn key_name(folder: &Path, challenges: &[String]) -> Option<String> {
    let mut challenges = challenges.iter().flat_map(|header| Challenge::read_all(header));
    let basic = challenges.find(|challenge| challenge.scheme.eq_ignore_ascii_case("Basic"))?;
    name(basic.parameter("realm")?, folder).map(str::to_owned)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    let advice = if error.kind() == io::ErrorKind::PermissionDenied { system::ADVICE } else { "" };
    unusable(format!("Azure Arc's key file {}{advice}", printable_path(path)), error)
}

/// The name of the key file, if the path is one of a file directly in the folder. The folder's name may be in other
/// case, because only the name of the file is used.
fn name<'a>(path: &'a str, folder: &Path) -> Option<&'a str> {
    let (parent, name) = path.rsplit_once(std::path::is_separator)?;
    let is_plain = |stem: &str| {
        !stem.is_empty()
            && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_key = name.strip_suffix(".key").is_some_and(is_plain);
    (is_key && folder.as_os_str().eq_ignore_ascii_case(parent)).then_some(name)
}

fn read(folder: &Path, path: &Path) -> io::Result<Zeroizing<String>> {
    let file = OpenOptions::new().read(true).custom_flags(system::FLAGS).open(path)?;
    system::check_owner(&fs::metadata(folder)?, &file.metadata()?)?;
    let bytes = Zeroizing::new(read_open(file, LARGEST_FILE)?);
    match visible_line(&bytes) {
        Some(key) if !key.is_empty() => Ok(Zeroizing::new(key.to_owned())),
        _ => Err(io::Error::other("it holds something other than a key")),
    }
}

#[cfg(unix)]
mod system {
    use std::os::unix::fs::MetadataExt;
    pub(super) use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    pub(super) const ADVICE: &str = " (join the group himds: `usermod -aG himds USER`)";

    pub(super) fn folder() -> PathBuf {
        PathBuf::from("/var/opt/azcmagent/tokens")
    }

    /// Follows no link, and waits for nobody who writes into a pipe.
    pub(super) const FLAGS: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;

    pub(super) fn check_owner(folder: &Metadata, file: &Metadata) -> io::Result<()> {
        check_owners(folder.mode(), folder.uid(), file.uid()).map_err(io::Error::other)
    }

    /// Only the agent and root may write a key.
    pub(super) fn check_owners(mode: u32, owner: u32, owner_of_file: u32) -> Result<(), &'static str> {
        match () {
            () if mode & 0o002 != 0 => Err("everybody can write into its folder: `chmod o-w` it"),
            () if owner_of_file != 0 && owner_of_file != owner => {
                Err("it belongs to neither root nor the owner of its folder")
            }
            () => Ok(()),
        }
    }
}

#[cfg(windows)]
mod system {
    pub(super) use std::os::windows::fs::OpenOptionsExt;

    use super::*;

    pub(super) const ADVICE: &str = " (join the group Administrators or Hybrid Agent Extension Applications)";

    pub(super) fn folder() -> PathBuf {
        let data = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
        Path::new(&data).join(r"AzureConnectedMachineAgent\Tokens")
    }

    /// FILE_FLAG_OPEN_REPARSE_POINT. Follows no link: what it opens then is no regular file.
    pub(super) const FLAGS: u32 = 0x0020_0000;

    /// The agent protects its folder by access control lists.
    pub(super) fn check_owner(_: &Metadata, _: &Metadata) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is deleted when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("autopilot-arc-{}-{name}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
            let path = self.0.join(name);
            fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        }

        fn read(&self, challenges: &[String]) -> Result<String, String> {
            let key = read_key_in(&self.0, challenges);
            key.map(|key| key.to_string()).map_err(|error| {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                format!("{error:#}")
            })
        }

        fn read_path(&self, path: &str) -> Result<String, String> {
            self.read(&[format!("Basic realm={path}")])
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn only_a_key_directly_in_the_folder_is_named() {
        let folder = Path::new("/var/opt/azcmagent/tokens");
        for (path, expected) in [
            ("/var/opt/azcmagent/tokens/a-B_9.key", Some("a-B_9.key")),
            ("/Var/opt/azcmagent/Tokens/a.key", Some("a.key")),
            ("/var/opt/azcmagent/tokens/.key", None),
            ("/var/opt/azcmagent/tokens/a", None),
            ("/var/opt/azcmagent/tokens/a.key.txt", None),
            ("/var/opt/azcmagent/tokens/a.KEY", None),
            ("/var/opt/azcmagent/tokens/a.b.key", None),
            ("/var/opt/azcmagent/tokens/a\0.key", None),
            ("/var/opt/azcmagent/tokens/a:b.key", None),
            ("/var/opt/azcmagent/tokens/b/a.key", None),
            ("/var/opt/azcmagent/tokens/../a.key", None),
            ("/var/opt/azcmagent/tokens/../tokens/a.key", None),
            ("/var/opt/azcmagent/tokens//a.key", None),
            ("/var/opt/azcmagent/tokens2/a.key", None),
            ("var/opt/azcmagent/tokens/a.key", None),
            ("/etc/a.key", None),
            ("a.key", None),
            ("", None),
        ] {
            assert_eq!(name(path, folder), expected, "{path}");
        }
    }

    #[test]
    fn the_first_basic_challenge_counts() {
        let folder = Folder::new("challenges");
        let path = folder.write("a.key", "the-key");
        for headers in [
            vec![format!("Basic realm={path}")],
            vec![format!("basic Realm=\"{}\"", path.replace('\\', "\\\\"))],
            vec!["Negotiate".to_owned(), format!("Bearer realm=x, Basic realm={path}")],
        ] {
            assert_eq!(folder.read(&headers).as_deref(), Ok("the-key"), "{headers:?}");
        }
        let nowhere = format!(
            "unusable configuration: Azure Arc's agent names no key file in {}: is it the agent?",
            folder.0.display()
        );
        for headers in [
            vec![],
            vec!["Basic".to_owned()],
            vec![format!("Bearer realm={path}")],
            vec!["Basic realm=/etc/shadow".to_owned(), format!("Basic realm={path}")],
        ] {
            assert_eq!(folder.read(&headers).as_ref(), Err(&nowhere), "{headers:?}");
        }
    }

    #[test]
    fn a_key_is_one_short_line() {
        let folder = Folder::new("content");
        let longest = "x".repeat(4096);
        let no_key = "it holds something other than a key";
        for (content, expected) in [
            ("the-key", Ok("the-key")),
            ("the-key\n", Ok("the-key")),
            ("the-key\r\n", Ok("the-key")),
            (&longest, Ok(longest.as_str())),
            (&format!("{longest}x"), Err("larger than 4096 bytes")),
            ("", Err("it is empty")),
            ("\n", Err(no_key)),
            ("the-key\n\n", Err(no_key)),
            ("the key", Err(no_key)),
            ("the\r\nkey", Err(no_key)),
            ("kéy", Err(no_key)),
        ] {
            let path = folder.write("a.key", content);
            let start = format!("unusable configuration: Azure Arc's key file {path}: ");
            let expected = expected.map(str::to_owned).map_err(|why| start + why);
            assert_eq!(folder.read_path(&path), expected, "{content:?}");
        }
        let path = folder.0.join("missing.key");
        assert!(folder.read_path(path.to_str().unwrap()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_pipes_and_folders_of_everybody_are_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        use std::process::Command;

        let folder = Folder::new("links");
        let path = folder.write("a.key", "the-key");
        let [link, pipe, inner] = ["link.key", "pipe.key", "inner.key"].map(|name| folder.0.join(name));
        symlink(&path, &link).unwrap();
        fs::create_dir(&inner).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let no_link = io::Error::from_raw_os_error(libc::ELOOP).to_string();
        for (path, why) in [(&link, &*no_link), (&pipe, "not a regular file"), (&inner, "not a regular file")]
        {
            let error = folder.read_path(path.to_str().unwrap()).unwrap_err();
            assert!(error.ends_with(&format!(": {why}")), "{error}");
        }
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).unwrap();
        let error = folder.read_path(&path).unwrap_err();
        assert!(error.ends_with(": everybody can write into its folder: `chmod o-w` it"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_belongs_to_root_or_the_agent() {
        let everybody = Err("everybody can write into its folder: `chmod o-w` it");
        let stranger = Err("it belongs to neither root nor the owner of its folder");
        for (mode, owner, owner_of_file, expected) in [
            (0o040_750, 0, 0, Ok(())),
            (0o040_775, 7, 7, Ok(())),
            (0o040_750, 7, 0, Ok(())),
            (0o040_752, 7, 7, everybody),
            (0o041_777, 0, 0, everybody),
            (0o040_750, 7, 8, stranger),
            (0o040_750, 0, 8, stranger),
        ] {
            let found = system::check_owners(mode, owner, owner_of_file);
            assert_eq!(found, expected, "{mode:o} {owner} {owner_of_file}");
        }
    }

    #[test]
    fn who_may_not_read_the_key_reads_which_group_to_join() {
        for (kind, has_advice) in [(io::ErrorKind::PermissionDenied, true), (io::ErrorKind::NotFound, false)]
        {
            let error = unreadable(Path::new("a.key"), kind.into());
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert_eq!(error.to_string().contains("(join the group "), has_advice, "{error}");
        }
    }
}
