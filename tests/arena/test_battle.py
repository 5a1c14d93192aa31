"""Battles from the first token to the reveal, over scripted providers and a real store."""

import asyncio
from contextlib import aclosing

import pytest

from playground.arena.battle import LONGEST_PROMPT
from playground.arena.database import Database
from playground.arena.records import MOST_TURNS
from playground.arena.votes import Votes
from playground.providers.scripted import answer
from playground.types import Finished, Started, TextDelta, ThinkingDelta, Usage

from .arenas import fought, model_of, refused, spoken
from .records import at_most


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


async def test_the_log_tells_of_a_battle_and_its_vote_by_its_id(make_arena, caplog):
    caplog.set_level("INFO", "playground")
    arena, _ = make_arena(spoken)
    battle = await arena.start("Hello", "me")
    await fought(arena, battle)
    await arena.vote(battle.id, "a", "me")
    told = {record.message: record.counts for record in caplog.records if hasattr(record, "counts")}
    assert told["battle answered"] == {"battle": battle.id, "turns": 1, "status": "ready"}
    assert told["voted"] == {"battle": battle.id}
    caplog.clear()
    await arena.undo(battle.id)
    assert [(record.message, record.counts) for record in caplog.records] == [("vote undone", {"battle": battle.id})]
    assert "Hello" not in str([record.__dict__ for record in caplog.records])


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
        asyncio.get_running_loop().call_soon(arena._fights.going_on[battle.id].stop.set) if not showing.over else None
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
