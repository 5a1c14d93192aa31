"""A side of a battle that fails: the other stays, and somebody else takes the seat."""

import asyncio

import pytest

from playground.errors import ProviderError
from playground.providers.scripted import answer
from playground.types import Finished, TextDelta, Usage

from .arenas import fought, model_of, refused, spoken


@pytest.mark.parametrize(
    "failure",
    [
        [ProviderError("auth", "Model Bravo says the key is wrong.")],
        [TextDelta("Half an ans"), ProviderError("connection", "lab dropped the line.")],
        [TextDelta("I cannot help with that."), Finished("content_filter", Usage(1, 1))],
        [Finished("stop", Usage(1, 0))],
        [TextDelta(""), ProviderError("timeout", "Model Bravo is too slow.")],
    ],
)
async def test_a_failing_side_leaves_the_other_and_gives_its_seat_to_somebody_else(make_arena, failure):
    arena, provider = make_arena(
        lambda request: failure if request.model.id == "bravo" else spoken(request), charlie=""
    )
    while True:
        battle = await arena.start("Hello", "me")
        models = {seat: model_of(arena, battle.contender(seat)) for seat in "ab"}
        if "bravo" in models.values():
            break
        await fought(arena, battle)
    broken = "a" if models["a"] == "bravo" else "b"
    stays = "ab".replace(broken, "")
    last = (await fought(arena, battle))[-1]
    assert (last.ready, last.failed) == (False, (broken,))
    assert last.panes[stays].done and last.panes[broken].failed
    assert "key" not in repr(last) and "Model" not in repr(last)
    await refused("too_early", arena.vote(battle.id, "a", "me"))
    asked = len(provider.requests)
    after = await arena.redraw(battle.id)
    showings = await fought(arena, after)
    assert showings[-1].ready
    assert showings[0].panes[stays] == last.panes[stays]
    assert [request.model.id for request in provider.requests[asked:]] == [model_of(arena, after.contender(broken))]
    assert after.contender(stays) == battle.contender(stays)
    assert after.contender(broken) not in (battle.a, battle.b)
    await arena.vote(after.id, "a", "me")
    await refused("conflict", arena.vote(battle.id, "a", "me"))
    await refused("conflict", arena.redraw(battle.id))


async def test_with_two_contenders_the_failing_one_tries_again(make_arena):
    tries = []

    def script(request):
        tries.append(request.model.id)
        return (
            [ProviderError("server", "Down.")]
            if tries.count("bravo") < 3 and request.model.id == "bravo"
            else answer("Hi")
        )

    arena, _ = make_arena(script)
    battle = await arena.start("Hello", "me")
    assert (await fought(arena, battle))[-1].failed
    after = await arena.redraw(battle.id)
    assert {after.a, after.b} == {battle.a, battle.b}
    assert (await fought(arena, after))[-1].ready


async def test_both_sides_may_fail(make_arena):
    arena, provider = make_arena([ProviderError("auth", "No.")])
    battle = await arena.start("Hello", "me")
    assert (await fought(arena, battle))[-1].failed == ("a", "b")
    provider.script = spoken
    assert (await fought(arena, await arena.redraw(battle.id)))[-1].ready


async def test_a_failure_in_a_later_turn_leaves_the_vote_open_and_a_newcomer_answers_every_turn(make_arena):
    def script(request):
        late = request.model.id == "bravo" and request.messages[-1].content == "Second"
        return [ProviderError("server", "Down.")] if late else spoken(request)

    arena, provider = make_arena(script, charlie="", bravo="pinned = true")
    battle = await arena.start("First", "me")
    await fought(arena, battle)
    last = (await fought(arena, await arena.turn(battle.id, "Second")))[-1]
    assert last.ready and len(last.failed) == 1
    asked = len(provider.requests)
    after = await arena.redraw(battle.id)
    showings = await fought(arena, after)
    assert [showing.turn for showing in showings][-1] == 1 and showings[0].turn == 0
    assert [request.messages[-1].content for request in provider.requests[asked:]] == ["First", "Second"]
    assert showings[-1].ready
    await arena.vote(after.id, "tie", "me")


@pytest.mark.parametrize("broken", [("bravo",), ("alpha", "bravo")])
async def test_a_newcomer_who_fails_on_an_earlier_prompt_is_replaced_as_well(make_arena, broken):
    down = set()

    def script(request):
        late = request.model.id in broken and request.messages[-1].content == "Second"
        return [ProviderError("server", "Down.")] if late or request.model.id in down else spoken(request)

    arena, provider = make_arena(script, charlie="")
    ids = {one.contender.model: one.id for one in arena.listed}
    battle = await arena.start("First", "me", [ids["alpha"], ids["bravo"]])
    await fought(arena, battle)
    last = (await fought(arena, await arena.turn(battle.id, "Second")))[-1]
    assert len(last.failed) == len(broken)
    down |= {"charlie"}
    after = await arena.redraw(battle.id)
    [newcomer] = [seat for seat in "ab" if model_of(arena, after.contender(seat)) == "charlie"]
    last = (await fought(arena, after))[-1]
    assert (last.ready, last.failed) == (False, (newcomer,))
    down.clear()
    provider.script = spoken
    last = (await fought(arena, await arena.redraw(after.id)))[-1]
    assert last.ready and last.turn == 1


async def test_a_newcomer_who_is_stopped_at_once_leaves_the_seat_to_another(make_arena):
    def script(request):
        if request.model.id == "charlie":
            return [5.0, *answer("late")]
        return [ProviderError("server", "Down.")] if request.model.id == "bravo" else spoken(request)

    arena, provider = make_arena(script, charlie="")
    ids = {one.contender.model: one.id for one in arena.listed}
    battle = await arena.start("Hello", "me", [ids["alpha"], ids["bravo"]])
    [failed] = (await fought(arena, battle))[-1].failed
    after = await arena.redraw(battle.id)
    async for showing in arena.fight(after, lambda: 0.01):
        asyncio.get_running_loop().call_soon(arena._fights.going_on[after.id].stop.set) if not showing.over else None
    assert (showing.ready, showing.failed) == (False, (failed,))
    provider.script = spoken
    assert (await fought(arena, await arena.redraw(after.id)))[-1].ready
