"""A Gradio page without a browser: what its JavaScript sends when a reader opens it and submits a text.

Follows the page's own event chains, so that the same code drives any Gradio app. Redraws nothing.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Callable
from typing import Any

from .wire import Connection

API = "/gradio_api"
Dependency = dict[str, Any]


class Layout:
    """What /config says of a page, read once: all pages of a server have the same."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.dependencies: list[Dependency] = config["dependencies"]
        self.values = {one["id"]: one["props"].get("value") for one in config["components"]}
        self._components: list[dict[str, Any]] = config["components"]

    @classmethod
    async def read(cls, url: str) -> Layout:
        connection = Connection(url)
        config = await connection.json("GET", "/config")
        connection.close()
        return cls(config)

    def component(self, elem_id: str) -> int:
        """The id of the component with that elem_id; of the first text box where no component has one."""
        for one in self._components:
            if one["props"].get("elem_id") == elem_id:
                return one["id"]
        return next(one["id"] for one in self._components if "textbox" in one["type"])

    def is_multimodal(self, component: int) -> bool:
        return any(one["id"] == component and one["type"] == "multimodaltextbox" for one in self._components)

    def triggered(self, component: int, event: str) -> list[Dependency]:
        return [one for one in self.dependencies if [component, event] in [list(target) for target in one["targets"]]]

    def after(self, dependency: Dependency) -> list[Dependency]:
        """What follows when it went well."""
        following = [one for one in self.dependencies if one["trigger_after"] == dependency["id"]]
        return [one for one in following if not one["trigger_only_on_failure"]]


class Page:
    """One open page, of a browser that has `cookie`. `watch` is called with each event that changes what is seen."""

    def __init__(self, url: str, layout: Layout, cookie: str = "") -> None:
        self._layout = layout
        self._values = dict(layout.values)
        self._session = secrets.token_hex(6)
        self._calls, self._stream, self._heart = (Connection(url, cookie=cookie) for _ in range(3))
        self._beating: asyncio.Task[None] | None = None
        self.watch: Callable[[bytes], None] = lambda _: None

    async def open(self, *, loading: bool = True) -> None:
        """Loads the page, holds its heartbeat and runs its load events; not `loading` it spares the server its HTML."""
        if loading:
            await (await self._calls.ask("GET", "/")).body()
        self._beating = asyncio.ensure_future(self._beat())
        for dependency in (one for one in self._layout.dependencies if any(t[1] == "load" for t in one["targets"])):
            await self._run(dependency)
        await self._stream.open()

    async def submit(self, component: int, value: Any) -> None:
        """Writes `value` into a component and submits it; returns when all that this sets off is done."""
        self.write(component, value)
        await self.press(component, "submit")

    def write(self, component: int, value: Any) -> None:
        self._values[component] = value

    async def press(self, component: int, event: str = "click") -> None:
        """Sets an event off, and returns when all that follows it is done."""
        pending = self._layout.triggered(component, event)
        while pending:
            dependency = pending.pop(0)
            await self._run(dependency)
            pending = [*self._layout.after(dependency), *pending]

    async def trigger(self, component: int, event: str, data: dict[str, Any]) -> None:
        """What a script of the page sets off, with what it says of it."""
        for dependency in self._layout.triggered(component, event):
            await self._run(dependency, data)

    @property
    def values(self) -> dict[int, Any]:
        """What stands in each component, by its id."""
        return self._values

    def close(self) -> None:
        if self._beating:
            self._beating.cancel()
        for connection in (self._calls, self._stream, self._heart):
            connection.close()

    async def _beat(self) -> None:
        async for _ in (await self._heart.ask("GET", f"{API}/heartbeat/{self._session}")).pieces():
            pass

    async def _run(self, dependency: Dependency, event: dict[str, Any] | None = None) -> None:
        if not dependency["backend_fn"]:
            return
        body = {
            "data": [self._values.get(one) for one in dependency["inputs"]],
            "event_data": event,
            "fn_index": dependency["id"],
            "trigger_id": (dependency["targets"] or [[None]])[0][0],
            "session_hash": self._session,
        }
        if dependency["queue"] is False:
            answer = await self._calls.json("POST", f"{API}/run/predict", body)
            self._store(dependency, answer["data"])
            return
        await self._calls.json("POST", f"{API}/queue/join?", body)
        async for message in self._messages():
            if message["msg"] == "process_completed" and message["success"]:
                self._store(dependency, message["output"].get("data", []))

    async def _messages(self) -> AsyncGenerator[dict[str, Any]]:
        response = await self._stream.ask("GET", f"{API}/queue/data?session_hash={self._session}")
        async for event in response.events():
            if b'"process_generating"' in event[:40]:
                self.watch(event)
                continue
            message = json.loads(event)
            if message["msg"] == "process_completed":
                if not message["success"]:
                    raise RuntimeError(f"the page failed: {event[:300]!r}")
                self.watch(event)
            yield message

    def _store(self, dependency: Dependency, data: list[Any]) -> None:
        for component, value in zip(dependency["outputs"], data, strict=False):
            if not isinstance(value, dict) or value.get("__type__") != "update":
                self._values[component] = value
            elif "value" in value:
                self._values[component] = value["value"]
