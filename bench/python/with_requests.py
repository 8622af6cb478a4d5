import requests
from bench import CA_FILE, PATH, ROOT, headers, run
from requests.adapters import HTTPAdapter

session = requests.Session()
session.mount("https://", HTTPAdapter(pool_maxsize=64))  # a connection for each thread, as the others have
session.verify = CA_FILE
session.headers.update(headers())


def call() -> None:
    assert session.post(ROOT + PATH, timeout=30).status_code == 204


run(call)
