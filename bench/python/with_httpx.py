import httpx
from bench import PATH, ROOT, headers, run

limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
client = httpx.Client(headers=headers(), limits=limits, timeout=30)  # trusts SSL_CERT_FILE


def call() -> None:
    assert client.post(ROOT + PATH).status_code == 204


run(call)
