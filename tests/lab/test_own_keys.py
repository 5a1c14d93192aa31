"""A reader's own keys in experiments: used for that reader's calls, charged to nobody else, kept in no file."""

from dataclasses import replace

import pytest

from playground.conversation.allowance import Free
from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.lab.forecast import admit, forecast
from playground.lab.prompts import Prompt
from playground.lab.running import Sweeps
from playground.lab.runs import Runs
from playground.lab.sweep import Sweep, SweepError, plan
from playground.models.catalog import load_catalog
from playground.ops.budget import CapReachedError
from playground.ops.guard import Guard, Rules
from playground.ops.rates import Rates
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings

KEY = "reader-key-91c2b7"
KEYS = {"openai": KEY}
LOCAL, PAID = "smollm2-135m-instruct", "gpt-4o"
NO_KEYS = load_catalog(load_settings({}))
OWNERS = load_catalog(load_settings({"OPENAI_API_KEY": "sk-owner"}))
SWEEP = Sweep((Prompt("One?"), Prompt("Two?")), (LOCAL, PAID), max_tokens=20)


def spoken(request):
    return answer(f"{request.messages[-1].content} by {request.model.id}")


class Asked:
    """An Allowance that notes with which key each model was asked for."""

    def __init__(self):
        self.keys = []

    async def grant(self, request, key):
        self.keys.append((request.model.id, key))
        return Free()

    async def admit(self, tokens):
        pass


def sweeps(folder, catalog=NO_KEYS, script=spoken, **more):
    provider, asked = ScriptedProvider(script), Asked()
    backends = Backends(catalog, {"local": provider, "openai": provider}, allowance=asked)
    return provider, asked, Sweeps(backends, Runs(folder), **more)


async def finished(lab, run_id):
    return [shown async for shown in lab.follow(run_id, lambda: 0.05)][-1]


def written(folder):
    return "".join(file.read_text() for file in folder.rglob("*") if file.is_file())


async def test_the_key_goes_to_its_provider_alone_and_into_no_file(tmp_path):
    provider, asked, lab = sweeps(tmp_path)
    with pytest.raises(SweepError, match="GPT-4o cannot be asked: needs OPENAI_API_KEY, or a key of your own"):
        await lab.start(SWEEP, "me")
    run_id = await lab.start(SWEEP, "me", keys={**KEYS, "anthropic": "another-key-5d"})
    shown = await finished(lab, run_id)
    assert not any(result.failed for result in shown.results.values())
    sent = {(request.model.id, key) for request, key in zip(provider.requests, provider.keys, strict=True)}
    assert sent == set(asked.keys) == {(LOCAL, None), (PAID, KEY)}
    assert KEY not in written(tmp_path) and "another-key" not in written(tmp_path)
    assert Runs(tmp_path).read(run_id).own == {"openai"}


async def test_a_provider_that_repeats_the_key_brings_it_into_no_file_either(tmp_path):
    def parrot(request):
        said = f"Your key is {KEY}."
        if request.messages[-1].content == "One?":
            return [ProviderError("bad_request", said)]
        return answer(said, piece=50)

    _, _, lab = sweeps(tmp_path, script=parrot)
    shown = await finished(lab, await lab.start(replace(SWEEP, models=(PAID,)), "me", keys=KEYS))
    assert {result.text or result.error_message for result in shown.results.values()} == {"Your key is [hidden]."}
    assert KEY not in written(tmp_path)


async def test_the_key_is_forgotten_when_the_run_ends(tmp_path):
    class Full(Runs):
        def add(self, run_id, key, result):
            raise OSError(28, "No space left on device")

    provider = ScriptedProvider(spoken)
    lab = Sweeps(Backends(NO_KEYS, {"local": provider, "openai": provider}), Full(tmp_path))
    run_id = await lab.start(SWEEP, "me", keys=KEYS)
    assert KEY not in repr(lab._active[run_id])
    shown = await finished(lab, run_id)
    assert shown.trouble and not lab._active[run_id].keys


@pytest.mark.parametrize("catalog", [NO_KEYS, OWNERS], ids=["nobody has one", "the owner has one"])
async def test_a_run_goes_on_with_a_key_of_the_readers_or_not_at_all(tmp_path, catalog):
    first, _, lab = sweeps(tmp_path, catalog, script=lambda _: [ProviderError("bad_request", "Not so.")])
    run_id = await lab.start(SWEEP, "me", confirmed=True, keys=KEYS)
    await finished(lab, run_id)
    assert len(first.requests) == 4
    provider, _, later = sweeps(tmp_path, catalog)
    with pytest.raises(SweepError, match=r"asks OpenAI with a key of your own, which is gone: enter it again"):
        await later.resume(run_id, "me")
    with pytest.raises(SweepError, match="asks OpenAI"):
        await later.resume(run_id, "somebody else", keys={"anthropic": "other"})
    assert not provider.requests
    await later.resume(run_id, "me", keys={"openai": "another-of-mine"})
    shown = await finished(later, run_id)
    assert not any(result.failed for result in shown.results.values())
    assert set(provider.keys) == {None, "another-of-mine"}
    assert "another-of-mine" not in written(tmp_path)


async def test_a_run_beside_it_is_asked_with_the_owners_key(tmp_path):
    provider, _, lab = sweeps(tmp_path, OWNERS, script=lambda request: [0.02, *spoken(request)])
    paid = replace(SWEEP, models=(PAID,))
    mine = await lab.start(paid, "me", keys=KEYS)
    yours = await lab.start(replace(paid, prompts=(Prompt("Yours?"),)), "you")
    for run_id in (mine, yours):
        await finished(lab, run_id)
    with_key = {
        (request.messages[-1].content, key) for request, key in zip(provider.requests, provider.keys, strict=True)
    }
    assert with_key == {("One?", KEY), ("Two?", KEY), ("Yours?", None)}


async def test_the_readers_own_calls_are_not_charged_to_the_owners_budget(tmp_path):
    async def nothing():
        return 0.0

    class Broke:
        """A ledger of which nothing is left."""

        def reserve(self, usd, visitor):
            raise CapReachedError("global", 0.0)

    guard = Guard(Rules(paid=frozenset({"openai"}), budgeted=True), Rates(""))
    guard.open(Broke())
    provider = ScriptedProvider(spoken)
    backends = Backends(OWNERS, {"local": provider, "openai": provider}, allowance=guard)
    lab = Sweeps(backends, Runs(tmp_path), usd_left=nothing)
    with pytest.raises(SweepError, match="left of the budget"):
        await lab.start(SWEEP, "me", confirmed=True)
    shown = await finished(lab, await lab.start(SWEEP, "me", confirmed=True, keys=KEYS))
    assert not any(result.failed for result in shown.results.values())
    assert guard.figures()["playground_calls_own_key_total"][2] == 2


def test_the_forecast_tells_the_owners_part_of_the_cost():
    both = replace(SWEEP, models=(PAID, "claude-haiku-4-5"))
    catalog = load_catalog(load_settings({"ANTHROPIC_API_KEY": "sk-y"}))
    owners = forecast(plan(replace(both, models=("claude-haiku-4-5",)), catalog), catalog)
    mixed = forecast(plan(both, catalog, own=KEYS), catalog)
    readers = forecast(plan(replace(both, models=(PAID,)), catalog, own=KEYS), catalog)
    assert (owners.charged, readers.charged) == (owners.cost, 0.0)
    assert mixed.charged == pytest.approx(owners.cost) and mixed.cost == pytest.approx(owners.cost + readers.cost)
    admit(mixed, confirmed=True, usd_left=mixed.charged)
    with pytest.raises(SweepError, match="left of the budget"):
        admit(mixed, confirmed=True, usd_left=mixed.charged / 2)
    with pytest.raises(SweepError, match="need a known price within a budget"):
        admit(replace(readers, calls=10_000), confirmed=True, usd_left=100.0)
