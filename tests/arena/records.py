"""Battles and contenders that many tests need."""

import asyncio
import itertools

from playground.arena.counts import OUTCOMES
from playground.arena.records import Answer, Battle, Turn
from playground.models.contenders import ListedContender
from playground.types import Contender, SamplingParams, Usage

CONTENDERS = tuple(
    ListedContender(name, name.upper(), Contender(f"model-{name}", "Be kind.", SamplingParams(temperature=0.5)))
    for name in ("x", "y", "z")
)
ANSWER = Answer("Hello 🌍", "stop", usage=Usage(3, 4), cost=0.01, ttft_s=0.2, duration_s=1.0, dropped=("top_k",))
TIMES = itertools.count(1_000_000)


def battle(id="b1", a="x", b="y", voter="me", status="ready", turns=None, **more):
    """A battle; each is a second later than the one before."""
    turns = (Turn("Hi\x00 there", ANSWER, ANSWER),) if turns is None else turns
    return Battle(id, a, b, voter, float(next(TIMES)), turns, status=status, **more)


async def at_most(seconds, done):
    """Waits until `done()`, and fails when that takes too long to be true at all."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


def tallied(counts):
    """The votes of Counts as sorted rows (seat a, seat b, outcome, how often)."""
    names = counts.contenders
    return sorted(
        (names[a], names[b], OUTCOMES[outcome], int(counts.battles[a, b, outcome]))
        for a, b, outcome in zip(*counts.battles.nonzero(), strict=True)
    )
