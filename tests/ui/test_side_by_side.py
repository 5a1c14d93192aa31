"""What happens to columns that are asked, stopped and asked again in quick succession."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from playground.conversation.growing import Reply
from playground.models.contenders import ListedContender
from playground.types import Contender, Usage
from playground.ui.comparison_view import Comparison
from playground.ui.keys import Taken
from playground.ui.pacing import FASTEST_HZ, Pace
from playground.ui.side_by_side import BUSY, IDLE, _Wiring

WHO = tuple(ListedContender(name, name, Contender(f"model-{name}")) for name in "xy")


class Models:
    """Answers each prompt in two steps; the second comes when it may."""

    def __init__(self):
        self.may_end = asyncio.Event()
        self.catalog = SimpleNamespace(get=lambda model: SimpleNamespace(id=model, provider="lab"))
        self.closed = 0

    async def reply(self, contender, history, key=None):
        try:
            yield Reply(contender.model, "Some")
            await self.may_end.wait()
            yield Reply(contender.model, f"Some to {len(history)}", usage=Usage(1, 2), finish_reason="stop")
        finally:
            self.closed += 1


@pytest.fixture
def models():
    return Models()


@pytest.fixture
def wiring(models, monkeypatch):
    tab = SimpleNamespace(
        state="state", panes=["a", "b", "c", "d"], notice="notice", votes={0: "vote"}, anew="anew", composer="composer"
    )
    wiring = _Wiring(tab, models, None, Pace())
    monkeypatch.setattr(wiring, "_contenders", lambda values: WHO)
    monkeypatch.setattr("playground.ui.side_by_side.view.messages", lambda comparison, at, model: comparison.replies)
    return wiring


def asking(wiring, prompt, comparison):
    return wiring.ask(prompt, comparison, Taken())


async def until(stream, holds):
    """The first step that `holds`."""
    async for changes in stream:
        if holds(changes):
            return changes
    raise AssertionError("the stream has ended")


def grown(changes):
    return all(column[-1].text for column in changes["state"].replies)


async def test_columns_that_have_nothing_new_are_not_shown_again_but_once_in_a_while(wiring, models, monkeypatch):
    monkeypatch.setattr("playground.ui.side_by_side.HEARTBEAT_S", 3600)
    stream = asking(wiring, "Hello", Comparison())
    await until(stream, grown)
    further = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(5 / FASTEST_HZ)
    assert not further.done()
    models.may_end.set()
    assert any(column[-1].done for column in (await further)["state"].replies)


async def test_columns_without_news_are_shown_now_and_then_so_that_a_reader_who_left_is_noticed(wiring, monkeypatch):
    monkeypatch.setattr("playground.ui.side_by_side.HEARTBEAT_S", 0)
    stream = asking(wiring, "Hello", Comparison())
    shown = (await until(stream, grown))["state"]
    assert (await asyncio.wait_for(anext(stream), 30))["state"] == shown
    await stream.aclose()


async def test_who_sees_that_all_have_answered_can_ask_again(wiring, models):
    stream = asking(wiring, "Hello", Comparison())
    first = await anext(stream)
    assert first["composer"] | BUSY == first["composer"] and first["composer"]["value"] == ""
    await until(stream, grown)
    models.may_end.set()
    answered = await until(stream, lambda changes: any(column[-1].done for column in changes["state"].replies))
    assert not answered["state"].running and answered["state"].can_vote
    assert answered["composer"] | IDLE == answered["composer"] and "value" not in answered["composer"]
    again = asking(wiring, "More", answered["state"])
    assert (await anext(again))["state"].prompts == ("Hello", "More")
    # The end of the first event comes only now, and tells the page nothing of the columns.
    assert [list(changes) for changes in [one async for one in stream]] == [["notice"]]
    await again.aclose()


async def test_while_columns_answer_a_prompt_is_refused_and_stays_where_it_was_typed(wiring, models):
    stream = asking(wiring, "Hello", Comparison())
    growing = await until(stream, grown)
    refused = asking(wiring, "More", growing["state"])
    with pytest.raises(Exception, match="still answering"):
        await anext(refused)
    assert set(wiring.rest(growing["state"])) == {"notice"}, "the end of the refused event stops nothing"
    await stream.aclose()


async def test_columns_that_were_stopped_are_asked_again_though_the_last_step_came_after_it(wiring, models):
    stream = asking(wiring, "Hello", Comparison())
    growing = await until(stream, grown)
    stopped = wiring.stop(growing["state"])
    assert not stopped["state"].running and stopped["composer"] | IDLE == stopped["composer"]
    assert [list(changes) for changes in [one async for one in stream]] == [["notice"]]
    assert models.closed == 2
    late = growing["state"]
    assert late.running
    again = asking(wiring, "More", late)
    assert (await anext(again))["state"].prompts == ("Hello", "More")
    await again.aclose()


async def test_who_asks_twice_in_a_row_is_refused_though_the_first_has_ended_meanwhile(wiring, models):
    """In public the second waits for the first, and comes with what the page was when it was sent."""
    stream = asking(wiring, "Hello", Comparison())
    growing = await until(stream, grown)
    models.may_end.set()
    async for _ in stream:
        pass
    for prompt in ("More", " "):
        with pytest.raises(Exception, match="still answering"):
            await anext(asking(wiring, prompt, growing["state"]))
    assert not wiring._running


async def test_what_was_stopped_can_be_voted_on_though_the_last_step_came_after_it(wiring):
    stream = asking(wiring, "Hello", Comparison())
    growing = await until(stream, grown)
    wiring.stop(growing["state"])
    assert growing["state"].running and wiring._at_rest(growing["state"]).can_vote
    await stream.aclose()


async def test_columns_that_broke_off_come_to_rest(wiring, models):
    stream = asking(wiring, "Hello", Comparison())
    growing = await until(stream, grown)
    await stream.aclose()
    rest = wiring.rest(growing["state"])
    assert not rest["state"].running and rest["state"].replies == growing["state"].replies
    assert models.closed == 2


async def test_what_cannot_be_asked_changes_no_column_and_leaves_the_prompt(wiring):
    before = replace(Comparison().asked("Hello", WHO), running=False)
    [said] = [changes async for changes in asking(wiring, "  ", before)]
    assert "The prompt is empty" in said["notice"]
    assert not {"a", "b"} & set(said) and "value" not in said["composer"]
    assert said["state"].replies == before.replies and said["state"].prompts == before.prompts
    rest = wiring.rest(said["state"])
    assert rest["notice"] == said["notice"], "the note stays"
    assert not {"a", "b"} & set(rest)
    first = await anext(asking(wiring, "Hello", said["state"]))
    assert not first["state"].note


async def test_at_the_end_every_control_is_told_once_more_for_a_browser_that_was_busy(wiring):
    answered = Comparison().asked("Hello", WHO).grown({at: Reply("m", "Hi", finish_reason="stop") for at in range(2)})
    rest = wiring.rest(replace(answered, running=False))
    assert rest["vote"]["interactive"] and rest["composer"] | IDLE == rest["composer"]
