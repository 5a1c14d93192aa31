"""The store under many writers at once, over SQLite and over Postgres."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from playground.arena.records import ArenaError, Turn
from playground.arena.selection import Selection

from .records import CONTENDERS, battle, tallied


def at_once(jobs):
    """Runs all jobs at the same moment; returns what each returned or raised."""
    start = Barrier(len(jobs))

    def run(job):
        start.wait()
        try:
            return job()
        except ArenaError as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_fifty_votes_on_one_battle_one_counts(votes):
    votes.add_battle(battle())
    outcomes = ["a", "b", "tie", "both_bad", "a"] * 10
    said = at_once([lambda outcome=outcome: votes.cast("b1", outcome, "me") for outcome in outcomes])
    [accepted] = [one for one in said if not isinstance(one, ArenaError)]
    refused = [one for one in said if isinstance(one, ArenaError)]
    assert len(refused) == 49
    assert {(one.kind, one.outcome) for one in refused} == {("conflict", accepted.outcome)}
    assert tallied(votes.counts()) == [("x", "y", accepted.outcome, 1)]


def test_a_battle_is_either_voted_on_or_goes_on(votes):
    for at in range(30):
        before = battle(f"b{at}")
        votes.add_battle(before)
        after = replace(before, turns=(*before.turns, Turn("More")), status="running")
        voted, opened = at_once(
            [
                lambda before=before: votes.cast(before.id, "a", "me"),
                lambda before=before, after=after: votes.open_turn(before, after),
            ]
        )
        assert isinstance(voted, ArenaError) != isinstance(opened, ArenaError)


def test_a_failing_side_gets_one_new_opponent(votes):
    for at in range(10):
        votes.add_battle(battle(f"b{at}", status="failed"))
        said = at_once(
            [lambda at=at, name=name: votes.add_battle(battle(f"n{at}{name}", b="z"), f"b{at}") for name in "rstuvw"]
        )
        assert sum(not isinstance(one, ArenaError) for one in said) == 1


def test_of_many_votes_on_one_comparison_one_counts(votes):
    pairs = [("x", "y"), ("x", "z"), ("y", "z")]

    def cast(outcome):
        named = [battle(f"c-{at}", a, b, kind="side_by_side") for at, (a, b) in enumerate(pairs)]
        votes.add_comparison(CONTENDERS, [(one, outcome) for one in named[: 2 if outcome == "a" else 3]], "me")

    said = at_once([lambda outcome=outcome: cast(outcome) for outcome in ["a", "tie", "both_bad"] * 6])
    assert sum(not isinstance(one, ArenaError) for one in said) == 1
    stored = tallied(votes.counts(Selection(kind="side_by_side")))
    assert len({outcome for _, _, outcome, _ in stored}) == 1 and {votes for *_, votes in stored} == {1}


def test_nothing_is_lost_among_many_voters(votes):
    def many(name):
        for at in range(25):
            votes.add_battle(battle(f"{name}-{at}", voter=name))
            votes.cast(f"{name}-{at}", "a", name)

    at_once([lambda name=name: many(name) for name in "abcdefgh"])
    assert tallied(votes.counts()) == [("x", "y", "a", 200)]
