"""A pair that somebody brings along from an experiment: theirs alone, until it has votes."""

import pytest

from playground.arena.records import ArenaError
from playground.arena.standings import Standings
from playground.errors import ProviderError
from playground.models.contenders import listed
from playground.types import Contender, SamplingParams

from .arenas import an_arena, spoken


def pair_of(arena, *temperatures):
    model = arena._backends.catalog.get("alpha")
    return tuple(listed(Contender("alpha", "", SamplingParams(temperature=one)), model) for one in temperatures)


async def fought(arena, battle):
    return [showing async for showing in arena.fight(battle, lambda: 0.01)][-1]


async def test_a_private_pair_fights_in_shuffled_seats_and_nobody_else_meets_it(tmp_path):
    with an_arena(tmp_path) as (arena, provider):
        pair = pair_of(arena, 0.1, 1.9)
        before = list(arena.listed)
        firsts = set()
        for _ in range(12):
            battle = await arena.start("Hello", "me", private=pair)
            assert {battle.a, battle.b} == {one.id for one in pair}
            firsts.add(battle.a)
        assert len(firsts) == 2
        assert list(arena.listed) == before
        assert (await fought(arena, battle)).ready
        assert {request.sampling.temperature for request in provider.requests} == {0.1, 1.9}
        other = await arena.start("Hello", "you")
        assert not {other.a, other.b} & {one.id for one in pair}
        with pytest.raises(ArenaError):
            await arena.start("Hello", "you", [pair[0].id])


async def test_it_is_on_the_leaderboard_once_it_has_votes(tmp_path):
    with an_arena(tmp_path) as (arena, _):
        standings = Standings(arena.store, lambda: arena.listed)
        pair = pair_of(arena, 0.1, 1.9)
        battle = await arena.start("Hello", "me", private=pair)
        await fought(arena, battle)
        names = {one.name for one in pair}
        assert not names & set((await standings.board()).contenders)
        reveal = await arena.vote(battle.id, "a", "me")
        assert {reveal.a.contender.name, reveal.b.contender.name} == names
        assert names <= {one.contender for one in (await standings.board()).board.ratings}


async def test_whoever_fails_of_it_tries_once_more(tmp_path):
    failures = iter([True, True])  # the driver tries once more by itself

    def script(request):
        if request.sampling.temperature == 1.9 and next(failures, False):
            return [ProviderError("server", "It broke.")]
        return spoken(request)

    with an_arena(tmp_path, script) as (arena, _):
        battle = await arena.start("Hello", "me", private=pair_of(arena, 0.1, 1.9))
        assert (await fought(arena, battle)).failed
        again = await arena.redraw(battle.id)
        assert (again.a, again.b) == (battle.a, battle.b)
        assert (await fought(arena, again)).ready


async def test_a_pair_of_one_is_refused(tmp_path):
    with an_arena(tmp_path) as (arena, _), pytest.raises(ArenaError, match="two settings that differ"):
        await arena.start("Hello", "me", private=pair_of(arena, 0.5, 0.5))
