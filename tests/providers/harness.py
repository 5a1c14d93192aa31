"""Drives one call over bytes that a test wrote: what came of it, and what was asked."""

import httpx2
import pytest

from playground.errors import ProviderError
from playground.providers import faults
from playground.providers.base import Deadlines, Endpoint, drive
from playground.types import TextDelta, ThinkingDelta

from .wires import OPENAI_CHAT, WIRES, event_stream

every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
REQUEST = OPENAI_CHAT.request()
OPENAI = Endpoint("OpenAI", "OPENAI_API_KEY", "a-key-of-no-known-shape")


class Server:
    """Answers requests in turn with the given responses (the last one again and again), and notes them."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.pauses = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        answer = answer() if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds):
        self.pauses.append(seconds)


async def events_of(wire, server, *, deadlines=Deadlines(), request=None, key=None):
    """(events, error) of one driven call."""
    events = []
    try:
        driven = drive(wire.provider(server), request or wire.request(), key, deadlines, server.sleep)
        async for event in driven:
            events.append(event)
    except ProviderError as error:
        return events, error
    return events, None


async def outcome(wire, *answers, **options):
    return await events_of(wire, Server(*answers), **options)


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def thinking_of(events):
    return "".join(event.text for event in events if isinstance(event, ThinkingDelta))


def stream(*chunks):
    """A response made anew for each request: a body can be read only once."""
    return lambda: event_stream(*chunks)


def told(status, body=None, headers=(), endpoint=OPENAI):
    """The error that a response amounts to."""
    return faults.from_response(status, body, httpx2.Headers(dict(headers)), endpoint, REQUEST)


def openai_says(message="", code=None, kind="invalid_request_error", param=None):
    return {"error": {"message": message, "type": kind, "code": code, "param": param}}
