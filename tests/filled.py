"""A store with votes of simulated voters, written through the store's own functions, and the catalog it belongs to."""

import math
import random
import time
from dataclasses import replace

from playground.arena.battle import Arena
from playground.arena.database import Database
from playground.arena.export import StoredVote
from playground.arena.records import SEATS, Answer, Battle, Turn
from playground.arena.selection import CATEGORIES
from playground.arena.style import Style
from playground.arena.votes import Votes
from playground.conversation.reply import Backends
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Usage

# As nasty as names come, with how strong each is in log-odds.
STRENGTHS = {
    "<b>Bold</b> & Sons": 1.1,
    "=SUM(A1), Inc.": 0.7,
    "Llama 🦙 of the Andes": 0.3,
    "Plain": 0.0,
    "A contender whose name goes on and on, far beyond what any table has room for": -0.4,
    "Émile <script>alert(1)</script>": -1.2,
}
DAY_S = 86_400


NOBODY = "http://127.0.0.1:9"


def config(names=tuple(STRENGTHS), url=NOBODY):
    """The owner's file with these contenders on one endpoint, and two models that judge there."""
    lines = ["[endpoints.lab]", f'base_url = "{url}/v1"', "[models]"]
    lines += [f'"the-{how}" = {{ provider = "lab", name = "The {how}" }}' for how in ("judge", "endless")]
    lines += [f'"m{at}" = {{ provider = "lab", name = "M{at}" }}' for at in range(len(names))]
    for at, name in enumerate(names):
        lines += [f"[contenders.m{at}]", f'model = "m{at}"', f'name = "{name}"', f'system_prompt = "Number {at}"']
    return "\n".join(lines)


def fill(folder, votes, *, judged=0, seed=5, names=tuple(STRENGTHS), days=60, url=NOBODY, leaks=0.05):
    """Writes own.toml and a database of `votes` people's votes, of whom the judge has judged the first `judged`.

    Returns the environment of an app that shows them.
    """
    (folder / "own.toml").write_text(config(names, url), encoding="utf-8")
    environ = {"PLAYGROUND_CONFIG": str(folder / "own.toml"), "PLAYGROUND_LOCAL": "off"}
    store = Votes(Database("", folder / "data"), "filler")
    listed = Arena(Backends(load_catalog(load_settings(environ)), {}), lambda: store).listed
    store.publish(listed)
    random_ = random.Random(seed)
    cast = [_vote(store, at, random_, [one for one in listed if one.name in names], days, leaks) for at in range(votes)]
    assert sum(store.add_voted(cast)) == votes
    for one in cast[:judged]:
        agreed = one.outcome.replace("both_bad", "tie")
        store.cast(one.battle.id, agreed if random_.random() < 0.75 else "tie", "m0", source="judge")
    store.close()
    return environ


def _vote(store, at, random_, listed, days, leaks):
    a, b = random_.sample(listed, 2)
    category = random_.choice(CATEGORIES)
    answers = {
        seat: Answer(
            f"Answer {at} of side {seat}.",
            "stop",
            usage=Usage(40, 80),
            cost=0.0004 * random_.random(),
            ttft_s=0.3 + random_.random(),
            duration_s=3.0,
        )
        for seat in SEATS
    }
    created = time.time() - days * DAY_S * random_.random() ** 1.5
    battle = Battle(f"filled-{at}", a.id, b.id, "somebody", created, (Turn(f"Prompt {at}", **answers),))
    battle = replace(battle, category=category, leaked=("a",) if random_.random() < leaks else ())
    styles = {seat: Style(random_.randint(20, 400), 0, random_.randint(0, 5), 0) for seat in SEATS}
    store.add_battle(battle)
    store.close_turn(replace(battle, status="ready"), styles)
    lead = STRENGTHS.get(a.name, 0.0) - STRENGTHS.get(b.name, 0.0)
    decided = "a" if random_.random() < 1 / (1 + math.exp(-lead)) else "b"
    outcome = random_.choices([decided, "tie", "both_bad"], [80, 12, 8])[0]
    return StoredVote(battle, a, b, outcome, "human", "somebody", created, False, styles)
