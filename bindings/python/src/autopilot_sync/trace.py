"""The trace of a call: what happened when."""

from __future__ import annotations

from ._values import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator


class TraceEvent(Record):
    """One event of a call. `str()` gives one line, such as "12 ms connect: 192.0.2.1:443 answers".

    Attributes:
        at: When it happened, in seconds since the start of the call.
        topic: What it is about: "proxy", "trust", "look-up", "connect", "tunnel", "tls", "certificate", "request",
            "reply", "retry", "reading" or "token". "left-out" stands for events that are not kept, and says how many.
        text: What happened, on one line, for people. The words may change between versions.
    """

    at: float
    topic: str
    text: str

    def __str__(self) -> str:
        return f"{round(self.at * 1000)} ms {self.topic}: {self.text}"


class Trace(Record):
    """The events of a call, in order: a sequence of `TraceEvent`. `str()` gives a line for each.

    It has the first 8 and the last 64 events of a call. A call on an open connection has only its request and the
    reply. Neither the token nor a proxy's user name or password is in it.

    Attributes:
        lines: The lines of all events, each with a line feed. They are taken apart when you iterate.
    """

    lines: str

    def __str__(self) -> str:
        return self.lines.rstrip("\n")

    def __repr__(self) -> str:
        return f"<Trace of {getattr(self, 'lines', '').count(_END)} events>"

    def _plain(self) -> list[dict[str, Any]]:
        return [event.to_dict() for event in self]

    def __iter__(self) -> Iterator[TraceEvent]:
        return map(_event, self.lines.splitlines())

    def __len__(self) -> int:
        return self.lines.count(_END)

    def __getitem__(self, index: int) -> TraceEvent:
        return list(self)[index]


_END = "\n"


def _event(line: str) -> TraceEvent:
    at, _, rest = line.partition(" ms ")
    topic, _, text = rest.partition(": ")
    return TraceEvent(at=int(at) / 1000, topic=topic, text=text)
