"""A model server for tests of how an answer is wanted: what it says follows from the question and the parameters."""

import json
from dataclasses import dataclass

from starlette.responses import JSONResponse, StreamingResponse

from .desk import Desk

SECRET = "sk-proj-" + "a1B2" * 8
CITING = f"Tides follow the moon [1].\n\n[1] Tides: https://tides.example/moon\n\nThe key is {SECRET} here."
WRONG, RIGHT = '{"town": 1}', '{"city": "Oslo"}'
HALVES = ('{"city": "Os', 'lo"}')
TOKENS = (("Yes", -0.01, "No"), (",", -0.7, "."), (" surely", -3.0, " maybe"))


@dataclass
class Oracle(Desk):
    """Takes no top_k. Asked to ponder, it thinks until it is cut off; asked for halves, it is cut off in the middle of
    JSON."""

    async def complete(self, request):
        body = await request.json()
        self.bodies.append(body)
        if "top_k" in body:
            said = {"message": "Unknown parameter: 'top_k'.", "param": "top_k", "code": "unknown_parameter"}
            return JSONResponse({"error": said}, 400)
        return StreamingResponse(chunks(body), media_type="text/event-stream")


def said(body):
    asked = body["messages"][-1]["content"]
    if not isinstance(asked, str):
        return "A picture."
    if "fit" in asked:
        return RIGHT
    known = (("town", WRONG), ("cite", CITING), ("halves", HALVES[0]), ("Go on exactly", HALVES[1]))
    return next((text for word, text in known if word in asked), f"Heard: {asked}")


async def chunks(body):
    asked = str(body["messages"][-1]["content"])

    def event(value):
        return f"data: {json.dumps(value)}\n\n"

    def choice(delta, finish=None, **more):
        return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]})

    if "ponder" in asked:
        yield choice({"reasoning_content": "Hm, that is hard"})
    elif body.get("logprobs"):
        for text, logprob, other in TOKENS:
            top = [{"token": text, "logprob": logprob}, {"token": other, "logprob": -4.0}]
            one = {"token": text, "logprob": logprob, "top_logprobs": top}
            yield choice({"content": text}, logprobs={"content": [one]})
    else:
        yield choice({"content": said(body)})
    ends = (("withhold", "content_filter"), ("ponder", "length"), ("halves", "length"))
    yield choice({}, next((reason for word, reason in ends if word in asked), "stop"))
    yield event({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
    yield "data: [DONE]\n\n"
