#!/usr/bin/env python3
"""Compares how long curl and the library take for one call if some of the service's addresses lead nowhere.

    bench/networks.py

It makes a network namespace, in which the service has eight IPv6 and eight IPv4 addresses, like Microsoft Graph, and
answers after 60 ms. Prints the median of five processes each, in milliseconds. There is no promise to check: both
programs mostly wait, for as long as their own rules say.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import peers
from names import NAME
from peers import HERE, PROGRAMS, run
from server import make_certificates

INSIDE = "inside"
ROUNDS = 5
FOLDER = PROGRAMS.parent / "networks"
NUMBERS = range(1, 9)
IPV6 = "ip6 daddr 2001:db8::/32 tcp dport 443"
IPV4 = "ip daddr 192.0.2.1 tcp dport 443"
SITUATIONS = {
    "all is well": [],
    "IPv6 dropped": [f"{IPV6} drop"],
    "IPv6 and the first of IPv4 dropped": [f"{IPV6} drop", f"{IPV4} drop"],
    **{
        f"IPv6 rejected: {kind}": [f"{IPV6} reject with {kind}"]
        for kind in (
            "icmpv6 type admin-prohibited", "icmpv6 type no-route", "icmpv6 type addr-unreachable",
            "icmpv6 type port-unreachable", "icmpv6 type policy-fail", "icmpv6 type reject-route", "tcp reset",
        )
    },
}  # fmt: skip
TOOLS = {
    "unshare": "util-linux", "ip": "iproute2", "nft": "nftables", "curl": "curl", "openssl": "openssl", "gcc": "gcc",
}  # fmt: skip


def main(arguments: list[str]) -> None:
    if arguments == [INSIDE]:
        return inside()
    if arguments:
        raise SystemExit(__doc__)
    missing = [f"{tool}: apt-get install {package}" for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if os.geteuid() != 0:
        missing.append("root, for a network namespace")
    if missing:
        raise SystemExit("missing: " + "\nmissing: ".join(missing))
    for folder in (PROGRAMS, FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
    peers.autopilot()
    run("gcc", "-O2", "-Wall", "-Wextra", HERE / "c/launch.c", "-o", PROGRAMS / "launch")
    make_certificates(FOLDER)
    run("unshare", "--net", "--mount", sys.executable, __file__, INSIDE)


def inside() -> None:
    make_network()
    listener = socket.create_server(("::", 443), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    url, trusted = f"https://{NAME}", FOLDER / "trusted.pem"
    environment = {"BENCH_ROOT": url, "BENCH_TOKEN": "a-token", "SSL_CERT_FILE": str(trusted)}
    # Thirty seconds, like the library's deadline, because curl would wait for minutes.
    quiet = ["--silent", "--output", "/dev/null", "--max-time", "30"]
    curl = [shutil.which("curl"), *quiet, "--request", "POST", "--cacert", trusted, url]
    print(f"{'':45}{'curl':>8}{'library':>9}")
    for situation, rules in SITUATIONS.items():
        run("nft", "flush chain inet bench input")
        for rule in rules:
            run("nft", f"add rule inet bench input {rule}")
        columns = [median(command, environment) for command in (curl, [PROGRAMS / "autopilot", "cold"])]
        print(f"{situation:45}{columns[0]:>8}{columns[1]:>9}", flush=True)


def make_network() -> None:
    run("ip", "link", "set", "lo", "up")
    for number in NUMBERS:
        run("ip", "-6", "addr", "add", f"2001:db8::{number}/128", "dev", "lo", "nodad")
        run("ip", "addr", "add", f"192.0.2.{number}/32", "dev", "lo")
    lines = [f"2001:db8::{number} {NAME}\n192.0.2.{number} {NAME}\n" for number in NUMBERS]
    hosts = FOLDER / "hosts"
    hosts.write_text("".join(lines))
    run("mount", "--bind", hosts, "/etc/hosts")
    run("nft", "add table inet bench")
    run("nft", "add chain inet bench input { type filter hook input priority 0; }")


def serve(listener: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(context, connection), daemon=True).start()


def answer(context: ssl.SSLContext, connection: socket.socket) -> None:
    """Answers one call. A client that has also connected to another address may leave without a request."""
    time.sleep(0.06)
    try:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(b"HTTP/1.1 204 No Content\r\nrequest-id: 01234567-89ab-4def-8123-456789abcdef\r\n\r\n")
    except OSError:
        connection.close()


def median(command: list[str | Path | None], environment: dict[str, str]) -> str:
    """The median in milliseconds, or "fails"."""
    took = []
    for _ in range(ROUNDS):
        words = [str(word) for word in (PROGRAMS / "launch", *command)]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.returncode != 0:
            return "fails"
        took.append(int(done.stdout.split()[0]) / 1e6)
    return f"{statistics.median(took):.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
