"""Stands in for the service: an nginx with TLS 1.3 on loopback, which answers every call with 204."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from names import NAME

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    large_client_header_buffers 4 16k;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    server {{
        listen localhost:{port} ssl;
        ssl_protocols TLSv1.3;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        location = /beta/deviceManagement/windowsAutopilotSettings/sync {{
            add_header request-id 01234567-89ab-4def-8123-456789abcdef;
            return 204;
        }}
    }}
    server {{
        listen 127.0.0.1:{status_port};
        location / {{ stub_status; }}
    }}
}}
"""

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A context manager: the server runs inside the `with` block, on this core."""

    def __init__(self, folder: Path, core: str) -> None:
        self._folder, self._core = folder, core
        self._port, self._status_port = _free_port(), _free_port()
        self.root = f"https://localhost:{self._port}"
        self.named_root = f"https://{NAME}:{self._port}"
        self.ca_file = folder / "trusted.pem"
        self.root_file = folder / "ca.pem"

    def __enter__(self) -> Server:
        self._folder.mkdir(parents=True, exist_ok=True)
        make_certificates(self._folder)
        configuration = self._folder / "nginx.conf"
        ports = {"port": self._port, "status_port": self._status_port}
        configuration.write_text(CONFIGURATION.format(folder=self._folder, **ports))
        command = ["taskset", "-c", self._core, "nginx", "-p", self._folder, "-c", configuration]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while not self._is_up():
            if self._process.poll() is not None:
                raise SystemExit(f"nginx ended: see {self._folder}/error.log")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def connections(self) -> int:
        """The number of connections so far, without those of this method."""
        with DIRECT.open(f"http://127.0.0.1:{self._status_port}") as answer:
            accepted = int(answer.read().split(b"\n")[2].split()[0])
        self._asked += 1
        return accepted - self._asked

    def _is_up(self) -> bool:
        self._asked = 0
        try:
            self.connections()
            return True
        except OSError:
            return False


def make_certificates(folder: Path) -> None:
    """Makes a certificate for the server, and a CA file with its authority and the system's, as many as in real use."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    ca, server = folder / "ca", folder / "server"
    _openssl(*key, "-subj", "/CN=bench", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
    signed = ["-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-addext", f"subjectAltName=DNS:localhost,DNS:{NAME}"]
    end = ["-addext", "basicConstraints=critical,CA:false"]
    _openssl(*key, *signed, *end, "-subj", "/CN=localhost", "-keyout", f"{server}.key", "-out", f"{server}.pem")
    system = Path("/etc/ssl/certs/ca-certificates.crt").read_text()
    (folder / "trusted.pem").write_text(system + Path(f"{ca}.pem").read_text())


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", "req", "-x509", *arguments], check=True, stderr=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
