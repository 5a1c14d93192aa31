"""How often an address may ask, counted in memory or in Redis. Knows no route and no price."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from ..errors import PlaygroundError

log = logging.getLogger(__name__)

REDIS_WAIT_S = 1.0
# How long a Redis that did not answer is left alone: each request would wait for it otherwise.
RETRY_S = 2.0
REDIS_OPTIONS: dict[str, Any] = {"socket_connect_timeout": REDIS_WAIT_S, "socket_timeout": REDIS_WAIT_S}


class RatesUnknownError(PlaygroundError):
    """The store of the counts cannot be reached, so nobody knows how often somebody has asked."""


class Rates:
    """Counts by name. With a `redis_url` all replicas share them, else they are this process's own."""

    def __init__(self, redis_url: str = "") -> None:
        self._storage: Storage = _redis(redis_url) if redis_url else MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = bool(redis_url)
        self._down_until = 0.0

    async def wait_s(self, rate: str, *who: str, parts: int = 1, of: int = 1) -> float:
        """Counts one more; 0 if that is allowed by `rate` ("30/minute"), else the seconds to wait.

        What is less or more than one counts as `parts` of the `of` that make one. Raises RatesUnknownError when Redis
        is gone.
        """
        return await self._count(_item(rate, of), who, parts)

    async def own_wait_s(self, rate: str, *who: str, parts: int = 1, of: int = 1) -> float:
        """The same, counted in this process alone: for what may go on when Redis is gone."""
        item = _item(rate, of)
        return 0.0 if await self._own.hit(item, *who, cost=parts) else await _until(self._own, item, who, parts)

    async def reachable(self) -> bool:
        """Whether the counts can be kept now."""
        if not self._shared:
            return True
        if time.monotonic() < self._down_until:
            return False
        try:
            async with asyncio.timeout(2 * REDIS_WAIT_S):
                if await self._storage.check():
                    return True
        except Exception as error:
            self._note_down(error)
        return False

    async def _count(self, item: RateLimitItem, who: tuple[str, ...], parts: int) -> float:
        if time.monotonic() < self._down_until:
            raise RatesUnknownError
        try:
            async with asyncio.timeout(2 * REDIS_WAIT_S):
                if await self._limiter.hit(item, *who, cost=parts):
                    return 0.0
                return await _until(self._limiter, item, who, parts)
        except Exception as error:
            self._note_down(error)
            raise RatesUnknownError from error

    def _note_down(self, error: Exception) -> None:
        self._down_until = time.monotonic() + RETRY_S
        log.error("the store of the rates cannot be reached (%s)", type(error).__name__)


async def _until(
    limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, who: tuple[str, ...], parts: int
) -> float:
    """Seconds until so many parts may be free again, at least 1: the library tells when the next one is."""
    window = await limiter.get_window_stats(item, *who)
    expiry = float(item.get_expiry())
    return min(max(window.reset_time - time.time(), parts * expiry / item.amount, 1.0), expiry)


def in_words(rate: str) -> str:
    """ "30 a minute", "5 in 2 hours"."""
    item = parse(rate)
    name = item.GRANULARITY.name
    return f"{item.amount:,} a {name}" if item.multiples == 1 else f"{item.amount:,} in {item.multiples:,} {name}s"


def _item(rate: str, of: int) -> RateLimitItem:
    item = parse(rate)
    return type(item)(item.amount * of, item.multiples)


def _redis(url: str) -> Storage:
    # Only where there is one: its client takes long to import.
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    # A line that a restart has cut is opened anew at once: the library would first wait for up to a second, and each
    # line of the pool is found cut by itself.
    again: Any = Retry(NoBackoff(), 1)
    return RedisStorage(f"async+{url}", implementation="redispy", retry=again, **REDIS_OPTIONS)
