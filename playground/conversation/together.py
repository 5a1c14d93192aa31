"""Reads several replies at once, none waiting for another. Knows no battle and no page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from typing import Generic, Self, TypeVar

from .growing import Reply

K = TypeVar("K", bound=Hashable)

# How often a growing answer is looked at.
LOOK_S = 0.05


class Together(Generic[K]):
    """An async context in which `replies` grow. Leaving it ends those that are not done.

    `latest` has each as far as it has come; what has not been heard of yet is missing. A growing one is looked at every
    `look_s()` seconds.
    """

    def __init__(
        self, replies: Mapping[K, AsyncGenerator[Reply]], look_s: Callable[[], float] = lambda: LOOK_S
    ) -> None:
        self._replies = replies
        self._look_s = look_s
        self._readers: list[asyncio.Future[None]] = []
        self.latest: dict[K, Reply] = {}

    async def __aenter__(self) -> Self:
        self._readers = [asyncio.ensure_future(self._read(key)) for key in self._replies]
        return self

    async def __aexit__(self, *_: object) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    @property
    def done(self) -> bool:
        return all(reader.done() for reader in self._readers)

    async def _read(self, key: K) -> None:
        async with aclosing(self._replies[key]) as replies:
            async for reply in replies:
                self.latest[key] = reply
                if not reply.done:
                    await asyncio.sleep(self._look_s())
