//! HAProxy and nginx in place of the service: their OpenSSL, each TLS version, both kinds of keys, resumed sessions.

use std::path::{Path, PathBuf};

use autopilot_sync::Client;

use crate::client::{TOKEN, builder};
use crate::network::{Network, SERVICE, inside};
use crate::program::{Program, run};
use crate::service::HTTPS;

/// The `request-id` of the answer says what OpenSSL knows of the connection.
const NGINX: &str = "
daemon off;
user root root;
pid FOLDER/nginx.pid;
error_log stderr;
events { }
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    ssl_session_cache shared:tls:1m;
    keepalive_timeout 0;
    server {
        listen 443 ssl;
        listen [::]:443 ssl;
        ssl_protocols PROTOCOL;
        ssl_certificate FOLDER/server.pem;
        ssl_certificate_key FOLDER/server.key;
        location / {
            add_header request-id \"$ssl_protocol $ssl_session_reused\";
            return 204;
        }
    }
}
";

const HAPROXY: &str = r#"
global
    log stderr format raw local0 err
    stats socket FOLDER/stats
defaults
    mode http
    timeout client 1m
    timeout server 1m
    timeout connect 1m
    option httpclose
frontend service
    bind :::443 v4v6 ssl crt FOLDER/both.pem ssl-min-ver PROTOCOL ssl-max-ver PROTOCOL
    http-request return status 204 hdr request-id "%[ssl_fc_protocol] %[ssl_fc_is_resumed,iif(r,.)]"
"#;

#[derive(Clone, Copy, Debug)]
enum Key {
    Ecdsa,
    Rsa,
}

/// Makes an authority, which issues the service's certificate. Returns the authority's file.
fn certify(network: &Network, key: Key) -> PathBuf {
    let kind = match key {
        Key::Ecdsa => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"][..],
        Key::Rsa => &["-newkey", "rsa:2048"],
    };
    let [authority, server] = ["authority", "server"].map(|name| network.path(name).display().to_string());
    let certificate = |name: &str, more: &[&str]| {
        let mut command = Program::OpenSsl.command();
        command.args(["req", "-x509", "-nodes", "-days", "2"]).args(kind).args(more);
        run(command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]));
    };
    let (by, with) = (format!("{authority}.pem"), format!("{authority}.key"));
    let names = format!("subjectAltName=DNS:{SERVICE}");
    certificate(&authority, &["-subj", "/CN=The authority of the fronts"]);
    let leaf = ["-addext", &names, "-addext", "basicConstraints=critical,CA:false"];
    certificate(&server, &[&["-subj", "/CN=front", "-CA", &by, "-CAkey", &with][..], &leaf].concat());
    let read = |ending: &str| std::fs::read_to_string(format!("{server}.{ending}")).expect("it was made");
    network.file("both.pem", read("pem") + &read("key"));
    by.into()
}

fn client(ca_file: &Path) -> Client {
    builder().ca_file(ca_file).unwrap().build().unwrap()
}

/// What the front says of each of two connections. There are two, because it closes each after its answer.
fn said_of_two(client: &Client) -> [String; 2] {
    [(); 2].map(|()| {
        let outcome = client.sync(TOKEN).unwrap_or_else(|error| panic!("{error:#}"));
        outcome.detail().attempts()[0].request_id().expect("it says something").to_owned()
    })
}

fn nginx(network: &Network, version: &str, key: Key) {
    let ca_file = certify(network, key);
    let folder = network.path("");
    let text = NGINX.replace("FOLDER", folder.to_str().unwrap()).replace("PROTOCOL", version);
    let file = network.file("nginx.conf", text);
    Program::Nginx.serve(&["-c", file.to_str().unwrap()], HTTPS);
    let expected = [format!("{version} ."), format!("{version} r")];
    assert_eq!(said_of_two(&client(&ca_file)), expected, "{key:?}");
}

fn haproxy(network: &Network, version: &str, key: Key) {
    let ca_file = certify(network, key);
    let text = HAPROXY.replace("FOLDER", network.path("").to_str().unwrap()).replace("PROTOCOL", version);
    let file = network.file("haproxy.conf", text);
    Program::HaProxy.serve(&["-db", "-f", file.to_str().unwrap()], HTTPS);
    let expected = [format!("{version} ."), format!("{version} r")];
    assert_eq!(said_of_two(&client(&ca_file)), expected, "{key:?}");
}

#[test]
fn nginx_with_tls_12_and_an_ecdsa_key() {
    inside(|network| nginx(network, "TLSv1.2", Key::Ecdsa));
}

#[test]
fn nginx_with_tls_13_and_an_rsa_key() {
    inside(|network| nginx(network, "TLSv1.3", Key::Rsa));
}

#[test]
fn haproxy_with_tls_12_and_an_rsa_key() {
    inside(|network| haproxy(network, "TLSv1.2", Key::Rsa));
}

#[test]
fn haproxy_with_tls_13_and_an_ecdsa_key() {
    inside(|network| haproxy(network, "TLSv1.3", Key::Ecdsa));
}
