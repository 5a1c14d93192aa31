"""An arena of three contenders over a scripted provider and a store in a folder, and what tests do with it."""

from contextlib import contextmanager
from random import Random

import pytest

from playground.arena.battle import Arena
from playground.arena.database import Database
from playground.arena.records import ArenaError
from playground.arena.votes import Votes
from playground.conversation.reply import Backends
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings

TOML = """
[endpoints.lab]
base_url = "http://lab.test/v1"
[models]
"alpha" = {{ provider = "lab", name = "Model Alpha", context_window = 4000 }}
"bravo" = {{ provider = "lab", name = "Model Bravo", context_window = {window} }}
"charlie" = {{ provider = "lab", name = "Model Charlie", context_window = {window} }}
[contenders.alpha]
model = "alpha"
name = "Uno"
system_prompt = "Be brief."
temperature = 0.3
[contenders.bravo]
model = "bravo"
name = "Dos"
{bravo}
[contenders.charlie]
model = "charlie"
name = "Tres"
{charlie}
"""


def spoken(request):
    """Every model says its own words, one of them quickly and one slowly."""
    steps = answer(f"{request.model.id} says: {request.messages[-1].content} " * 2)
    return [part for step in steps for part in (step, 0.002 if request.model.id == "alpha" else 0.004)]


@contextmanager
def an_arena(folder, script=spoken, *, bravo="", charlie="retired = true", window=4000, daily=None):
    """(arena, provider), answered by `script`: a function of the request, or fixed steps."""
    (folder / "own.toml").write_text(TOML.format(bravo=bravo, charlie=charlie, window=window))
    settings = load_settings({"PLAYGROUND_CONFIG": str(folder / "own.toml"), "PLAYGROUND_LOCAL": "off"})
    provider = ScriptedProvider(script)
    backends = Backends(load_catalog(settings), {"lab": provider})
    arena = Arena(backends, lambda: Votes(Database("", folder), "host:1", daily=daily), rng=Random(7))
    arena.open()
    try:
        yield arena, provider
    finally:
        arena.close()


def model_of(arena, contender_id):
    return next(one.contender.model for one in arena.listed if one.id == contender_id)


async def fought(arena, battle):
    """Everything that a battle shows until it has ended."""
    return [showing async for showing in arena.fight(battle, lambda: 0.01)]


async def refused(kind, work):
    """The ArenaError of that kind that `work` ends in; it names nobody."""
    with pytest.raises(ArenaError) as caught:
        await work
    assert caught.value.kind == kind, caught.value.message
    for name in ("alpha", "bravo", "charlie", "Uno", "Dos", "Tres", "lab"):
        assert name.lower() not in caught.value.message.lower()
    return caught.value
