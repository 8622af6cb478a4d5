#!/usr/bin/env python3
"""Checks recorded exchanges against openapi.yaml, with the library openapi-core.

    validate.py EXCHANGES [DOCUMENT]

EXCHANGES is a file from the emulator's --log, or the JSON array of its control endpoint; - is standard input. Only the
exchanges with Graph are checked: the document does not describe how an agent gets its tokens. If a script made or
spoiled the reply, only the request is checked. Ends with 0 if everything is as in the document; with 1, and a list of
the problems, if not; with 2 if there are no exchanges or they cannot be read.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

import yaml
from jsonschema.exceptions import best_match
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

DOCUMENT = Path(__file__).with_name("openapi.yaml")


@dataclass
class Request:
    """A request as openapi-core wants it."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


@dataclass
class Response:
    """A response as openapi-core wants it."""

    status_code: int
    content_type: str
    headers: Headers
    data: bytes | None


def request_of(exchange):
    headers = Headers([tuple(pair) for pair in exchange["headers"]])
    query = ImmutableMultiDict(parse_qsl(exchange["query"] or "", keep_blank_values=True))
    return Request(
        host_url=f"https://{exchange['host']}",
        path=exchange["path"],
        method=exchange["method"].lower(),
        parameters=RequestParameters(query=query, header=headers),
        content_type=headers.get("content-type", "").lower(),
        body=exchange["body"].encode() or None,
    )


def response_of(reply):
    headers = Headers([tuple(pair) for pair in reply["headers"]])
    content_type = headers.get("content-type", "").lower()
    return Response(reply["status"], content_type, headers, reply["body"].encode() or None)


def may_be_bare(document, request, status):
    """Whether the document allows this status without headers and body (its extension x-may-be-bare)."""
    path = request.path.removeprefix("/beta")
    response = document["paths"].get(path, {}).get(request.method, {}).get("responses", {}).get(str(status), {})
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response.get("x-may-be-bare", False)


def request_rules(request):
    """The rules that OpenAPI cannot express: it ignores Accept, and allows a body that it does not mention."""
    headers = request.parameters.header
    if headers.get("accept") != "application/json":
        yield f"Accept is {headers.get('accept')!r}, not 'application/json'"
    if "transfer-encoding" in headers:
        yield "the request has a Transfer-Encoding"
    if "content-type" in headers:
        yield "the request has a Content-Type"
    if request.body:
        yield f"the request has a body of {len(request.body)} bytes"
    if request.method == "post" and headers.get("content-length") != "0":
        yield f"Content-Length is {headers.get('content-length')!r}, not '0'"
    for name in ("authorization", "client-request-id", "accept", "host", "content-length"):
        if len(headers.getlist(name)) > 1:
            yield f"{name} occurs more than once"


def response_rules(response):
    """The rule that openapi-core does not check: 204 has no body."""
    if response.status_code == 204 and response.data:
        yield f"204 with a body of {len(response.data)} bytes"


def reason(error):
    """An openapi-core error in one line: its first cause, and the part of the schema that fits worst."""
    name = getattr(error, "name", None)
    while error.__cause__ is not None:
        error = error.__cause__
    complaint = best_match(getattr(error, "schema_errors", []))
    if complaint is None:
        return (str(error) or type(error).__name__).replace("\n", " ")
    place = "/".join(map(str, complaint.absolute_path)) or name or "body"
    return f"{place}: {complaint.message}"


def problems(openapi, document, exchange):
    request = request_of(exchange)
    for error in openapi.iter_request_errors(request):
        yield f"request: {reason(error)}"
    for text in request_rules(request):
        yield f"request: {text}"
    reply = exchange["reply"]
    if reply is None or exchange["scripted"]:
        return
    response = response_of(reply)
    for text in response_rules(response):
        yield f"response: {text}"
    if not response.data and "request-id" not in response.headers:
        if may_be_bare(document, request, response.status_code):
            return
    for error in openapi.iter_response_errors(request, response):
        yield f"response: {reason(error)}"


def read(name):
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    if text.lstrip().startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    document = yaml.safe_load(Path(arguments[1] if len(arguments) == 2 else DOCUMENT).read_text(encoding="utf-8"))
    openapi = OpenAPI.from_dict(document)
    openapi.check_spec()
    exchanges = [exchange for exchange in read(arguments[0]) if exchange["party"] == "graph"]
    if not exchanges:
        print("there are no exchanges with Graph", file=sys.stderr)
        return 2
    wrong = 0
    for exchange in exchanges:
        status = (exchange["reply"] or {}).get("status", "no reply")
        scripted = ", scripted" if exchange["scripted"] else ""
        for text in problems(openapi, document, exchange):
            wrong += 1
            print(f"exchange {exchange['number']}: {exchange['method']} {exchange['path']} ({status}{scripted}): {text}")
    print(f"{len(exchanges)} exchanges, {wrong} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot read: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
