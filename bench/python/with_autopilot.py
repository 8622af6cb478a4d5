from autopilot_sync import Answer, Client
from bench import ROOT, TOKEN, run

client = Client(TOKEN, base_url=ROOT)


def call() -> None:
    assert client.sync().answer is Answer.ACCEPTED


run(call)
