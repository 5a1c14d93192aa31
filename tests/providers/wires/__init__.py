"""Each vendor's wire format as bytes: what a server of theirs sends for an answer, piece by piece.

A wire is one file here with a `WIRE`, and joins every test of the contract by standing in WIRES.
"""

import httpx2

from .anthropic import WIRE as ANTHROPIC
from .anthropic import block_delta
from .base import ASKED, CATALOG, KEY, Chunks, Wire, event_stream, sse
from .google import WIRE as GOOGLE
from .google import candidate
from .openai_chat import WIRE as OPENAI_CHAT
from .openai_chat import chat_chunk, chat_delta
from .openai_responses import WIRE as OPENAI_RESPONSES
from .openai_responses import output_delta, response, typed

__all__ = [
    "ANTHROPIC", "ASKED", "CATALOG", "GOOGLE", "KEY", "OPENAI_CHAT", "OPENAI_RESPONSES", "WIRES", "Chunks", "Wire",
    "block_delta", "candidate", "chat_chunk", "chat_delta", "error_response", "event_stream", "output_delta",
    "response", "sse", "typed",
]  # fmt: skip

WIRES = (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC, GOOGLE)
# The status that each vendor sends for a kind of error, where it is not the usual one.
STATUS = {
    "auth": 401,
    "permission": 403,
    "not_found": 404,
    "unsupported_param": 400,
    "context_length": 400,
    "quota": 429,
    "rate_limit": 429,
    "overloaded": 503,
    "bad_request": 400,
}
OWN_STATUS = {("google", "auth"): 400, ("anthropic", "quota"): 400, ("anthropic", "overloaded"): 529}


def error_response(wire: Wire, kind: str, message: str = "Something is wrong.", **headers) -> httpx2.Response:
    status = OWN_STATUS.get((wire.name, kind), STATUS[kind])
    return httpx2.Response(status, headers=headers, json=wire.error_body(kind, message))
