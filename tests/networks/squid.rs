//! The HTTP proxy Squid, with users of its own.

use std::fs;

use autopilot_sync::ErrorKind;

use crate::client::{TOKEN, told_in_full};
use crate::network::{Network, inside};
use crate::program::{Program, run};
use crate::service::{HTTP_PROXY, Service};
use crate::tap::Tap;

const CONFIGURATION: &str = r"
http_port 127.0.0.1:3128
pid_filename none
access_log none
cache_log stdio:/dev/null
cache deny all
dns_nameservers 127.0.0.1
auth_param basic program HELPER USERS
auth_param basic children 1
auth_param basic casesensitive on
acl users proxy_auth REQUIRED
http_access allow users
http_access deny all
";

/// Credentials as an administrator writes them, and as an address holds them.
const USERS: [(&str, &str, &str); 5] = [
    ("agent", "right", "agent:right"),
    (r"CORP\agent", "right", r"CORP\agent:right"),
    ("sure", "100%sure", "sure:100%sure"),
    ("hat", "a^b", "hat:a^b"),
    ("accent", "é", "accent:é"),
];

fn start(network: &Network) {
    let lines = USERS.map(|(user, password, _)| {
        let hash = run(Program::OpenSsl.command().args(["passwd", "-apr1", password]));
        format!("{user}:{}\n", hash.trim())
    });
    let users = network.file("users", lines.concat());
    let helpers = ["/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth"];
    let helper = helpers.into_iter().find(|file| fs::exists(file).unwrap_or(false));
    let helper = helper.expect("basic_ncsa_auth is missing: apt-get install squid");
    let configuration = CONFIGURATION.replace("HELPER", helper).replace("USERS", users.to_str().unwrap());
    let file = network.file("squid.conf", configuration);
    let (squid, file) = (Program::Squid.path(), file.to_str().expect("a plain path"));
    // Squid refuses to run as root, and a plain user's namespace has no other user.
    Program::Unshare.serve(&["--map-user=1", squid.to_str().unwrap(), "-N", "-f", file], HTTP_PROXY);
}

#[test]
fn squid_leads_its_users_to_the_service() {
    inside(|network| {
        let service = Service::start_without_proxies();
        start(network);
        let mut complaints = Vec::new();
        for (_, _, credentials) in USERS {
            service.moves_on();
            let proxy = format!("http://{credentials}@127.0.0.1:{HTTP_PROXY}");
            let said = match service.builder().proxy(&proxy) {
                Ok(options) => told_in_full(&options.build().unwrap().sync(TOKEN)),
                Err(error) => error.to_string(),
            };
            if said != "Accepted Accepted" {
                complaints.push(format!("{credentials}: {said}"));
            }
        }
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    });
}

#[test]
fn squid_is_asked_once_with_a_wrong_password() {
    inside(|network| {
        let service = Service::start_without_proxies();
        start(network);
        let proxy = format!("http://agent:wrong@127.0.0.1:{HTTP_PROXY}");
        let client = service.builder().proxy(&proxy).unwrap().build().unwrap();
        let tap = Tap::new();
        let error = client.sync(TOKEN).expect_err("it is refused");
        assert_eq!(tap.tried(HTTP_PROXY).len(), 1, "{error:#}");
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:#}");
        assert!(format!("{error:#}").contains("HTTP 407"), "{error:#}");
    });
}
