//! A network for one test alone.

use std::any::type_name;
use std::env;
use std::fs::{self, Permissions};
use std::net::{IpAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Program, run};

/// Microsoft Graph's name, with eight addresses of each family, like the real one.
pub(crate) const SERVICE: &str = "graph.microsoft.com";
/// A proxy's name, with the same addresses.
pub(crate) const PROXY: &str = "proxy.example";

pub(crate) const IPV6: &str = "ip6 daddr 2001:db8::/32";
pub(crate) const IPV4: &str = "ip daddr 192.0.2.0/24";

/// Tells the test program that it runs inside the namespaces.
const INSIDE: &str = "AUTOPILOT_TEST_NETWORK";

/// An empty file system for the network. Every user can read it, because servers give up root's rights.
const FOLDER: &str = "/mnt";

/// The namespaces of this process. They end with it.
pub(crate) struct Network(());

/// Runs a test's body in a new network. The test program starts itself again to run only this test there.
pub(crate) fn inside<Body: FnOnce(&Network)>(body: Body) {
    if env::var_os(INSIDE).is_some() {
        return body(&Network::new());
    }
    // `networks::race::a_test::{{closure}}`: the test's path is the middle.
    let path = type_name::<Body>().trim_end_matches("::{{closure}}");
    let (_, name) = path.split_once("::").expect("a closure's path begins with its crate's name");
    let mut command = unshare();
    command.arg(env::current_exe().expect("Linux tells it")).args(["--exact", name, "--nocapture"]);
    for (variable, _) in env::vars_os() {
        if variable.to_string_lossy().to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(variable);
        }
    }
    let output = command
        .arg("--test-threads=1")
        .env(INSIDE, "1")
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("unshare starts");
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let has_passed = output.status.success() && stdout.contains("test result: ok. 1 passed");
    assert!(has_passed, "{name}, inside its network:\n{stdout}{stderr}");
}

/// `unshare` with the namespaces that this user may create.
fn unshare() -> Command {
    const NAMESPACES: [&str; 5] = ["--net", "--mount", "--pid", "--fork", "--mount-proc"];
    let with = |more: &[&str]| {
        let mut command = Program::Unshare.command();
        command.args(NAMESPACES).args(more);
        command
    };
    for more in [&[][..], &["--map-root-user"]] {
        if with(more).arg("true").output().expect("unshare starts").status.success() {
            return with(more);
        }
    }
    panic!(
        "no network namespaces: run as root, or enable unprivileged user namespaces: \
         sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
    );
}

impl Network {
    fn new() -> Network {
        let network = Network(());
        for folder in [FOLDER, "/dev/shm"] {
            run(Program::Mount.command().args(["-t", "tmpfs", "tmpfs", folder]));
        }
        fs::set_permissions(FOLDER, Permissions::from_mode(0o1777)).expect("it is this test's own");
        network.ip("link set lo up");
        for number in 1..=8 {
            network.ip(&format!("-6 addr add 2001:db8::{number}/128 dev lo nodad"));
            network.ip(&format!("addr add 192.0.2.{number}/32 dev lo"));
        }
        network.nft("add table inet test");
        network.nft("add chain inet test input { type filter hook input priority 0; }");
        network
            .system_file("nsswitch.conf", "passwd: files\nshadow: files\ngroup: files\nhosts: files dns\n");
        network.system_file("resolv.conf", "nameserver 127.0.0.1\n");
        network.hosts(&[SERVICE, PROXY]);
        network
    }

    /// Writes a file in the network's folder.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("the folder is this test's own");
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(FOLDER).join(name)
    }

    /// Mounts a file of the test over one in `/etc`.
    pub(crate) fn system_file(&self, name: &str, text: &str) {
        let (own, system) = (self.file(name, text), Path::new("/etc").join(name));
        assert!(system.exists(), "{} is missing: create an empty one", system.display());
        run(Program::Mount.command().arg("--bind").args([own, system]));
    }

    /// Gives these names all addresses in `/etc/hosts`. Other names are unknown there.
    pub(crate) fn hosts(&self, names: &[&str]) {
        let mut text = "127.0.0.1 localhost\n".to_owned();
        for name in names {
            for number in 1..=8 {
                text += &format!("2001:db8::{number} {name}\n192.0.2.{number} {name}\n");
            }
        }
        self.system_file("hosts", &text);
    }

    /// Replaces the firewall's rules for incoming packets, in nft's syntax.
    pub(crate) fn firewall(&self, rules: &[String]) {
        self.nft("flush chain inet test input");
        for rule in rules {
            self.nft(&format!("add rule inet test input {rule}"));
        }
    }

    /// Makes the system itself refuse TCP to IPv6 addresses: `prohibit`, `unreachable` ... UDP still finds a route, so
    /// a look-up still sorts IPv6 to the front.
    pub(crate) fn refuse_ipv6(&self, rule: &str) {
        // Move the rule for local addresses, which comes first otherwise.
        self.ip("-6 rule add pref 9 lookup local");
        self.ip("-6 rule del pref 0");
        self.ip(&format!("-6 rule add pref 5 ipproto tcp to 2001:db8::/32 {rule}"));
    }

    pub(crate) fn allow_ipv6(&self) {
        self.ip("-6 rule del pref 5");
        self.ip("-6 rule add pref 0 lookup local");
        self.ip("-6 rule del pref 9");
    }

    pub(crate) fn ip(&self, arguments: &str) {
        run(Program::Ip.command().args(arguments.split(' ')));
    }

    fn nft(&self, command: &str) {
        run(Program::Nft.command().arg(command));
    }
}

/// The addresses of a name in the order in which the system lists them.
pub(crate) fn listed(name: &str) -> Vec<IpAddr> {
    let addresses = (name, 0).to_socket_addrs().expect("the name is known");
    addresses.map(|address| address.ip()).collect()
}

/// The same with the families in turns, starting with the family of the first, as RFC 8305 says.
pub(crate) fn interleaved(listed: &[IpAddr]) -> Vec<IpAddr> {
    let is_ipv6 = listed[0].is_ipv6();
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        listed.iter().partition(|address| address.is_ipv6() == is_ipv6);
    let longest = first.len().max(second.len());
    (0..longest).flat_map(|index| [first.get(index), second.get(index)]).flatten().copied().collect()
}

#[test]
fn families_take_turns() {
    let addresses = |text: &str| text.split(' ').map(|one| one.parse().unwrap()).collect::<Vec<IpAddr>>();
    for (listed, expected) in [
        ("::1 ::2 10.0.0.1 10.0.0.2", "::1 10.0.0.1 ::2 10.0.0.2"),
        ("10.0.0.1 ::1 ::2", "10.0.0.1 ::1 ::2"),
        ("10.0.0.1 10.0.0.2 ::1", "10.0.0.1 ::1 10.0.0.2"),
        ("::1", "::1"),
    ] {
        assert_eq!(interleaved(&addresses(listed)), addresses(expected));
    }
}
