"""What each provider says it serves, asked in the background and kept for a while. Knows no wire format and no page."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

log = logging.getLogger(__name__)

DEADLINE_S = 8.0
FRESH_S = 600.0
MOST = 2000


@runtime_checkable
class Lists(Protocol):
    """A provider that can say which models it serves."""

    async def list_models(self, key: str | None = None) -> Sequence[str]:
        """Ids as the provider writes them; `key` replaces the owner's. Raises whatever the SDK raises."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """What one provider serves, or why that is not known (a few words for people)."""

    models: tuple[str, ...] = ()
    problem: str = ""


@dataclass
class Listings:
    """Asks providers. What the owner's key may use is written into `served`, which the catalog reads.

    What a reader's own key may use is nobody else's business: it is returned and not kept.
    """

    providers: Mapping[str, object]
    served: MutableMapping[str, tuple[str, ...]]
    deadline_s: float = DEADLINE_S
    fresh_s: float = FRESH_S
    _asked: dict[str, float] = field(default_factory=dict[str, float])

    async def every(self, names: Sequence[str], keys: Mapping[str, str]) -> dict[str, Listing]:
        """All of `names` at once, none waiting for another; with the reader's key where there is one."""
        able = [name for name in names if isinstance(self.providers.get(name), Lists)]
        found = await asyncio.gather(*(self.one(name, keys.get(name)) for name in able))
        return dict(zip(able, found, strict=True))

    async def one(self, name: str, key: str | None = None) -> Listing:
        """What `name` serves: from the last ten minutes for the owner's key, else asked anew."""
        if key is None and name in self.served and time.monotonic() - self._asked[name] < self.fresh_s:
            return Listing(self.served[name])
        provider = self.providers[name]
        assert isinstance(provider, Lists)
        try:
            async with asyncio.timeout(self.deadline_s):
                models = tuple(sorted(set(await provider.list_models(key))))[:MOST]
        except TimeoutError:
            return Listing(problem=f"did not answer within {self.deadline_s:g} s")
        except Exception as error:
            # Its own words may quote the key.
            log.warning("listing the models of %s failed: %s", name, type(error).__name__)
            refused = getattr(error, "status_code", getattr(error, "code", None)) in (400, 401, 403)
            return Listing(problem="refuses the key" if refused else "could not be asked")
        if key is None:
            self.served[name] = models
            self._asked[name] = time.monotonic()
        return Listing(models)
