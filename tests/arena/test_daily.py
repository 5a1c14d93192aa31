"""A day's votes of one person: counted on both databases, refused in clear words, anew after midnight UTC."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from playground.arena.daily import Daily
from playground.arena.records import ArenaError
from playground.arena.votes import Votes
from playground.conversation.allowance import ASKING, Visitor

from .arenas import an_arena
from .records import CONTENDERS, battle, tallied

EVENING = datetime(2026, 3, 1, 23, tzinfo=UTC)


@pytest.fixture
def clock():
    return [EVENING]


@pytest.fixture
def votes(database, clock):
    votes = Votes(database, "host:1", daily=Daily(3, lambda: clock[0]))
    votes.publish(CONTENDERS)
    for at in range(10):
        votes.add_battle(battle(f"b{at}"))
    return votes


def refused(call, *arguments, **options):
    with pytest.raises(ArenaError) as caught:
        call(*arguments, **options)
    assert caught.value.kind == "rate_limit"
    return caught.value.message


def test_more_votes_than_a_day_has_are_refused_and_those_before_are_kept(votes, clock):
    for at in range(3):
        votes.cast(f"b{at}", "a", f"browser {at}", person="home")
    said = refused(votes.cast, "b3", "a", "another browser", person="home")
    assert said.startswith("3 votes have come from your network address today")
    assert "after midnight UTC" in said
    assert tallied(votes.counts()) == [("x", "y", "a", 3)], "the refused one is in no count"
    votes.cast("b3", "b", "browser", person="elsewhere")
    clock[0] += timedelta(hours=2)
    votes.cast("b4", "b", "browser", person="home")


def test_an_account_is_told_that_it_is_the_account(votes):
    for at in range(3):
        votes.cast(f"b{at}", "a", "account:x", person="account:x")
    assert "from your account today" in refused(votes.cast, "b3", "a", "account:x", person="account:x")


def test_a_vote_that_is_taken_back_and_cast_anew_is_one(votes):
    for _ in range(4):
        votes.cast("b9", "a", "me", person="home")
        votes.undo("b9")
    votes.cast("b8", "a", "me", person="home")
    votes.cast("b7", "a", "me", person="home")
    refused(votes.cast, "b6", "a", "me", person="home")


def test_a_named_comparison_is_one_vote_and_a_judges_are_not_counted(votes):
    for at in range(3):
        pairs = [(battle(f"s{at}{pair}", kind="side_by_side"), "a") for pair in range(3)]
        votes.add_comparison(CONTENDERS, pairs, "me", person="home")
    late = [(battle("late", kind="side_by_side"), "a")]
    refused(votes.add_comparison, CONTENDERS, late, "me", person="home")
    with pytest.raises(ArenaError):
        votes.battle("late")
    for at in range(5):
        votes.cast(f"b{at}", "tie", "judge-model", source="judge")


def test_racing_voters_stop_exactly_at_the_limit(votes):
    start = threading.Barrier(5)

    def vote(worker):
        start.wait()
        taken = 0
        for at in range(worker * 2, worker * 2 + 2):
            try:
                votes.cast(f"b{at}", "a", f"browser {worker}", person="home")
                taken += 1
            except ArenaError as error:
                assert error.kind == "rate_limit"
        return taken

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(vote, range(5))) == 3
    assert tallied(votes.counts()) == [("x", "y", "a", 3)]


def test_days_that_are_over_are_forgotten_at_the_next_start(votes, database, clock):
    votes.cast("b0", "a", "me", person="home")
    later = Votes(database, "host:1", daily=Daily(3, lambda: clock[0] + timedelta(days=1)))
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM votes_of_day")).scalar() == 0
    assert later.battle("b0")


async def test_the_arena_counts_by_address_whatever_browser_says_it_votes(tmp_path):
    with an_arena(tmp_path, daily=Daily(2)) as (arena, _):
        outcomes = []
        for at, address in enumerate(["1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2"]):
            ASKING.set(Visitor(address, f"page {at}"))
            fought = await arena.start("Hello", f"browser {at}")
            _ = [one async for one in arena.fight(fought, lambda: 0.01)]
            try:
                outcomes.append((await arena.vote(fought.id, "a", f"browser {at}")).outcome)
            except ArenaError as error:
                outcomes.append(error.kind)
    assert outcomes == ["a", "a", "rate_limit", "a"]


def test_a_clock_that_is_set_back_does_not_open_an_earlier_vote_to_undo(votes):
    first = replace(battle("first", voter="me too"), created=2e9)
    votes.add_battle(first)
    votes.cast("first", "a", "me too")
    votes.add_battle(replace(battle("second", voter="me too"), created=1e9))
    with pytest.raises(ArenaError, match="until the next battle"):
        votes.undo("first")
    votes.cast("second", "a", "me too")
    assert votes.undo("second") == "a"
