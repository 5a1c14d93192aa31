"""A provider that says what it is told, for tests. Knows no network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field

from ..types import Event, Finished, Request, Started, TextDelta, Usage

Step = Event | Exception | float


def answer(text: str, usage: Usage | None = None, piece: int = 4) -> list[Step]:
    """The steps of an ordinary answer: `text` in pieces of `piece` characters, then a clean end."""
    pieces: list[Step] = [TextDelta(text[at : at + piece]) for at in range(0, len(text), piece)]
    return [*pieces, Finished("stop", usage or Usage(10, len(pieces)))]


@dataclass
class ScriptedProvider:
    """Plays a script per request: an event is yielded, an exception raised, a number slept (seconds).

    `script` is either fixed steps or a function of the request. `requests` and `keys` hold what was asked.
    """

    script: Iterable[Step] | Callable[[Request], Iterable[Step]]
    requests: list[Request] = field(default_factory=list[Request])
    keys: list[str | None] = field(default_factory=list[str | None])

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        self.requests.append(request)
        self.keys.append(key)
        yield Started(request.dropped)
        for step in self.script(request) if callable(self.script) else self.script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, int | float):
                await asyncio.sleep(step)
            else:
                yield step
