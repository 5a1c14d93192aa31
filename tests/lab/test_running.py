"""Sweeps over a scripted provider: nothing is lost to failures, stops, restarts or a second look."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.lab.prompts import Prompt
from playground.lab.running import Sweeps
from playground.lab.runs import Result, Runs, UnknownRunError
from playground.lab.sweep import Sweep, SweepError
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.types import TextDelta

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
LOCAL = "smollm2-135m-instruct"
PROMPTS = tuple(Prompt(f"Question {at}") for at in range(5))
SWEEP = Sweep(PROMPTS, (LOCAL,), temperature=(0.0, 0.5, 1.0), max_tokens=20, samples=2)


def spoken(request):
    return answer(f"{request.messages[-1].content} at {request.sampling.temperature}")


class Flaky:
    """Fails for `share` of all requests, before or amid the answer."""

    def __init__(self, share, rng):
        self.share, self.rng = share, rng

    def __call__(self, request):
        if self.rng.random() >= self.share:
            return spoken(request)
        begun = [TextDelta("Half an ans")] if self.rng.random() < 0.5 else []
        return [*begun, ProviderError("bad_request", "The provider did not like it.")]


def sweeps(folder, script=spoken, **more):
    provider = ScriptedProvider(script)
    return provider, Sweeps(Backends(CATALOG, {"local": provider, "openai": provider}), Runs(folder), **more)


async def finished(lab, run_id):
    return [shown async for shown in lab.follow(run_id, lambda: 0.05)][-1]


async def until(lab, run_id, done):
    while (await lab.look(run_id)).progress.done < done:
        await asyncio.sleep(0.01)


def texts(shown):
    return {key: result.text for key, result in shown.results.items()}


def wanted(shown):
    plan = shown.plan
    return {
        cell.key: f"{plan.sweep.prompts[cell.prompt].text} at {plan.settings[cell.setting].values['temperature']}"
        for cell in plan.cells
    }


async def test_every_cell_is_asked_once_and_counted(tmp_path):
    provider, lab = sweeps(tmp_path)
    shown = await finished(lab, await lab.start(SWEEP, "me"))
    assert texts(shown) == wanted(shown)
    assert len(provider.requests) == 30
    assert (shown.progress.done, shown.progress.failed, shown.progress.cost) == (30, 0, 0.0)
    assert shown.progress.tokens == sum(result.usage.output_tokens for result in shown.results.values())


async def test_a_third_of_failures_loses_nothing(tmp_path):
    flaky = Flaky(0.3, Random(3))
    _, lab = sweeps(tmp_path, flaky)
    run_id = await lab.start(SWEEP, "me")
    shown = await finished(lab, run_id)
    failed = {key for key, result in shown.results.items() if result.failed}
    assert shown.progress.done == 30 and 3 <= len(failed) == shown.progress.failed <= 18
    assert {shown.results[key].error_message for key in failed} == {"The provider did not like it."}
    assert {shown.results[key].text for key in failed} == {"", "Half an ans"}
    kept = {key: result for key, result in shown.results.items() if key not in failed}
    assert all(text == wanted(shown)[key] for key, text in texts(shown).items() if key not in failed)
    for _ in range(20):
        if not shown.progress.failed:
            break
        await lab.resume(run_id, "me")
        shown = await finished(lab, run_id)
    assert texts(shown) == wanted(shown)
    assert all(shown.results[key] == result for key, result in kept.items())


async def test_a_stop_keeps_what_is_done_and_a_new_process_goes_on(tmp_path):
    def slowly(request):
        return [0.02, *spoken(request)]

    first, lab = sweeps(tmp_path, slowly)
    run_id = await lab.start(SWEEP, "me")
    await until(lab, run_id, 4)
    await lab.stop(run_id)
    stopped = await lab.look(run_id)
    assert not stopped.running and 4 <= stopped.progress.done < 30
    asked = len(first.requests)
    await asyncio.sleep(0.1)
    assert len(first.requests) == asked
    with next(tmp_path.glob("*.jsonl")).open("a") as file:
        file.write('{"cell": "was cut off wh')
    second, restarted = sweeps(tmp_path, slowly)
    assert (await restarted.look(run_id)).results == stopped.results
    await restarted.resume(run_id, "me")
    shown = await finished(restarted, run_id)
    assert texts(shown) == wanted(shown)
    assert len(second.requests) == 30 - stopped.progress.done
    third, _ = sweeps(tmp_path)
    assert Runs(tmp_path).read(run_id).results == shown.results
    assert not third.requests


async def test_equal_cells_of_earlier_runs_are_taken_over_and_cost_nothing_again(tmp_path):
    provider, lab = sweeps(tmp_path)
    first = await lab.start(SWEEP, "me")
    await finished(lab, first)
    wider = Sweep(PROMPTS, (LOCAL,), temperature=(0.5, 1.5), max_tokens=20, samples=2)
    expected = await lab.forecast(lab.plan(wider), [first, "x" * 24])
    assert (expected.calls, expected.reused) == (10, 10)
    shown = await finished(lab, await lab.start(wider, "me", reuse=[first]))
    assert len(provider.requests) == 30 + 10
    assert texts(shown) == wanted(shown)
    assert sum(result.reused for result in shown.results.values()) == 10


async def test_no_more_calls_at_once_than_a_provider_takes(tmp_path):
    now, most = 0, 0

    class Counting(ScriptedProvider):
        async def stream(self, request, key=None):
            nonlocal now, most
            now += 1
            most = max(most, now)
            try:
                async for event in super().stream(request, key):
                    yield event
            finally:
                now -= 1

    provider = Counting(lambda request: [0.01, *spoken(request)])
    lab = Sweeps(Backends(CATALOG, {"local": provider}), Runs(tmp_path), at_once={"local": 3})
    runs = [await lab.start(SWEEP, owner) for owner in ("me", "you")]
    for run_id in runs:
        await finished(lab, run_id)
    assert most == 3


async def test_each_provider_takes_as_many_at_once_as_is_its_own(tmp_path):
    now, most = Counter(), Counter()

    class Counting(ScriptedProvider):
        async def stream(self, request, key=None):
            name = request.model.provider
            now[name] += 1
            most[name] = max(most[name], now[name])
            try:
                async for event in super().stream(request, key):
                    yield event
            finally:
                now[name] -= 1

    provider = Counting(lambda request: [0.02, *spoken(request)])
    backends = Backends(CATALOG, {"local": provider, "openai": provider})
    lab = Sweeps(backends, Runs(tmp_path), at_once={"local": 2, "openai": 5})
    both = replace(SWEEP, models=(LOCAL, "gpt-4o"))
    shown = await finished(lab, await lab.start(both, "me", confirmed=True))
    assert most == {"local": 2, "openai": 5} and shown.progress.done == 60


async def test_what_every_axis_says_is_what_is_sent(tmp_path):
    provider, lab = sweeps(tmp_path)
    axes = {"temperature": (0.2,), "top_p": (0.5, 0.9), "top_k": (5, 40)}
    sweep = Sweep((Prompt("Hello?"),), (LOCAL,), system_prompts=("", "Be brief."), max_tokens=20, **axes)
    await finished(lab, await lab.start(sweep, "me"))
    sent = {
        (request.sampling.temperature, request.sampling.top_p, request.sampling.top_k, request.messages[0].content)
        for request in provider.requests
    }
    assert sent == {(0.2, p, k, first) for p in (0.5, 0.9) for k in (5, 40) for first in ("Hello?", "Be brief.")}


async def test_a_large_one_is_not_begun_unconfirmed(tmp_path):
    provider, lab = sweeps(tmp_path)
    paid = Sweep(PROMPTS, ("gpt-4o",), temperature=(0.0, 0.5, 1.0), max_tokens=4000, samples=20)
    with pytest.raises(SweepError, match="300"):
        await lab.start(paid, "me")
    assert not provider.requests and not list(tmp_path.iterdir())


async def test_what_a_call_has_cost_stays_spent_when_it_is_made_again(tmp_path):
    fails = [True]

    def script(request):
        if fails[0]:
            return [TextDelta("Half an answer that was paid for"), ProviderError("bad_request", "No.")]
        return spoken(request)

    _, lab = sweeps(tmp_path, script)
    run_id = await lab.start(Sweep(PROMPTS[:1], ("gpt-4o",), max_tokens=20), "me")
    first = (await finished(lab, run_id)).progress
    assert first.failed == 1 and first.cost > 0 and first.estimated
    fails[0] = False
    await lab.resume(run_id, "me")
    shown = await finished(lab, run_id)
    [result] = shown.results.values()
    assert shown.progress.failed == 0
    assert shown.progress.cost == pytest.approx(first.cost + result.cost)
    assert shown.progress.tokens == first.tokens + result.usage.output_tokens
    again = Sweeps(Backends(CATALOG, {}), Runs(tmp_path))
    assert (await again.look(run_id)).progress.cost == pytest.approx(shown.progress.cost), "also after a restart"


async def test_who_refuses_once_for_good_is_not_asked_again(tmp_path):
    def script(request):
        return [ProviderError("auth", "The key is wrong.")] if request.model.id == "gpt-4o" else spoken(request)

    provider, lab = sweeps(tmp_path, script)
    both = Sweep(PROMPTS, (LOCAL, "gpt-4o"), temperature=(0.0,), max_tokens=20, samples=4)
    shown = await finished(lab, await lab.start(both, "me", confirmed=True))
    asked = [request.model.id for request in provider.requests]
    assert asked.count(LOCAL) == 20
    assert 1 <= asked.count("gpt-4o") <= 4
    assert shown.left == 20 - asked.count("gpt-4o")


async def test_answers_stay_readable_when_the_key_that_brought_them_is_gone(tmp_path):
    _, lab = sweeps(tmp_path)
    run = await lab.start(replace(SWEEP, models=(LOCAL, "gpt-4o")), "me", confirmed=True)
    before = await finished(lab, run)
    later = Sweeps(Backends(load_catalog(load_settings({})), {}), Runs(tmp_path))
    assert texts(await later.look(run)) == texts(before)
    with pytest.raises(SweepError, match="OPENAI_API_KEY"):
        await later.resume(run, "me")


async def test_a_run_that_nobody_looks_at_ends_by_itself(tmp_path):
    provider, lab = sweeps(tmp_path, lambda request: [0.02, *spoken(request)], patience_s=0.05)
    await lab.start(SWEEP, "me")
    await asyncio.sleep(0.6)
    assert 0 < len(provider.requests) < 30


async def test_one_run_at_a_time_for_each_visitor(tmp_path):
    _, lab = sweeps(tmp_path, lambda _: [10])
    run_id = await lab.start(SWEEP, "me")
    with pytest.raises(SweepError, match="stop it first"):
        await lab.start(SWEEP, "me")
    await lab.stop(run_id)
    await lab.stop(await lab.start(SWEEP, "me"))


async def test_what_is_too_much_is_not_begun(tmp_path):
    async def nothing():
        return 0.0

    provider, lab = sweeps(tmp_path, usd_left=nothing)
    paid = Sweep(PROMPTS, ("gpt-4o",), max_tokens=20)
    with pytest.raises(SweepError, match="budget"):
        await lab.start(paid, "me", confirmed=True)
    assert not provider.requests and not list(tmp_path.iterdir())


async def test_a_disk_that_takes_nothing_more_ends_the_run_in_words(tmp_path):
    class Full(Runs):
        def add(self, run_id, key, result):
            raise OSError(28, "No space left on device")

    lab = Sweeps(Backends(CATALOG, {"local": ScriptedProvider(spoken)}), Full(tmp_path))
    shown = await finished(lab, await lab.start(SWEEP, "me"))
    assert "is the disk full?" in shown.trouble


@pytest.mark.parametrize("run_id", ["", "../../../etc/passwd", "x" * 24, "a/b", "x" * 23 + "\n"])
async def test_a_run_that_is_not_there_is_said_so(tmp_path, run_id):
    _, lab = sweeps(tmp_path)
    with pytest.raises(UnknownRunError):
        await lab.look(run_id)
    with suppress(UnknownRunError):
        await lab.stop(run_id)


def test_old_runs_make_room_for_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("playground.lab.runs.MOST_RUNS", 3)
    runs = Runs(tmp_path)
    made = [runs.create(SWEEP, {"k": Result("x")}).id for _ in range(5)]
    assert len(list(tmp_path.iterdir())) == 3
    assert runs.read(made[-1]).results["k"].text == "x"
