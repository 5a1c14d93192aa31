"""What the votes say now: leaderboards, verdicts, figures. Asks the store for counts; knows no page and no SQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from ..errors import PlaygroundError
from ..models.contenders import ListedContender, labelled
from .counts import Counts
from .exchange import exported
from .export import Format
from .leaderboard import Leaderboard, leaderboard
from .ratings import Options
from .selection import Selection
from .style_effects import ENOUGH_VOTES, LongerAnswer
from .verdict import Verdict, verdict, verdict_between

if TYPE_CHECKING:
    from .votes import Votes

T = TypeVar("T")

FRESH_S = 5.0  # votes of this process show at once; those of another one beside it after so long
MOST_KEPT = 64
STEPS = 200
FIGURES_FROM = 200  # newest battles of each seat that median and mean are taken of
MOST_STYLED = 50_000


class UnknownContenderError(PlaygroundError):
    """Nobody on the leaderboard is called that."""


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A leaderboard whose contenders go by unique names; `contenders` says who they are."""

    board: Leaderboard
    counts: Counts
    contenders: Mapping[str, ListedContender]
    longer: LongerAnswer
    styled: bool = False

    @property
    def ids(self) -> dict[str, str]:
        return {name: one.id for name, one in self.contenders.items()}

    @property
    def can_be_styled(self) -> bool:
        """Whether there are enough votes to tell style from substance."""
        return self.board.votes >= ENOUGH_VOTES


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a contender's newest battles: median time to the first token in s, mean cost of a battle in USD.

    None where nothing is known: no battle here, or a price unknown.
    """

    ttft_s: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verdict as it was after so many decided votes."""

    votes: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `battles` judged by a model and by people, how many got the same outcome; both bad is a tie to a judge."""

    battles: int
    same: int

    @property
    def share(self) -> float | None:
        return self.same / self.battles if self.battles else None


class Standings:
    """Leaderboards of a store that `open_store` waits for. What was computed is kept until somebody votes."""

    def __init__(self, open_store: Callable[[], Awaitable[Votes]], listed: Callable[[], Sequence[ListedContender]]):
        self._open_store = open_store
        self._listed = listed
        self._kept: dict[tuple[Selection, Options, bool], tuple[int, float, Board]] = {}

    async def board(
        self, selection: Selection = Selection(), options: Options = Options(), *, styled: bool = False
    ) -> Board:
        """The leaderboard of the votes in `selection`; `styled` rates as if all answers were dressed alike."""
        store = await self._open_store()
        key = (selection, options, styled)
        changes, now = store.changes, time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and kept[0] == changes and now - kept[1] < FRESH_S:
            return kept[2]
        board = await asyncio.to_thread(self._board, store, selection, options, styled)
        self._kept.pop(key, None)
        self._kept[key] = (changes, now, board)
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return board

    async def verdict(self, a: str, b: str, selection: Selection = Selection()) -> Verdict:
        """The verdict on two contenders by id or name. Raises UnknownContenderError; BadVoteError for a pair of one."""
        board = await self.board(selection)
        return verdict_between(board.counts, _name(board, a), _name(board, b))

    async def evidence(self, a: str, b: str, selection: Selection = Selection()) -> list[Evidence]:
        """How the verdict on two contenders came about, in at most STEPS steps. Raises as `verdict` does."""
        board = await self.board(selection)
        x, y = (board.contenders[_name(board, one)].id for one in (a, b))
        found = await self._ask(lambda store: store.history(x, y, STEPS, selection))
        sums = [0, 0, 0]
        steps: list[Evidence] = []
        for _, counts in found:
            sums[0] += int(counts.wins[0, 1])
            sums[1] += int(counts.wins[1, 0])
            sums[2] += int(counts.ties[0, 1])
            steps.append(Evidence(sums[0] + sums[1], verdict(*sums)))
        return steps

    async def days(self, selection: Selection = Selection()) -> list[tuple[int, int]]:
        """(day since the epoch in UTC, votes) of each day with votes."""
        return await self._ask(lambda store: store.days(selection))

    async def figures(self, contenders: Iterable[str]) -> dict[str, Figures]:
        """The figures of each contender, by id."""
        return await self._ask(lambda store: {one: _figures(store, one) for one in contenders})

    async def agreement(self) -> Agreement:
        """How far the judge and people agree, over the blind battles that both have judged."""
        found = await self._ask(lambda store: store.agreement())
        same = sum(battles for human, judge, battles in found if human.replace("both_bad", "tie") == judge)
        return Agreement(sum(battles for *_, battles in found), same)

    async def exported(self, form: Format) -> Iterator[str]:
        """The lines of an export; blocking while they are read."""
        return exported(await self._open_store(), form)

    async def _ask(self, question: Callable[[Votes], T]) -> T:
        return await asyncio.to_thread(question, await self._open_store())

    def _board(self, store: Votes, selection: Selection, options: Options, styled: bool) -> Board:
        listed = {one.id: one for one in self._listed() if not one.retired}
        votes = store.styled(selection, MOST_STYLED) if styled else None
        counts = store.counts(selection) if votes is None else Counts.of((v.a, v.b, v.outcome, 1) for v in votes)
        counts = counts.including(list(listed))
        named = labelled({**store.contenders(counts.contenders), **listed})
        by_name = Counts(tuple(named[one].name for one in counts.contenders), counts.battles)
        if votes is not None:
            votes = [v.between(named[v.a].name, named[v.b].name) for v in votes]
        return Board(
            leaderboard(by_name, options, votes),
            by_name,
            {one.name: one for one in named.values()},
            LongerAnswer(*store.longer(selection)),
            styled,
        )


def _name(board: Board, contender: str) -> str:
    for name, one in board.contenders.items():
        if contender in (one.id, name):
            return name
    text = f"There is no contender {contender[:80]!r} here: take an id or a name of GET /leaderboard."
    raise UnknownContenderError(text)


def _figures(store: Votes, contender: str) -> Figures:
    newest = store.figures(contender, FIGURES_FROM)
    ttfts = [ttft_s for ttft_s, _ in newest if ttft_s is not None]
    costs = [cost for _, cost in newest if cost is not None]
    # An unknown price is no price of 0, and the mean of the known ones would be that of other battles.
    known = bool(costs) and len(costs) == len(newest)
    return Figures(median(ttfts) if ttfts else None, sum(costs) / len(costs) if known else None)
