"""A model server that speaks OpenAI's wire format and says what a test wants, for the whole app as a process.

The model's id says how it behaves: "quick", "slow" (five times as slow), "broken" (status 500), "endless",
"judge" (says: tie), "refusing" (status 400 with what the test has it say).
Everything else it sends (ids, fingerprints, usage) is full of canaries that no page may pass on before a vote.
"""

import asyncio
import itertools
import json
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from .served import served

CANARY = "canaryupstream"
TEXT = "Some words about the matter that say nothing of who wrote them and go on for a while"
PAUSE_S = {"quick": 0.004, "slow": 0.02, "endless": 0.02, "judge": 0.0}
# What never ends goes on at this pace once it has said TEXT: a page that is looked at for minutes need not draw a book,
# nor do all that a browser does for each update more often than whoever looks can see it.
ENDLESS_PAUSE_S = 0.3
COUNT = itertools.count()
# Prompt -> the pieces of what every model answers to it, in the place of TEXT.
SAYINGS: dict[str, list[str]] = {}

TOML = """
[endpoints.lab]
label = "Canarylabel"
base_url = "{url}/v1"
[models]
"canarymodel-quick" = {{ provider = "lab", name = "Canaryname Quick" }}
"canarymodel-slow" = {{ provider = "lab", name = "Canaryname Slow" }}
{more}
[contenders."canarymodel-quick"]
name = "Canarycontender Quick"
system_prompt = "Canaryprompt quick"
temperature = 0.7654321
[contenders."canarymodel-slow"]
name = "Canarycontender Slow"
system_prompt = "Canaryprompt slow"
top_p = 0.1234567
"""
MORE = {
    "broken": '"canarymodel-broken" = { provider = "lab", name = "Canaryname Broken" }',
    "endless": '"canarymodel-endless" = { provider = "lab", name = "Canaryname Endless" }',
    "refusing": '"canarymodel-refusing" = { provider = "lab", name = "Canaryname Refusing" }',
}


async def complete(request: Request):
    body = await request.json()
    how = body["model"].rpartition("-")[2]
    if how == "broken":
        said = f"{CANARY} of {body['model']} with {request.headers.get('authorization')}"
        return JSONResponse({"error": {"message": said, "type": "server_error"}}, 500)
    if how == "refusing":
        said = "".join(SAYINGS.get(body["messages"][-1]["content"], [CANARY]))
        return JSONResponse({"error": {"message": said, "type": "invalid_request_error"}}, 400)
    return StreamingResponse(chunks(body, how), media_type="text/event-stream", headers={"x-request-id": CANARY})


async def chunks(body, how):
    base = {"id": f"{CANARY}-{next(COUNT)}", "object": "chat.completion.chunk", "model": body["model"]}
    endless = how == "endless" or "endless" in body["messages"][-1]["content"]
    said = SAYINGS.get(body["messages"][-1]["content"])
    words = itertools.cycle(TEXT.split()) if endless else f"{TEXT} ({next(COUNT)}) end.".split()
    if how == "judge":
        said = ['{"verdict":', '"tie"}']
    pieces = (f"{word} " for word in words) if said is None else said
    for at, piece in enumerate(pieces):
        yield event({**base, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        goes_on = endless and at > len(TEXT.split())
        await asyncio.sleep(ENDLESS_PAUSE_S if goes_on else PAUSE_S.get(how, 0.004))
    yield event({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": 918273, "completion_tokens": 645546, "total_tokens": 1563819}
    yield event({**base, "choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


def event(value):
    return f"data: {json.dumps(value)}\n\n"


@contextmanager
def upstream():
    """Its address, served from a thread."""
    with served([Route("/v1/chat/completions", complete, methods=["POST"])]) as url:
        yield url


def configured(folder, url, *more):
    """The environment of an app whose contenders are served by `url`, without the embedded model."""
    config = folder / "own.toml"
    config.write_text(TOML.format(url=url, more="\n".join(MORE[name] for name in more)))
    return {"PLAYGROUND_CONFIG": str(config), "PLAYGROUND_LOCAL": "off"}
