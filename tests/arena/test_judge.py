"""The judge at work: over both databases, with a scripted model that decides by what it reads."""

import asyncio
import itertools
import re

import pytest

from playground.arena.counts import OUTCOMES
from playground.arena.judge import MOST_FAILED, estimate, judge
from playground.arena.records import Answer, Turn
from playground.arena.selection import Selection
from playground.conversation.reply import Backends
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings
from playground.types import Usage

from .records import battle

TOML = """
[endpoints.lab]
base_url = "http://lab.test/v1"
[endpoints.locked]
base_url = "http://locked.test/v1"
api_key_env = "LOCKED_KEY"
[models]
"wise" = { provider = "lab", name = "Wise", context_window = 9000, input_price = 2.0, output_price = 4.0 }
"cheap" = { provider = "lab", name = "Cheap", context_window = 9000 }
"model-x" = { provider = "lab", name = "Model X", context_window = 9000 }
"locked" = { provider = "locked", name = "Locked", context_window = 9000 }
"""
GOOD, POOR = "It is 42, because 6 times 7 is 42.", "No idea."
JUDGED = Selection(source="judge")


def says(verdict):
    return answer(f'{{"verdict": "{verdict}"}}', Usage(100, 5))


def fair(request):
    """The good answer wins wherever it stands."""
    shown = request.messages[-1].content
    if shown.count(GOOD) != 1:
        return says("tie")
    return says("first" if shown.index(GOOD) < shown.index(POOR) else "second")


@pytest.fixture
def backends(tmp_path):
    def make(script=fair):
        (tmp_path / "own.toml").write_text(TOML)
        settings = load_settings({"PLAYGROUND_CONFIG": str(tmp_path / "own.toml"), "PLAYGROUND_LOCAL": "off"})
        provider = ScriptedProvider(script)
        return Backends(load_catalog(settings), {"lab": provider, "locked": provider}), provider

    return make


def fought(votes, id, outcome="a", a=GOOD, b=POOR, turns=None, **more):
    turns = (Turn("What is 6 times 7?", Answer(a, "stop"), Answer(b, "stop")),) if turns is None else turns
    votes.add_battle(battle(id, turns=turns, **more))
    if outcome is not None:
        votes.cast(id, outcome, "me")


async def judged(*arguments, **more):
    return [step async for step in judge(*arguments, **more)]


async def test_every_finished_battle_gets_a_vote_of_its_own_source(votes, backends):
    for at, outcome in enumerate(["a", "b", "both_bad"]):
        fought(votes, f"b{at}", outcome)
    fought(votes, "same", "a", GOOD, GOOD)
    fought(votes, "other", "a", POOR, GOOD)
    before = votes.counts().battles
    model, provider = backends()
    *_, last = await judged(model, votes, "wise", 100)
    assert (last.battles, last.judged, last.unjudged, last.ties, last.error) == (5, 5, 0, 1, "")
    assert last.cost == pytest.approx(10 * (100 * 2.0 + 5 * 4.0) / 1e6)
    counts = votes.counts(JUDGED)
    x, y = counts.contenders.index("x"), counts.contenders.index("y")
    assert dict(zip(OUTCOMES, counts.battles[x, y].tolist(), strict=True)) == {"a": 3, "b": 1, "tie": 1, "both_bad": 0}
    assert (votes.counts().battles == before).all()
    assert sorted(votes.agreement()) == sorted(
        [("a", "a", 1), ("b", "a", 1), ("both_bad", "a", 1), ("a", "tie", 1), ("a", "b", 1)]
    )
    assert [vote.voter for vote in votes.voted(votes.contenders()) if vote.source == "judge"] == ["wise"] * 5
    assert len(provider.requests) == 10


async def test_the_judge_sees_no_name_and_each_question_has_a_mark_of_its_own(votes, backends):
    fought(votes, "one-battle")
    fought(votes, "two-battle")
    model, provider = backends()
    await judged(model, votes, "wise", 100)
    codes = set()
    for request in provider.requests:
        sent = "\n".join(message.content for message in request.messages)
        assert not re.search(r"model-[xyz]|Be kind|\bX\b|\bY\b|-battle", sent)
        codes |= set(re.findall(r"\[(\w+) end\]", sent))
    assert len(codes) == len(provider.requests) == 4


async def test_a_judge_that_only_likes_a_place_finds_ties(votes, backends):
    fought(votes, "b0")
    *_, last = await judged(backends(lambda _: says("first"))[0], votes, "wise", 100)
    assert (last.judged, last.ties) == (1, 1)


async def test_what_cannot_be_read_stays_unjudged_and_is_tried_again_next_time(votes, backends):
    fought(votes, "b0")
    fought(votes, "b1", a="Huh?", b=GOOD)
    mumbling, _ = backends(
        lambda request: answer("Well ...") if "Huh?" in request.messages[-1].content else says("tie")
    )
    *_, last = await judged(mumbling, votes, "wise", 100)
    assert (last.judged, last.unjudged, last.ties) == (1, 1, 1)
    assert votes.counts(JUDGED).votes == 1
    *_, last = await judged(backends(lambda _: says("tie"))[0], votes, "wise", 100)
    assert (last.battles, last.judged) == (1, 1)


async def test_what_is_not_finished_blind_and_readable_is_left_alone(votes, backends):
    fought(votes, "open", None)
    fought(votes, "named", leaked=("a",))
    fought(votes, "imported", turns=())
    fought(votes, "undone")
    votes.undo("undone")
    fought(votes, "judged")
    votes.cast("judged", "tie", "other", source="judge")
    assert votes.unjudged(10) == [] and votes.count_unjudged(10) == 0
    model, provider = backends()
    assert (await judged(model, votes, "wise", 100))[-1].battles == 0
    assert provider.requests == []


async def test_pages_reach_every_battle_once_and_the_limit_holds(votes, backends, monkeypatch):
    for at in range(7):
        fought(votes, f"b{at}")
    pages, after = [], None
    while page := votes.unjudged(3, after):
        pages += [id for _, id in page]
        after = page[-1]
    assert sorted(pages) == [f"b{at}" for at in range(7)]
    assert votes.count_unjudged(5) == 5
    *_, last = await judged(backends()[0], votes, "wise", 4)
    assert (last.battles, last.judged, votes.count_unjudged(100)) == (4, 4, 3)
    assert [id for _, id in votes.unjudged(10)] == pages[4:]


async def test_a_stop_keeps_what_is_judged_and_the_next_run_goes_on(votes, backends):
    for at in range(5):
        fought(votes, f"b{at}")
    calls = itertools.count()

    def slower(request):
        return fair(request) if next(calls) < 4 else [3600.0]

    steps = judge(backends(slower)[0], votes, "wise", 100, at_once=1)
    async with asyncio.timeout(60):
        async for step in steps:
            if step.judged == 2:
                break
        await steps.aclose()
    assert votes.counts(JUDGED).votes == 2
    *_, last = await judged(backends()[0], votes, "wise", 100)
    assert (last.battles, last.judged, votes.counts(JUDGED).votes) == (3, 3, 5)


async def test_a_refused_key_ends_it_and_a_battle_that_does_not_fit_does_not(votes, backends):
    for at in range(3):
        fought(votes, f"b{at}")
    refused, provider = backends(lambda _: [ProviderError("auth", "The key is wrong.")])
    *_, last = await judged(refused, votes, "wise", 100, at_once=1)
    assert (last.judged, last.unjudged, last.error, len(provider.requests)) == (0, 1, "The key is wrong.", 2)
    picky, _ = backends(lambda _: [ProviderError("blocked", "Not this one.")])
    *_, last = await judged(picky, votes, "wise", 100)
    assert (last.unjudged, last.error) == (3, "")


async def test_a_service_that_keeps_failing_is_left_in_peace(votes, backends):
    for at in range(MOST_FAILED + 3):
        fought(votes, f"b{at}")
    down, _ = backends(lambda _: [ProviderError("server", "Down.")])
    *_, last = await judged(down, votes, "wise", 100, at_once=1)
    assert (last.unjudged, last.error) == (MOST_FAILED, "Down.")
    assert votes.counts(JUDGED).votes == 0


async def test_an_estimate_asks_nobody_and_says_what_is_not_known(votes, backends):
    for at in range(4):
        fought(votes, f"b{at}")
    model, provider = backends()
    found = await estimate(model, votes, "wise", 3)
    assert (found.battles, found.calls, found.own) == (3, 6, 0.0)
    assert 6 * 200 < found.input_tokens < 6 * 500
    assert found.cost == pytest.approx((found.input_tokens * 2.0 + found.output_tokens * 4.0) / 1e6)
    assert (await estimate(model, votes, "cheap", 3)).cost is None
    assert (await estimate(model, votes, "model-x", 3)).own == 1.0
    assert provider.requests == []


@pytest.mark.parametrize(
    ("model_id", "kind", "word"), [("nobody", "not_found", "nobody"), ("locked", "auth", "LOCKED_KEY")]
)
async def test_a_model_that_cannot_be_used_is_refused_before_anything(votes, backends, model_id, kind, word):
    fought(votes, "b0")
    model, provider = backends()
    with pytest.raises(ProviderError, match=word) as refused:
        await estimate(model, votes, model_id, 10)
    assert refused.value.kind == kind
    with pytest.raises(ProviderError):
        await judged(model, votes, model_id, 10)
    assert provider.requests == []
