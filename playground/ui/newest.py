"""Of the streams that one reader has begun only the newest is shown. Knows no component and no model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


class Newest:
    """Which stream is whose newest. Gradio's own `cancels` would come too late for it: what cancels on the event that
    also begins a stream is run when that stream has ended."""

    def __init__(self) -> None:
        self._streams: dict[str, object] = {}  # by reader

    async def of(self, reader: str, stream: AsyncGenerator[T], silent: Callable[[T], T]) -> AsyncGenerator[T]:
        """What `stream` yields, until `reader` begins another one: then what `silent` makes of the last value, and the
        end, because what the last step of an event held is sent to the page once more. Closes `stream`."""
        mine = self._streams[reader] = object()
        try:
            async with aclosing(stream):
                async for value in stream:
                    if self._streams.get(reader) is mine:
                        yield value
                    if self._streams.get(reader) is not mine:
                        yield silent(value)
                        return
        finally:
            if self._streams.get(reader) is mine:
                del self._streams[reader]
