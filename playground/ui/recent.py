"""The last few of what was noted; the oldest are forgotten. Knows nothing of what it holds."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

# What has ended is known for as long as news of it may still be on their way.
MOST = 64


class Recent(dict[K, V]):
    """A dict of at most MOST entries, filled by `note` alone."""

    def note(self, key: K, value: V) -> V:
        """The value of `key`: the first one noted, also where two threads note at once."""
        while len(self) >= MOST:
            self.pop(next(iter(self)), None)
        return self.setdefault(key, value)
