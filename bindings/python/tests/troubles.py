"""What goes wrong at customers', each made to happen on loopback: docs/troubleshooting.md is made of these."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

from conftest import SECRET, Start

GRAPH = "https://graph.microsoft.com"
SCOPE = "DeviceManagementServiceConfig.ReadWrite.All"


@dataclass
class Scene:
    """Where a trouble happens: what the program gets."""

    start: Start
    folder: Path
    ended: contextlib.ExitStack
    command: str = "sync"
    arguments: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=lambda: {"AUTOPILOT_TOKEN": SECRET})
    """None of its own: as the emulator sets them. Empty: unset."""

    def serve(self, answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> int:
        """A server on loopback. Returns its port."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.ended.callback(listener.close)

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer = listener.accept()[0]
                    threading.Thread(target=one, args=[peer], daemon=True).start()

        def one(peer: socket.socket) -> None:
            with contextlib.suppress(OSError), peer:
                answer(peer if context is None else context.wrap_socket(peer, server_side=True))

        threading.Thread(target=run, daemon=True).start()
        return int(listener.getsockname()[1])

    def proxy(self, *lines: str) -> None:
        """A proxy that gives this reply to CONNECT, leads here."""

        def answer(peer: socket.socket) -> None:
            peer.recv(65_536)
            peer.sendall("\r\n".join([*lines, "Content-Length: 0", "", ""]).encode())

        self.variables["HTTPS_PROXY"] = f"http://127.0.0.1:{self.serve(answer)}"

    def intercepted(self, *options: str, name: str = "graph.microsoft.com", reply: bytes = b"") -> None:
        """A proxy that inspects TLS, with a certificate of this name that `openssl x509` makes with these options. To a
        request it gives this reply."""
        certificate, key = self.folder / "box.pem", self.folder / "box.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", self.folder / "ca.pem", "-subj", "/CN=Example Web Filter", "-days", "3650",
                "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / "leaf.key",
                "-out", self.folder / "leaf.csr", "-subj", f"/CN={name}")  # fmt: skip
        (self.folder / "ext").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", self.folder / "leaf.csr", "-CA", self.folder / "ca.pem", "-CAkey", key,
                "-out", certificate, "-extfile", self.folder / "ext", *options)  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, self.folder / "leaf.key")

        def answer(peer: socket.socket) -> None:
            peer.recv(65_536)
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with context.wrap_socket(peer, server_side=True) as inside:
                inside.recv(65_536)
                inside.sendall(reply)

        self.variables["HTTPS_PROXY"] = f"http://127.0.0.1:{self.serve(answer)}"

    def trust_the_box(self) -> None:
        self.variables["SSL_CERT_FILE"] = str(self.folder / "ca.pem")

    def token(self, **claims: object) -> None:
        """A token with these claims, as Entra writes them."""
        now = int(time.time())
        ids = {"appid": "11111111-2222-3333-4444-555555555555", "tid": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}
        known = {**ids, "aud": GRAPH, "nbf": now - 3600, "exp": now + 3600, "scp": SCOPE, **claims}
        head = encoded({"typ": "JWT", "alg": "RS256"})
        body = encoded({name: value for name, value in known.items() if value is not None})
        self.variables["AUTOPILOT_TOKEN"] = f"{head}.{body}.c2lnbmF0dXJl"


def encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


Make = Callable[[Scene], None]
TROUBLES: dict[str, Make] = {}
"""By the heading of the page: what it looks like from outside."""


def trouble(heading: str) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        TROUBLES[heading] = make
        return make

    return add


@trouble("There is no token")
def no_token(scene: Scene) -> None:
    scene.start()
    scene.variables["AUTOPILOT_TOKEN"] = ""


@trouble("The token was copied with its quotation marks")
def quoted(scene: Scene) -> None:
    scene.start()
    scene.variables["AUTOPILOT_TOKEN"] = f'"{SECRET}"'


@trouble("The address of the proxy is misspelled")
def proxy_misspelled(scene: Scene) -> None:
    scene.start()
    scene.variables["HTTPS_PROXY"] = "htp://proxy.example:3128"


@trouble("The file of trusted certificates is not there")
def no_ca_file(scene: Scene) -> None:
    scene.start()
    scene.variables["SSL_CERT_FILE"] = "/etc/ssl/company.pem"


@trouble("The proxy's name is unknown")
def proxy_unknown(scene: Scene) -> None:
    scene.start()
    scene.variables["HTTPS_PROXY"] = "http://proxy.invalid:3128"


@trouble("Nothing listens where the proxy should be")
def proxy_absent(scene: Scene) -> None:
    scene.start()
    scene.variables["HTTPS_PROXY"] = f"http://127.0.0.1:{closed_port()}"


@trouble("The proxy wants a password")
def proxy_password(scene: Scene) -> None:
    scene.start()
    scene.proxy("HTTP/1.1 407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="proxy"')


@trouble("The proxy does not allow the service")
def proxy_forbids(scene: Scene) -> None:
    scene.start()
    scene.proxy("HTTP/1.1 403 Forbidden")


@trouble("The proxy cannot reach the service")
def proxy_cut_off(scene: Scene) -> None:
    scene.start()
    scene.proxy("HTTP/1.1 502 Bad Gateway")


@trouble("The proxy does not answer")
def proxy_silent(scene: Scene) -> None:
    scene.start()
    scene.variables["HTTPS_PROXY"] = f"http://127.0.0.1:{scene.serve(lambda peer: time.sleep(60))}"
    scene.arguments += ["--timeout", "5"]


@trouble("A proxy inspects TLS, and its authority is not trusted")
def box(scene: Scene) -> None:
    scene.start()
    scene.intercepted("-days", "30")


@trouble("A captive portal answers for the service")
def portal(scene: Scene) -> None:
    scene.start()
    scene.intercepted("-days", "30", name="portal.example")
    scene.trust_the_box()


@trouble("A certificate has expired, or the clock is wrong")
def expired_certificate(scene: Scene) -> None:
    scene.start()
    scene.intercepted("-days", "-1")
    scene.trust_the_box()


@trouble("A web filter answers in place of the service")
def page(scene: Scene) -> None:
    scene.start()
    body = b"<html><title>Blocked</title></html>"
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
    scene.intercepted("-days", "30", reply=head + body)
    scene.trust_the_box()


@trouble("The token has expired")
def expired(scene: Scene) -> None:
    scene.start("--other-tokens", "expired")
    scene.token(exp=int(time.time()) - 12 * 60)


@trouble("The token is for another service")
def audience(scene: Scene) -> None:
    scene.start("--other-tokens", "invalid")
    scene.token(aud="https://management.azure.com", scp="user_impersonation")


@trouble("The application lacks the permission")
def permission(scene: Scene) -> None:
    scene.start("--other-tokens", "forbidden")
    scene.token(scp=None, roles=["Device.Read.All"], idtyp="app")


@trouble("The token may read, but not trigger")
def read_only(scene: Scene) -> None:
    scene.start("--other-tokens", "read-only")
    scene.token(scp="DeviceManagementServiceConfig.Read.All openid")


@trouble("The user has no role in Intune")
def role(scene: Scene) -> None:
    scene.start("--other-tokens", "forbidden")
    scene.token()


@trouble("The tenant has no Intune licence")
def licence(scene: Scene) -> None:
    scene.start("--other-tokens", "unlicensed")
    scene.token()


@trouble("Conditional access asks for more")
def challenged(scene: Scene) -> None:
    scene.start("--other-tokens", "challenged")
    scene.token()


@trouble("A sync has just run")
def too_soon(scene: Scene) -> None:
    scene.start("--last-sync", "2m")
    scene.token()


@trouble("Graph throttles")
def throttled(scene: Scene) -> None:
    scene.start("--throttled-requests", "4294967295")
    scene.token()


@trouble("The service has an outage")
def outage(scene: Scene) -> None:
    scene.start().script({"answer": {"error": 503}, "times": 4294967295})
    scene.token()


@trouble("The last sync failed")
def failed(scene: Scene) -> None:
    scene.start("--idle-status", "failed")
    scene.token()
    scene.command = "status"
