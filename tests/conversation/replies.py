"""Replies of a scripted provider to a question."""

from playground.conversation.reply import Backends
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider
from playground.settings import load_settings
from playground.types import Contender, Message, SamplingParams

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))
HELLO = [Message("user", "Hello")]


def backends(script, **more):
    provider = ScriptedProvider(script)
    return provider, Backends(CATALOG, {"openai": provider, "anthropic": provider, "local": provider}, **more)


async def replies(script, history=HELLO, model="gpt-4o", system="", sampling=SamplingParams(), options=None, **more):
    provider, both = backends(script, **more)
    found = [reply async for reply in both.reply(Contender(model, system, sampling), history, **(options or {}))]
    return provider, found


async def last(*arguments, **options):
    return (await replies(*arguments, **options))[1][-1]
