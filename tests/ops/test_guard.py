"""Paid answers against a budget: reserved before they are asked, settled after, refused in clear words."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from playground.arena.database import Database
from playground.conversation.allowance import ASKING, Visitor
from playground.conversation.prepare import Limits
from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.models.catalog import Catalog, load_catalog
from playground.ops.budget import Caps, Ledger
from playground.ops.guard import Guard, Rules
from playground.ops.rates import Rates
from playground.owner import rules_of
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.types import Contender, Message, SamplingParams, TextDelta, Usage

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
ASK = [Message("user", "Hello")]
PRICE = (2.5 * 10 + 10 * 20) / 1e6  # of 10 tokens in and 20 out at gpt-4o


class Paid:
    """A backend whose models cost money, with a ledger in a database of its own."""

    def __init__(self, folder, script, caps=Caps(1.0), rates=None, catalog=CATALOG, **rules):
        self.provider = ScriptedProvider(script)
        self.database = Database("", folder)
        self.ledger = Ledger(self.database, caps)
        rules = {"paid": frozenset({"openai"}), "budgeted": True, **rules}
        self.guard = Guard(Rules(**rules), rates or Rates())
        self.guard.open(self.ledger)
        served = {"openai": self.provider, "local": self.provider}
        self.backends = Backends(catalog, served, limits=Limits(None, 4096), allowance=self.guard)

    async def ask(self, model="gpt-4o", key=None, who=Visitor("a", "s"), sampling=SamplingParams(), history=ASK):
        ASKING.set(who)
        *_, last = [r async for r in self.backends.reply(Contender(model, "", sampling), history, key=key)]
        return last


SAYS = answer("Hello you", Usage(10, 20))


async def test_what_is_left_falls_by_what_an_answer_really_cost(tmp_path):
    paid = Paid(tmp_path, SAYS)
    reply = await paid.ask()
    assert reply.cost == pytest.approx(PRICE)
    assert paid.ledger.taken() == pytest.approx(PRICE)
    assert paid.provider.requests[0].sampling.max_tokens == 4096


async def test_a_spent_budget_refuses_before_anything_goes_out_and_says_what_to_do(tmp_path):
    paid = Paid(tmp_path, SAYS, Caps(everyone=0.001))
    reply = await paid.ask()
    assert reply.error.kind == "quota"
    assert "Today's budget" in reply.error.message
    assert "max tokens" in reply.error.message
    assert paid.provider.requests == []
    assert (await paid.ask(sampling=SamplingParams(max_tokens=20))).error is None


async def test_a_readers_own_key_and_the_embedded_model_cost_nothing(tmp_path):
    paid = Paid(tmp_path, SAYS, Caps(everyone=0.0000001))
    assert (await paid.ask(key="sk-own")).error is None
    assert (await paid.ask("smollm2-135m-instruct")).error is None
    assert paid.ledger.taken() == 0


async def test_a_key_lifts_no_rate_where_none_is_asked_for(tmp_path):
    """Anything can stand for a key that nobody checks."""
    rules = rules_of(CATALOG, load_settings({"PLAYGROUND_LOCAL_RATE_LIMIT": "2/1minute"}), True)
    assert "local" in rules.keyless and not {"openai", "anthropic"} & rules.keyless
    paid = Paid(tmp_path, SAYS, keyless=rules.keyless, local_rate=rules.local_rate)
    said = [await paid.ask("smollm2-135m-instruct", key=f"made-up-{at}") for at in range(3)]
    assert [reply.error and reply.error.kind for reply in said] == [None, None, "rate_limit"]
    assert [(await paid.ask(key="sk-own")).error for _ in range(4)] == [None] * 4


async def test_a_model_without_a_price_is_refused_and_says_whose_move_it_is(tmp_path):
    unpriced = replace(CATALOG.get("gpt-4o"), id="mystery", upstream="mystery", input_price=None, output_price=None)
    catalog = Catalog({**CATALOG.models, "mystery": unpriced}, CATALOG.providers, {})
    paid = Paid(tmp_path, SAYS, catalog=catalog)
    reply = await paid.ask("mystery")
    assert reply.error.kind == "quota"
    assert "price is unknown" in reply.error.message
    assert "PLAYGROUND_CONFIG" in reply.error.message
    assert paid.provider.requests == []


async def test_a_model_that_writes_less_than_the_budgets_own_limit_is_asked_for_what_it_can(tmp_path):
    short = replace(CATALOG.get("gpt-4o"), id="short", max_output_tokens=100)
    paid = Paid(tmp_path, SAYS, catalog=Catalog({**CATALOG.models, "short": short}, CATALOG.providers, {}))
    assert (await paid.ask("short")).error is None
    assert paid.provider.requests[0].sampling.max_tokens == 100


async def test_a_refused_call_costs_nothing_and_a_broken_one_what_had_arrived(tmp_path):
    paid = Paid(tmp_path, [ProviderError("overloaded", "Busy", retry_after_s=60)])
    await paid.ask()
    assert paid.ledger.taken() == 0
    paid.provider.script = [TextDelta("Hello you there"), ProviderError("truncated", "Gone")]
    reply = await paid.ask()
    assert reply.text
    assert 0 < paid.ledger.taken() < 0.001


async def test_a_stopped_answer_is_charged_for_what_had_arrived(tmp_path):
    paid = Paid(tmp_path, [TextDelta("word " * 100), 30.0])
    async with aclosing(paid.backends.reply(Contender("gpt-4o"), ASK)) as replies:
        async for reply in replies:
            if reply.text:
                break
    assert paid.ledger.taken() == pytest.approx((8 * 2.5 + 100 * 10) / 1e6, rel=0.05)


async def test_a_cancelled_reader_leaves_no_reservation_behind(tmp_path):
    paid = Paid(tmp_path, [TextDelta("word " * 10), 30.0])
    task = asyncio.ensure_future(paid.ask())
    while not paid.provider.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task})
    assert 0 < paid.ledger.taken() < 0.001


async def test_a_call_is_open_until_it_is_settled_however_it_ends(tmp_path):
    paid = Paid(tmp_path, [TextDelta("word "), 30.0])
    seen = []
    async with aclosing(paid.backends.reply(Contender("gpt-4o"), ASK)) as replies:
        async for reply in replies:
            seen.append(paid.guard.open_calls)
            if reply.text:
                break
    assert seen[-1] == 1
    assert paid.guard.open_calls == 0, "stopped"
    task = asyncio.ensure_future(paid.ask())
    while not paid.guard.open_calls:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert paid.guard.open_calls == 0, "hung up"
    for script in (SAYS, [ProviderError("overloaded", "Busy")], [ValueError("broken")]):
        paid.provider.script = script
        await paid.ask()
        await paid.ask("smollm2-135m-instruct")
        assert paid.guard.open_calls == 0
    paid.ledger.reserve = _broken
    assert (await paid.ask()).error
    assert paid.guard.open_calls == 0


async def test_a_hundred_sessions_at_once_never_pass_the_cap(tmp_path):
    cap = 60 * PRICE
    spent = []

    def script(request):
        spent.append(request)
        return [0.01, *SAYS]

    # The fake is honest: it writes no more than it was allowed to.
    paid = Paid(tmp_path, script, Caps(everyone=cap))
    tight = SamplingParams(max_tokens=20)
    seen = []

    async def one(at):
        reply = await paid.ask(who=Visitor(f"10.0.0.{at}", f"s{at}"), sampling=tight)
        seen.append(await asyncio.to_thread(paid.ledger.taken))
        return reply

    replies = await asyncio.gather(*(one(at) for at in range(100)))
    answered = [reply for reply in replies if reply.error is None]
    assert 0 < len(answered) < 100
    assert {reply.error.kind for reply in replies if reply.error} == {"quota"}
    assert len(spent) * PRICE <= cap
    assert max(seen) <= cap * 1.000001
    assert paid.ledger.taken() == pytest.approx(len(answered) * PRICE)


async def test_a_ledger_that_cannot_be_written_closes_paid_models_alone(tmp_path):
    paid = Paid(tmp_path, SAYS)
    paid.ledger.reserve = _broken
    reply = await paid.ask()
    assert reply.error.kind == "overloaded"
    assert "budget cannot be checked" in reply.error.message
    assert paid.provider.requests == []
    assert (await paid.ask("smollm2-135m-instruct")).error is None


def _broken(*_):
    raise OSError("disk full")


async def test_the_embedded_model_has_a_rate_of_its_own(tmp_path):
    paid = Paid(tmp_path, SAYS, local_rate="2/1minute", counted=True)
    replies = [await paid.ask("smollm2-135m-instruct") for _ in range(3)]
    assert [bool(reply.error) for reply in replies] == [False, False, True]
    assert replies[-1].error.kind == "rate_limit"
    assert 0 < replies[-1].error.retry_after_s <= 60
    assert (await paid.ask("smollm2-135m-instruct", who=Visitor("another", "s"))).error is None
    assert (await paid.ask()).error is None


async def test_without_redis_paid_models_close_and_the_embedded_one_stays_open(tmp_path, redis):
    rates = Rates(redis.url)
    paid = Paid(tmp_path, SAYS, rates=rates, local_rate="2/1minute", counted=True)
    assert (await paid.ask()).error is None
    assert (await paid.ask("smollm2-135m-instruct")).error is None
    redis.stop()
    reply = await paid.ask()
    assert reply.error.kind == "overloaded"
    assert "Limits cannot be checked" in reply.error.message
    asked = [(await paid.ask("smollm2-135m-instruct")).error for _ in range(3)]
    assert [error is None for error in asked] == [True, True, False], "counted in this process alone"
    redis.start()
    rates._down_until = 0.0
    assert (await paid.ask()).error is None
