//! The programs that the tests need, and the packages that install them.

use std::env;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    Unshare,
    Mount,
    Ip,
    Nft,
    OpenSsl,
    Curl,
    Squid,
    Dante,
    HaProxy,
    Nginx,
}

impl Program {
    fn name_and_package(self) -> (&'static str, &'static str) {
        match self {
            Program::Unshare => ("unshare", "util-linux"),
            Program::Mount => ("mount", "mount"),
            Program::Ip => ("ip", "iproute2"),
            Program::Nft => ("nft", "nftables"),
            Program::OpenSsl => ("openssl", "openssl"),
            Program::Curl => ("curl", "curl"),
            Program::Squid => ("squid", "squid"),
            Program::Dante => ("danted", "dante-server"),
            Program::HaProxy => ("haproxy", "haproxy"),
            Program::Nginx => ("nginx", "nginx-light"),
        }
    }

    /// Its path. Fails the test if it is not installed.
    pub(crate) fn path(self) -> PathBuf {
        let (name, package) = self.name_and_package();
        let path = env::var("PATH").unwrap_or_default();
        // Not on a plain user's path in Debian.
        let folders = path.split(':').chain(["/usr/sbin", "/sbin"]);
        let found = folders.map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
        found.unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}"))
    }

    pub(crate) fn command(self) -> Command {
        Command::new(self.path())
    }

    /// Starts it as a server, and waits until it listens. It ends with the test's namespaces.
    pub(crate) fn serve(self, arguments: &[&str], port: u16) {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        let mut server = command.spawn().expect("the program is there");
        process::wait_until(&format!("{self:?} listens"), || {
            if let Some(status) = server.try_wait().expect("it is a child") {
                panic!("{self:?} ended: {status}");
            }
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
    }
}

/// Runs a command and returns its output. Fails the test if the command fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}
