"""Votes of every kind between contenders with nasty names, and what an export makes of them."""

import json

from playground.arena.counts import OUTCOMES
from playground.arena.exchange import exported
from playground.arena.records import Answer, Turn
from playground.arena.selection import CATEGORIES
from playground.arena.style import Style
from playground.models.contenders import ListedContender
from playground.types import Contender, SamplingParams

from .records import battle

NASTY = ('=HYPERLINK("http://evil")', "a, b\nand <b>c</b>", "🦙 Лама", "+1")
IDS = [f"{at:016x}" for at in range(4)]
CONTENDERS = tuple(
    ListedContender(key, name, Contender("model", f"Be {key}.", SamplingParams(temperature=0.5, stop=("x",))))
    for key, name in zip(IDS, NASTY, strict=True)
)
PAIRS = [(a, b) for a in IDS for b in IDS if a != b]


def fill(votes, many=60):
    """Votes of every kind, some of them leaked, undone, changed or cast by a judge as well."""
    votes.publish(CONTENDERS)
    for at in range(many):
        a, b = PAIRS[at % len(PAIRS)]
        turns = tuple(
            Turn(f"Prompt {at}.{turn}", Answer(f"From a {at}.{turn}", "stop"), Answer(f"From b {at}.{turn}", "stop"))
            for turn in range(1 + at % 3 // 2)
        )
        leaked = ("b",) if at % 10 == 3 else ()
        one = battle(f"b{at}", a, b, f"v{at % 4}", turns=turns, leaked=leaked, category=CATEGORIES[at % 4])
        votes.add_battle(one)
        votes.close_turn(one, {"a": Style(at % 7, 1, 2, 3), "b": Style(at % 5)})
        votes.cast(one.id, OUTCOMES[at % 11 % 4], one.voter)
        if at % 9 == 8:
            votes.undo(one.id)
        if at % 18 == 8:
            votes.cast(one.id, "a", one.voter)
        if at % 6 == 0:
            votes.cast(one.id, OUTCOMES[at % 3], "judge-model", source="judge")
    votes.add_comparison(CONTENDERS[:2], [(battle("named", IDS[0], IDS[1], kind="side_by_side"), "b")], "v1")


def rows_of(votes, form):
    return [json.loads(line) for line in exported(votes, form)]


def said(role, content):
    return {"role": role, "content": content}


ONE = (Turn("Hi", Answer("From a"), Answer("From b")),)
