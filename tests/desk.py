"""A model server for tests of the chat page: answers at once, counts its answers, notes which keys it was shown.

`/open/v1` wants no key, `/vault/v1` wants KEY. An answer repeats the question; max_tokens counts its words. To a
question with "slowly" in it the answer goes on for a while, to one with "late" it begins after some seconds.
"""

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from .served import served

KEY = "vault-key-7f3a9c21d4"
TOML = """
[endpoints.desk]
label = "Desk"
base_url = "{url}/open/v1"
[endpoints.vault]
label = "Vault"
base_url = "{url}/vault/v1"
api_key_env = "VAULT_KEY"
[models]
"desk-one" = {{ provider = "desk", name = "Desk One", input_price = 1, output_price = 2, context_window = 8192 }}
"desk-two" = {{ provider = "desk", name = "Desk Two" }}
"vault-one" = {{ provider = "vault", name = "Vault One" }}
"""


# Words of an answer that every test stops, however slow its machine is.
ENDLESS = 20_000
LATE_S = 3.0


@dataclass
class Desk:
    """Where the server is, and what it was asked."""

    url: str = ""
    bodies: list = field(default_factory=list)
    keys: list = field(default_factory=list)

    def environment(self, folder):
        config = folder / "desk.toml"
        config.write_text(TOML.format(url=self.url))
        return {"PLAYGROUND_CONFIG": str(config), "PLAYGROUND_LOCAL": "off"}

    async def complete(self, request: Request):
        self.keys.append(request.headers.get("authorization", ""))
        if "vault" in request.url.path and self.keys[-1] != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "no such key", "code": "invalid_api_key"}}, 401)
        body = await request.json()
        self.bodies.append(body)
        asked = body["messages"][-1]["content"]
        if "late" in asked:
            await asyncio.sleep(LATE_S)
        if "slowly" in asked:
            return StreamingResponse(chunks(["so"] * ENDLESS, "stop", pause_s=0.02), media_type="text/event-stream")
        words = f"Answer {len(self.bodies)} to: {asked}".split(" ")
        kept = words[: body.get("max_tokens") or len(words)]
        reason = "stop" if len(kept) == len(words) else "length"
        return StreamingResponse(chunks(kept, reason), media_type="text/event-stream")

    def more(self):
        """Further routes of one of its kind."""
        return []

    async def models(self, request: Request):
        if "vault" in request.url.path and request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": "no such key"}}, 401)
        kind = "vault" if "vault" in request.url.path else "desk"
        ids = [f"{kind}-one", f"{kind}-unlisted", "text-embedding-9"]
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in ids]})


async def chunks(words, reason, pause_s=0.0):
    def choice(delta, finish=None):
        return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n"

    for word in words:
        yield choice({"content": f"{word} "})
        await asyncio.sleep(pause_s)
    yield choice({}, reason)
    yield f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': 10, 'completion_tokens': len(words)}})}\n\n"
    yield "data: [DONE]\n\n"


@contextmanager
def serving_desk(desk=None):
    """A Desk, or one of its kind, served from a thread."""
    desk = desk or Desk()
    routes = [
        route
        for at in ("/open/v1", "/vault/v1")
        for route in (
            Route(f"{at}/chat/completions", desk.complete, methods=["POST"]),
            Route(f"{at}/models", desk.models),
        )
    ]
    with served([*routes, *desk.more()]) as desk.url:
        yield desk
