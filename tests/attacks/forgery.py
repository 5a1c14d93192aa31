"""Whoever calls functions of the page without a page: an app to be attacked, sessions, what a page would send."""

import asyncio
import json
import sqlite3
from dataclasses import dataclass, field

import httpx2

AT_ONCE = 8
LONG_S = 2


@dataclass
class Forgery:
    """An app whose owner has keys and next to no budget, and a listener in the place of everything that costs."""

    app: object
    folder: object
    listener: object
    lab: str
    config: dict = field(default_factory=dict)

    @property
    def functions(self):
        return [one for one in self.config["dependencies"] if one["backend_fn"]]

    @property
    def components(self):
        return {one["id"]: one for one in self.config["components"]}

    def on(self, element, event):
        """The function behind an event of the component with that elem_id."""
        elements = {one["props"].get("elem_id"): at for at, one in self.components.items()}
        return next(one for one in self.functions if [elements[element], event] in one["targets"])

    def after(self, function):
        """The function that follows another by itself."""
        return next(one for one in self.functions if one["trigger_after"] == function["id"])

    def held(self, function):
        """What a page that was just opened would send to a function."""
        return [self.components[at]["props"].get("value") for at in function["inputs"]]

    def rows(self, query):
        """The first column of what a query finds."""
        with sqlite3.connect(self.folder / "data" / "arena.db") as database:
            return {row[0] for row in database.execute(query)}

    @property
    def voted_on(self):
        return self.rows("SELECT battle FROM vote")


class Caller:
    """Whoever calls functions of the page without a page, in a session of its own."""

    def __init__(self, http, session):
        self.http = http
        self.session = session

    async def call(self, function, data, event=None, *, queued=None):
        """What is answered: directly, or through the queue where the page does so, or if `queued`."""
        body = {"fn_index": function["id"], "data": data, "event_data": event, "session_hash": self.session}
        if not (function["queue"] if queued is None else queued):
            return (await self.http.post("/gradio_api/run/predict", content=json.dumps(body))).text
        joined = await self.http.post("/gradio_api/queue/join", content=json.dumps(body))
        return joined.text + (await self._told() if joined.is_success else "")

    async def _told(self):
        """What the queue tells; a run that goes on for long is left, as a closed page leaves it."""
        told = []
        stream = self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session})
        try:
            async with asyncio.timeout(LONG_S), stream as response:
                async for line in response.aiter_lines():
                    told.append(line)
        except (TimeoutError, httpx2.TransportError):
            told.append("left, or broken off")
            self.session += "'"  # what was left may go on for a while in the old one
        return "\n".join(told)


async def everything(forgery, http, work, name):
    """What each call of `work` (function, data, event data, queued) is answered with, by a few callers at once."""
    rest, told = iter(work), []

    async def caller(at):
        mine = Caller(http, f"{name}-{at}")
        for function, data, event, queued in rest:
            told.append(await mine.call(function, data, event, queued=queued))

    await asyncio.gather(*map(caller, range(AT_ONCE)))
    return told


def client(forgery):
    # A server that has failed closes the line: each call has one of its own.
    lines = httpx2.Limits(max_keepalive_connections=0)
    headers = {"content-type": "application/json"}
    return httpx2.AsyncClient(base_url=forgery.app.url, timeout=60, headers=headers, limits=lines)


def filled(forgery, function, text="Hello", **chosen):
    """What a page would send to a function after somebody has written `text`; `chosen` by elem_id."""
    values = []
    for at, value in zip(function["inputs"], forgery.held(function), strict=True):
        component = forgery.components[at]
        elem = str(component["props"].get("elem_id")).replace("-", "_")
        if elem in chosen:
            value = chosen[elem]
        elif component["type"] == "multimodaltextbox":
            value = {"text": text, "files": []}
        elif component["type"] == "textbox" and not value and "composer" in elem:
            value = text
        values.append(value)
    return values
