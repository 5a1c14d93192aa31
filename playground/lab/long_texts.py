"""Work on texts that somebody pasted, off the event loop and in turn. Knows no tokenizer and no page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ..conversation.allowance import ASKING
from ..errors import ProviderError

T = TypeVar("T")

LONG = 20_000  # characters
MOST_WAITING = 16
MOST_EACH = 4  # of one address, so that nobody takes all places
FULL = "Many long texts are being read just now. Wait a few seconds and try again, or use a shorter text."


class LongTexts:
    """Long texts are worked on one after the other: each would take a core's time from all who are answered."""

    def __init__(self, most_waiting: int = MOST_WAITING, most_each: int = MOST_EACH) -> None:
        self._most, self._most_each = most_waiting, most_each
        self._taken: Counter[str] = Counter()  # by address
        self._thread = ThreadPoolExecutor(1, "long-texts")

    async def work(self, length: int, step: Callable[[], T]) -> T:
        """What `step` returns; `length` is that of its text, in characters.

        Raises ProviderError `overloaded` where too many long ones wait, or too many of whoever asks.
        """
        if length <= LONG:
            return await asyncio.to_thread(step)
        address = ASKING.get().address
        if self._taken.total() >= self._most or self._taken[address] >= self._most_each:
            raise ProviderError("overloaded", FULL, retry_after_s=5.0)
        self._taken[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, step)
        finally:
            self._taken[address] -= 1
            self._taken += Counter()  # forgets who has no place
