"""Votes that outlive the disk: each small batch is one immutable file in a bucket, and a start reads them all back.

A vote is copied whole, with its battle and its contenders, and copies merge in any order, so a file may be written
twice, read twice, or come from another process. Knows no SQL and no page; the bucket is three lines of somebody's API.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import ConfigError, PlaygroundError
from .gathering import MANY, Small

if TYPE_CHECKING:
    from ..arena.copies import Copies, Far

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH_S = 5.0  # how long a vote may wait for others to share a file with
LONGEST_RETRY_S = 60.0
CLOSE_S = 10.0
TRIES = 4
MOST_BATTLES = 200  # in one file


class Bucket(Protocol):
    """Where files are kept under names that are never used twice. Raises BucketError."""

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Every file as (name, content), in the order of the names."""
        ...

    def put(self, name: str, content: bytes) -> None: ...

    def remove(self, names: Sequence[str]) -> None: ...


class BucketError(PlaygroundError):
    """The bucket did not take or give a file. `hopeless`: asking again will not help, the message says what will."""

    def __init__(self, message: str, *, hopeless: bool = False) -> None:
        super().__init__(message)
        self.hopeless = hopeless


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A file on its way. `battles` with how often each had changed when it was written down."""

    name: str
    content: bytes
    battles: dict[str, int]


@dataclass(frozen=True, slots=True)
class Keeping:
    """How far votes outlive this process: not at all, or all but the `unsaved` newest ones."""

    durable: bool = True
    unsaved: int = 0


class Durable:
    """Copies votes to a bucket in the background: `restore`, then `start`; `changed` as votes come, `close` at the end.

    `unsaved` counts the battles whose votes are not in the bucket yet. Where a start met `many` small files, they are
    put together afterwards.
    """

    def __init__(self, bucket: Bucket, *, batch_s: float = BATCH_S, close_s: float = CLOSE_S, many: int = MANY) -> None:
        self._bucket = bucket
        self._batch_s = batch_s
        self._close_s = close_s
        self._many = many
        self._small = Small()
        self._copies: Copies | None = None
        self._pending: dict[str, int] = {}
        self._fragment: _Fragment | None = None
        self._salt_saved = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def unsaved(self) -> int:
        return len(self._pending)

    def restore(self, copies: Copies) -> None:
        """Merges all that is in the bucket into the database, and queues what of the database is not in the bucket.

        Raises ConfigError when the bucket cannot be read: going on would show a leaderboard without its votes.
        """
        self._copies = copies
        saved = _retried(lambda: self._merge_all(copies))
        here = copies.how_far()
        self.changed([battle for battle, far in here.items() if _further(far, saved.get(battle, {}))])
        log.info("votes read back from the bucket: %d battles; not there yet: %d", len(saved), self.unsaved)

    def check(self) -> None:
        """Asks the bucket whether it can be read. Raises ConfigError."""
        _retried(lambda: next(self._bucket.read(), None))

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="copies", daemon=True)
        self._thread.start()

    def changed(self, battles: Sequence[str]) -> None:
        """Queues battles whose votes have changed; returns at once."""
        with self._lock:
            for battle in battles:
                self._pending[battle] = self._pending.get(battle, 0) + 1
        if battles:
            self._wake.set()

    def save(self) -> None:
        """Copies the next batch, if there is one. Raises BucketError; then the same file is sent again next time."""
        if self._fragment is None:
            with self._lock:
                batch = dict(list(self._pending.items())[:MOST_BATTLES])
            if not batch:
                return
            self._fragment = self._written(batch)
        fragment = self._fragment
        self._bucket.put(fragment.name, fragment.content)
        self._fragment, self._salt_saved = None, True
        with self._lock:
            for battle, changes in fragment.battles.items():
                if self._pending.get(battle) == changes:  # else it has changed again meanwhile
                    del self._pending[battle]

    def gather(self) -> None:
        """Puts small files together, if the start met many. What fails is left as it is, for the next start."""
        try:
            self._small.gather(self._bucket, lambda: not self._closing.is_set(), self._many)
        except Exception as error:  # as below: this thread must live on
            log.warning("small files in the bucket were left as they are: %s", _words(error))

    def close(self) -> None:
        """Copies what is left, for some seconds at most, and says how much could not be copied."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self._close_s + 1)
        if self.unsaved:
            log.error("%d votes could not be copied to the bucket before the end", self.unsaved)

    def _run(self) -> None:
        wait_s = self._batch_s
        self.gather()
        while not self._closing.is_set():
            self._wake.wait()
            if self._closing.wait(wait_s):
                break
            wait_s = self._batch_s if self._try_to_save() else min(max(2 * wait_s, 1.0), LONGEST_RETRY_S)
            with self._lock:
                if not self._pending:
                    self._wake.clear()
        until = time.monotonic() + self._close_s
        while self.unsaved and time.monotonic() < until:
            if not self._try_to_save():
                time.sleep(min(0.5, self._close_s / 4))

    def _try_to_save(self) -> bool:
        try:
            self.save()
        except Exception as error:  # whatever it is, this thread must live on: the votes are here and can be sent again
            log.warning("votes not copied yet (%d): %s", self.unsaved, _words(error))
            return False
        return True

    def _written(self, batch: dict[str, int]) -> _Fragment:
        assert self._copies is not None
        lines = self._copies.lines(list(batch))
        if not self._salt_saved:
            lines.insert(0, json.dumps({"salt": self._copies.salt(secrets.token_hex(32))}))
        name = f"{time.time_ns() // 1_000_000:013}-{secrets.token_hex(8)}.jsonl"
        return _Fragment(name, "".join(f"{line}\n" for line in lines).encode(), batch)

    def _merge_all(self, copies: Copies) -> dict[str, dict[str, Far]]:
        """How far the votes in the bucket have come, by battle and source."""
        saved: dict[str, dict[str, Far]] = {}
        self._small = Small()
        for name, content in self._bucket.read():
            try:
                self._merge(copies, content, saved)
                self._small.note(name, content)
            except Exception as error:  # one bad file must not keep all the others away
                log.error("%s in the bucket cannot be read and is left out: %s", name, type(error).__name__)
        return saved

    def _merge(self, copies: Copies, content: bytes, saved: dict[str, dict[str, Far]]) -> None:
        from ..arena.copies import far_of  # late: the database's library takes longer to load than the page

        found: list[Any] = [json.loads(line) for line in content.decode().splitlines()]
        for line in found:
            if "salt" in line and not self._salt_saved:
                copies.salt(line["salt"])
                self._salt_saved = True
        battles = [line for line in found if "battle" in line]
        copies.merge(battles)
        for line in battles:
            known = saved.setdefault(line["battle"][0]["id"], {})
            for source, far in far_of(line).items():
                known[source] = max(far, known.get(source, (0, 0)))


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, BucketError) else type(error).__name__


def _further(here: dict[str, Far], there: dict[str, Far]) -> bool:
    return any(far > there.get(source, (0, 0)) for source, far in here.items())


def _retried(work: Callable[[], T]) -> T:
    for at in range(TRIES):
        try:
            return work()
        except BucketError as error:
            if error.hopeless or at == TRIES - 1:
                raise ConfigError([f"PLAYGROUND_BUCKET cannot be used: {error}"]) from None
            log.warning("the bucket did not answer, asking again: %s", error)
            time.sleep(2.0**at)
    raise AssertionError("unreachable")
