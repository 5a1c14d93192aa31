"""Battles from the first token to the reveal, over scripted providers and a real store."""

import asyncio
from contextlib import ExitStack, aclosing

import pytest

from playground.arena.battle import LONGEST_PROMPT
from playground.arena.database import Database
from playground.arena.records import MOST_TURNS, ArenaError
from playground.arena.votes import Votes
from playground.errors import ProviderError
from playground.providers.scripted import answer
from playground.types import Finished, Started, TextDelta, ThinkingDelta, Usage

from .arenas import an_arena, model_of, spoken
from .records import at_most


@pytest.fixture
def make_arena(tmp_path):
    with ExitStack() as stack:
        yield lambda script=spoken, **how: stack.enter_context(an_arena(tmp_path, script, **how))


async def fought(arena, battle):
    return [showing async for showing in arena.fight(battle, lambda: 0.01)]


async def refused(kind, work):
    with pytest.raises(ArenaError) as caught:
        await work
    assert caught.value.kind == kind, caught.value.message
    for name in ("alpha", "bravo", "charlie", "Uno", "Dos", "Tres", "lab"):
        assert name.lower() not in caught.value.message.lower()
    return caught.value


async def test_a_battle_from_the_prompt_to_the_reveal(make_arena):
    arena, provider = make_arena(spoken)
    battle = await arena.start("Hello", "me")
    assert provider.requests == []
    showings = await fought(arena, battle)
    last = showings[-1]
    assert last.over and last.ready and not any(showing.ready for showing in showings[:-1])
    texts = {seat: pane.text for seat, pane in last.panes.items()}
    reveal = await arena.vote(battle.id, "a", "me")
    for seat, side in (("a", reveal.a), ("b", reveal.b)):
        assert texts[seat].startswith(f"{side.contender.contender.model} says: Hello")
        assert side.stats.usage.output_tokens > 0
        assert side.stats.ttft_s > 0
    assert {reveal.a.contender.name, reveal.b.contender.name} == {"Uno", "Dos"}
    assert reveal.counts


async def test_each_side_gets_its_own_prompt_parameters_and_history(make_arena):
    arena, provider = make_arena(spoken)
    battle = await arena.start("Hello", "me")
    first = await fought(arena, battle)
    again = await arena.turn(battle.id, "Go on")
    await fought(arena, again)
    for request in provider.requests[2:]:
        seat = "a" if model_of(arena, battle.a) == request.model.id else "b"
        said = [(message.role, message.content) for message in request.messages]
        expected = [("user", "Hello"), ("assistant", first[-1].panes[seat].text), ("user", "Go on")]
        assert said == ([("system", "Be brief."), *expected] if request.model.id == "alpha" else expected)
        assert request.sampling.temperature == (0.3 if request.model.id == "alpha" else None)


async def test_the_record_is_written_before_the_first_token(make_arena, tmp_path):
    seen = []

    def script(request):
        store = Votes(Database("", tmp_path), "host:9")
        seen.append(store.battle(battle.id).status)
        return answer("Hi")

    arena, _ = make_arena(script)
    battle = await arena.start("Hello", "me")
    await fought(arena, battle)
    assert seen == ["running", "running"]


async def test_nothing_but_text_is_shown_before_the_vote(make_arena):
    def script(request):
        return [
            ThinkingDelta(f"I am {request.model.id}"),
            TextDelta("Same words."),
            Finished("length", Usage(7, len(request.model.id) * 100), f"detail of {request.model.id}"),
        ]

    arena, _ = make_arena(script)
    showings = await fought(arena, await arena.start("Hello", "me"))
    shown = repr([(showing.panes, showing.ready, showing.failed) for showing in showings])
    assert "Same words." in shown
    for word in ("I am", "detail", "length", "alpha", "bravo", "500"):
        assert word not in shown


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
        asyncio.get_running_loop().call_soon(arena._fights[after.id].stop.set) if not showing.over else None
    assert (showing.ready, showing.failed) == (False, (failed,))
    provider.script = spoken
    assert (await fought(arena, await arena.redraw(after.id)))[-1].ready


def endless(request):
    while True:
        yield TextDelta("word ")
        yield 0.005


async def test_a_reader_who_stops_votes_on_what_is_there(make_arena):
    arena, _ = make_arena(endless)
    battle = await arena.start("Hello", "me")
    shown = []
    async for showing in arena.fight(battle, lambda: 0.01):
        shown.append(showing)
        if len(showing.panes["a"].text) > 20:
            await asyncio.wait({asyncio.ensure_future(arena.stop(battle.id))}, timeout=0.001)
    assert shown[-1].ready
    reveal = await arena.vote(battle.id, "a", "me")
    assert reveal.a.stats.usage.estimated and reveal.a.stats.usage.output_tokens > 0
    assert shown[-1].panes["a"].text == shown[-2].panes["a"].text


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_reader_who_hangs_up_stops_both_models_and_can_come_back_to_vote(make_arena, how, tmp_path):
    open_calls = []

    class Endless:
        async def stream(self, request, key=None):
            open_calls.append(request)
            yield Started()
            try:
                while True:
                    yield TextDelta("word ")
                    await asyncio.sleep(0.005)
            finally:
                open_calls.remove(request)

    arena, _ = make_arena([])
    arena._backends.providers["lab"] = Endless()
    battle = await arena.start("Hello", "me")

    async def read():
        async with aclosing(arena.fight(battle, lambda: 0.01)) as showings:
            async for showing in showings:
                if len(showing.panes["a"].text) > 20:
                    if how == "close":
                        return
                    asyncio.current_task().cancel()

    task = asyncio.ensure_future(read())
    await asyncio.wait({task})
    assert task.cancelled() == (how == "cancel")
    await at_most(2, lambda: not open_calls)
    assert (await arena.vote(battle.id, "b", "me")).outcome == "b"


async def test_a_stop_before_the_first_word_leaves_nothing_to_vote_on(make_arena):
    arena, _ = make_arena([5.0, *answer("late")])
    battle = await arena.start("Hello", "me")
    async for showing in arena.fight(battle, lambda: 0.01):
        asyncio.get_running_loop().call_soon(arena._fights[battle.id].stop.set) if not showing.over else None
    assert not showing.ready and not showing.failed
    await refused("conflict", arena.vote(battle.id, "a", "me"))


async def test_an_answer_that_names_itself_is_told_after_the_vote_and_not_counted(make_arena):
    arena, _ = make_arena(
        lambda request: answer("I am Model Alpha." if request.model.id == "alpha" else "I am nobody.")
    )
    battle = await arena.start("Who are you?", "me")
    await fought(arena, battle)
    reveal = await arena.vote(battle.id, "a", "me")
    [leaked] = reveal.leaked
    assert {"a": reveal.a, "b": reveal.b}[leaked].contender.name == "Uno"
    assert not reveal.counts


async def test_undo_lasts_until_the_next_battle(make_arena):
    arena, _ = make_arena(lambda _: answer("Hi"))
    battle = await arena.start("Hello", "me")
    await fought(arena, battle)
    await arena.vote(battle.id, "a", "me")
    assert await arena.undo(battle.id) == "a"
    assert not (await arena.vote(battle.id, "b", "me")).counts
    await arena.start("Next", "me")
    await refused("conflict", arena.undo(battle.id))
    [(_, first), (_, second)] = await arena.tally("me")
    assert (first.battles, second.battles, first.wins + second.wins) == (1, 1, 1)


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("", "bad_request"),
        (" \n", "bad_request"),
        ("half \ud800", "bad_request"),
        ("x" * (LONGEST_PROMPT + 1), "context_length"),
        ("word " * 5000, "context_length"),
    ],
)
async def test_a_prompt_nobody_could_answer_is_refused(make_arena, prompt, kind):
    arena, provider = make_arena(spoken)
    await refused(kind, arena.start(prompt, "me"))
    battle = await arena.start("Hello", "me")
    await fought(arena, battle)
    await refused(kind, arena.turn(battle.id, prompt))
    assert len(provider.requests) == 2
    await arena.vote(battle.id, "a", "me")


async def test_a_long_prompt_goes_to_those_who_can_take_it(make_arena):
    arena, _ = make_arena(spoken, charlie="", window=90_000)
    for _ in range(5):
        battle = await arena.start("word " * 5000, "me")
        assert {model_of(arena, battle.a), model_of(arena, battle.b)} == {"bravo", "charlie"}


async def test_one_contender_is_not_enough(make_arena):
    arena, _ = make_arena(spoken, bravo="retired = true")
    error = await refused("unavailable", arena.start("Hello", "me"))
    assert "key" in error.message


async def test_the_pair_can_be_chosen_and_one_side_of_it(make_arena):
    arena, _ = make_arena(spoken, charlie="")
    ids = {one.name: one.id for one in arena.listed}
    battle = await arena.start("Hello", "me", [ids["Uno"], ids["Tres"]])
    assert {battle.a, battle.b} == {ids["Uno"], ids["Tres"]}
    battle = await arena.start("Hello", "me", [ids["Dos"]])
    assert ids["Dos"] in (battle.a, battle.b)
    for wrong in ([ids["Uno"]] * 2, ["nobody", ids["Uno"]], [], list(ids.values())):
        await refused("bad_request", arena.start("Hello", "me", wrong))


async def test_a_battle_has_at_most_so_many_turns(make_arena):
    arena, _ = make_arena(lambda _: answer("Hi", piece=2))
    battle = await arena.start("Hello", "me")
    await fought(arena, battle)
    for _ in range(MOST_TURNS - 1):
        await fought(arena, await arena.turn(battle.id, "More"))
    await refused("conflict", arena.turn(battle.id, "More"))
    assert (await arena.vote(battle.id, "a", "me")).counts


async def test_a_running_or_voted_battle_takes_no_turn_and_no_redraw(make_arena):
    arena, _ = make_arena(lambda _: answer("Hi"))
    battle = await arena.start("Hello", "me")
    await refused("too_early", arena.turn(battle.id, "More"))
    await refused("too_early", arena.vote(battle.id, "a", "me"))
    await fought(arena, battle)
    await refused("conflict", arena.redraw(battle.id))
    await arena.vote(battle.id, "a", "me")
    await refused("conflict", arena.turn(battle.id, "More"))
    await refused("not_found", arena.turn("nobody", "More"))
