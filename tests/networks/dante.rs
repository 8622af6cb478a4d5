//! The SOCKS5 proxy Dante, with the system's users.

use autopilot_sync::ErrorKind;

use crate::client::{TOKEN, builder, told_in_full};
use crate::network::{Network, inside};
use crate::program::{Program, run};
use crate::service::{SOCKS_PROXY, Service};
use crate::tap::Tap;

const CONFIGURATION: &str = "
logoutput: stderr
internal: 127.0.0.1 port = 1080
external: lo
socksmethod: METHOD
user.privileged: root
user.unprivileged: root
client pass { from: 0/0 to: 0/0 }
socks pass { from: 0/0 to: 0/0 }
";

/// Starts Dante, which authenticates users by this method. There is one, `agent`, with the password `right`.
fn start(network: &Network, method: &str) {
    let hash = run(Program::OpenSsl.command().args(["passwd", "-6", "right"]));
    let users = "root:x:0:0::/root:/bin/sh\nagent:x:0:0::/:/bin/sh\n";
    network.system_file("passwd", users);
    network.system_file("shadow", &format!("root:*:1::::::\nagent:{}:1::::::\n", hash.trim()));
    let file = network.file("danted.conf", CONFIGURATION.replace("METHOD", method));
    Program::Dante.serve(&["-f", file.to_str().expect("a plain path")], SOCKS_PROXY);
}

#[test]
fn dante_leads_to_the_service() {
    inside(|network| {
        let service = Service::start_without_proxies();
        start(network, "username");
        for scheme in ["socks5", "socks5h"] {
            let proxy = format!("{scheme}://agent:right@127.0.0.1:{SOCKS_PROXY}");
            let client = service.builder().proxy(&proxy).unwrap().build().unwrap();
            service.moves_on();
            assert_eq!(told_in_full(&client.sync(TOKEN)), "Accepted Accepted", "{scheme}");
        }
    });
}

/// Repeated attempts with a wrong password lock an account.
#[test]
fn dante_is_asked_once_with_a_wrong_password() {
    inside(|network| {
        start(network, "username");
        is_refused_once(&format!("socks5h://agent:wrong@127.0.0.1:{SOCKS_PROXY}"));
    });
}

#[test]
fn dante_is_asked_once_without_the_password_that_it_wants() {
    inside(|network| {
        start(network, "username");
        is_refused_once(&format!("socks5h://127.0.0.1:{SOCKS_PROXY}"));
    });
}

fn is_refused_once(proxy: &str) {
    let client = builder().proxy(proxy).unwrap().build().unwrap();
    let tap = Tap::new();
    let error = client.sync(TOKEN).expect_err("it is refused");
    assert_eq!(tap.tried(SOCKS_PROXY).len(), 1, "{error:#}");
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:#}");
    assert_eq!(error.detail().attempts().len(), 1, "{error:#}");
    assert!(!format!("{error:#}").contains("wrong"), "{error:#}");
}
