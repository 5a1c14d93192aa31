"""The ready-made counts are the votes, whatever happened; selections, days, history, figures, agreement, styles."""

import itertools
import random
import threading
from contextlib import suppress

import pytest
from sqlalchemy import text

from playground.arena.counts import OUTCOMES, Counts
from playground.arena.records import ArenaError
from playground.arena.selection import CATEGORIES, Selection
from playground.arena.style import Style
from playground.arena.style_effects import StyledVote

from .records import ANSWER, CONTENDERS, Turn, battle, tallied

SUMS = (
    "SUM(CASE WHEN outcome = 'a' THEN 1 ELSE 0 END), SUM(CASE WHEN outcome = 'b' THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN outcome = 'tie' THEN 1 ELSE 0 END), SUM(CASE WHEN outcome = 'both_bad' THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN (outcome = 'a' AND longer > 0) OR (outcome = 'b' AND longer < 0) THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN (outcome = 'a' AND longer < 0) OR (outcome = 'b' AND longer > 0) THEN 1 ELSE 0 END)"
)
BY_CATEGORY = text(
    f"SELECT source, kind, category, leaked, a, b, {SUMS} FROM vote WHERE revised = 0 AND category <> '' "
    "GROUP BY source, kind, category, leaked, a, b"
)
WHOLE = text(
    f"SELECT source, kind, 'all', leaked, a, b, {SUMS} FROM vote WHERE revised = 0 GROUP BY source, kind, leaked, a, b"
)
READY = text(
    "SELECT source, kind, category, leaked, a, b, won_a, won_b, ties, both_bad, longer_won, longer_lost "
    "FROM pair_count WHERE won_a + won_b + ties + both_bad > 0"
)


def rows(database, query):
    with database.reading() as connection:
        return sorted(tuple(map(str, row)) for row in connection.execute(query))


def agree(database):
    ready = rows(database, READY)
    assert ready == sorted(rows(database, WHOLE) + rows(database, BY_CATEGORY))
    return ready


def add(votes, at, rng, leaked=(), kind="blind", category="", voter="me"):
    a, b = rng.sample([one.id for one in CONTENDERS], 2)
    one = battle(f"b{at}", a, b, voter, leaked=leaked, kind=kind, category=category)
    votes.add_battle(one)
    votes.close_turn(one, {"a": Style(rng.randrange(3)), "b": Style(rng.randrange(3))})
    return one


def test_ready_made_counts_are_the_votes_after_everything_that_can_happen(votes, database):
    rng = random.Random(5)
    for at in range(120):
        leaked = rng.choice([(), (), (), ("a",), ("a", "b")])
        one = add(votes, at, rng, leaked, category=rng.choice(("", *CATEGORIES)))
        for _ in range(rng.randrange(4)):
            with suppress(ArenaError):
                if rng.random() < 0.5:
                    votes.cast(one.id, rng.choice(OUTCOMES), "me")
                else:
                    votes.undo(one.id)
        if at % 5 == 0:
            votes.cast(one.id, rng.choice(OUTCOMES), "judge-model", source="judge")
        if at % 20 == 0:
            pair = [(battle(f"n{at}{k}", *ab, kind="side_by_side"), "tie") for k, ab in enumerate(["xy", "xz", "zy"])]
            votes.add_comparison(CONTENDERS, pair, "me")
    assert len(agree(database)) > 12


def test_ready_made_counts_are_the_votes_when_many_vote_at_once(votes, database):
    rng = random.Random(6)
    battles = [add(votes, at, rng) for at in range(80)]

    def work(mine):
        for at, one in enumerate(mine):
            votes.cast(one.id, OUTCOMES[at % 4], "me")
            named = [
                (battle(f"n{one.id}{ab}", *ab, kind="side_by_side"), "a") for ab in (["xy", "zx"], ["zx", "xy"])[at % 2]
            ]
            votes.add_comparison(CONTENDERS, named, "me")

    threads = [threading.Thread(target=work, args=[battles[at::4]]) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    agree(database)
    assert votes.counts().votes == 80
    assert votes.counts(Selection(kind="side_by_side")).votes == 160


@pytest.fixture
def many(votes):
    rng = random.Random(7)
    for at in range(90):
        one = add(votes, at, rng, ("b",) if at % 7 == 0 else (), "blind", CATEGORIES[at % 4], f"v{at % 3}")
        votes.cast(one.id, OUTCOMES[at % 4], one.voter)
    return votes


def test_a_filter_that_lets_everything_through_gives_the_ready_made_counts(many):
    for leaked, category in itertools.product((False, True), (None, *CATEGORIES)):
        whole, filtered = (
            Selection(leaked=leaked, category=category),
            Selection("human", "blind", leaked, 0.0, category),
        )
        assert tallied(many.counts(filtered)) == tallied(many.counts(whole))
        assert many.longer(filtered) == many.longer(whole)


def test_filters_part_the_votes(many):
    assert sum(many.counts(Selection(leaked=True, category=one)).votes for one in CATEGORIES) == 90
    assert [many.counts(Selection(leaked=True, voter=f"v{at}")).votes for at in range(4)] == [30, 30, 30, 0]
    assert many.counts(Selection(since=1e12)).votes == 0
    assert many.counts().votes == 90 - 13
    both = Selection(category="code", voter="v0", leaked=True)
    assert many.counts(both).votes == sum(1 for at in range(90) if at % 12 == 0)


def at_time(database, battle_id, seconds):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE vote SET created = :at WHERE battle = :id"), {"at": seconds, "id": battle_id})


def test_days_are_counted_in_utc_and_end_at_midnight(many, database):
    for at in range(90):
        at_time(database, f"b{at}", 86_400 * 100 + (-0.6 if at < 30 else 0.6 if at < 60 else 86_400 * 3))
    assert many.days(Selection(leaked=True)) == [(99, 30), (100, 30), (103, 30)]
    assert many.days(Selection(since=1e12)) == []


def test_history_has_the_votes_of_a_pair_in_order_from_either_seat(votes, database):
    votes.publish(CONTENDERS)
    for at, (a, b, outcome) in enumerate([("x", "y", "a"), ("y", "x", "a"), ("x", "y", "tie"), ("x", "z", "a")]):
        votes.add_battle(battle(f"b{at}", a, b))
        votes.cast(f"b{at}", outcome, "me")
        at_time(database, f"b{at}", 1000.0 + 10 * at)
    steps = votes.history("x", "y", 4)
    assert [step for step, _ in steps] == sorted(step for step, _ in steps)
    assert [tallied(counts) for _, counts in steps] == [
        [("x", "y", "a", 1)],
        [("y", "x", "a", 1)],
        [("x", "y", "tie", 1)],
    ]
    assert all(counts.contenders == ("x", "y") for _, counts in steps)
    assert votes.history("y", "z", 4) == []


def test_figures_are_those_of_the_newest_battles_in_either_seat(votes):
    for at in range(6):
        one = battle(f"b{at}", *("xy" if at % 2 else "zx"), turns=(Turn("Hi", ANSWER, ANSWER),))
        votes.add_battle(one)
        votes.close_turn(one, {"a": Style(), "b": Style()})
        assert votes.figures("x", 10) == [(0.2, 0.01)] * at, "what has no vote yet would tell who is who"
        votes.cast(f"b{at}", "tie", "me")
    assert votes.figures("x", 2) == [(0.2, 0.01)] * 4
    assert votes.figures("y", 2) == [(0.2, 0.01)] * 2
    assert votes.figures("nobody", 2) == []


def test_agreement_pairs_what_people_and_the_judge_said(votes):
    votes.publish(CONTENDERS)
    for at, (human, judge) in enumerate([("a", "a"), ("a", "b"), ("both_bad", "tie"), ("b", None), (None, "b")]):
        votes.add_battle(battle(f"b{at}"))
        if human:
            votes.cast(f"b{at}", human, "me")
        if judge:
            votes.cast(f"b{at}", judge, "judge-model", source="judge")
    assert sorted(votes.agreement()) == [("a", "a", 1), ("a", "b", 1), ("both_bad", "tie", 1)]
    assert votes.counts().votes == votes.counts(Selection(source="judge")).votes == 4


def test_styled_votes_are_the_newest_one_by_one(many):
    every = many.styled(Selection(), 1000)
    assert tallied(Counts.of((one.a, one.b, one.outcome, 1) for one in every)) == tallied(many.counts())
    assert len(many.styled(Selection(), 10)) == 10
    assert isinstance(every[0], StyledVote) and {one.style_a.tokens for one in every} == {0, 1, 2}


def test_the_longer_answers_share_is_of_decided_votes_between_unequal_lengths(votes):
    ended = [(9, 3, "a"), (9, 3, "a"), (3, 9, "b"), (9, 3, "b"), (9, 3, "tie"), (9, 3, "both_bad"), (9, 9, "a")]
    for at, (of_a, of_b, outcome) in enumerate(ended):
        one = battle(f"b{at}")
        votes.add_battle(one)
        votes.close_turn(one, {"a": Style(of_a), "b": Style(of_b)})
        votes.cast(one.id, outcome, "me")
    assert votes.longer() == votes.longer(Selection(since=0.0)) == (3, 1)
