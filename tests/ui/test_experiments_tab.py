"""What has to be confirmed before a run, and how long that holds."""

from types import SimpleNamespace

import pytest

from playground.errors import PlaygroundError
from playground.ui import experiments_tab
from playground.ui.experiments_tab import _Wiring
from playground.ui.keys import Taken


class Sweeps:
    """Plans whatever it is given: so many calls. Notes which runs were started as confirmed."""

    calls = 30

    def __init__(self):
        self.started = []

    def plan(self, sweep, keys):
        if not self.calls:
            raise PlaygroundError("There is no prompt.")
        return SimpleNamespace(sweep=sweep, notes=("That model will not be sent temperature.",))

    async def forecast(self, planned, reused):
        return self.calls

    async def start(self, sweep, owner, *, confirmed, reuse, keys):
        self.started.append((*sweep, confirmed))
        return "run"


@pytest.fixture
def sweeps():
    return Sweeps()


@pytest.fixture
def wiring(sweeps, monkeypatch):
    tab = SimpleNamespace(start="start", notes="notes", confirm="confirm", asked="asked")
    wiring = _Wiring(tab, None, sweeps)
    monkeypatch.setattr(wiring, "_form", lambda values: SimpleNamespace(sweep=lambda: values))
    monkeypatch.setattr(experiments_tab.form, "button", lambda calls: f"Run {calls} calls")
    monkeypatch.setattr(experiments_tab.form, "confirmation", lambda calls: f"Yes, make {calls} calls")
    monkeypatch.setattr(experiments_tab, "asks_for_confirmation", lambda calls: calls > 20)
    return wiring


async def test_what_was_confirmed_stays_so_until_something_else_is_to_be_confirmed(wiring, sweeps):
    first = await wiring.check(None, [], False, Taken())
    assert first["confirm"]["visible"] and first["confirm"]["value"] is False
    assert "will not be sent temperature" in first["notes"], "before the run"
    again = await wiring.check(first["asked"], [], False, Taken())
    assert "value" not in again["confirm"], "a form that is counted once more takes no tick away"
    other = await wiring.check(again["asked"], [], False, Taken(), "another prompt")
    assert other["confirm"]["value"] is False, "as many calls, but of something else"
    sweeps.calls = 31
    more = await wiring.check(other["asked"], [], False, Taken(), "another prompt")
    assert more["confirm"]["value"] is False and more["confirm"]["label"] == "Yes, make 31 calls"


async def test_after_a_form_that_cannot_be_run_there_is_nothing_confirmed(wiring, sweeps):
    first = await wiring.check(None, [], False, Taken())
    sweeps.calls = 0
    broken = await wiring.check(first["asked"], [], False, Taken())
    assert broken["confirm"]["value"] is False and "There is no prompt" in broken["notes"]
    sweeps.calls = 30
    assert (await wiring.check(broken["asked"], [], False, Taken()))["confirm"]["value"] is False


async def test_only_what_was_asked_counts_as_confirmed_and_a_run_takes_the_tick_away(wiring, sweeps, monkeypatch):
    async def framed(run, runs):
        return {"run": run}

    monkeypatch.setattr(wiring, "_framed", framed)
    asked = (await wiring.check(None, [], False, Taken(), "few"))["asked"]
    who = SimpleNamespace(session_hash="me")

    async def begin(ticked, said, reuse, value):
        return await wiring.begin(who, [], "", ticked, said, reuse, Taken(), value)

    begun = await begin(True, asked, False, "few")
    assert begun["run"] == "run" and begun["confirm"]["value"] is False
    await begin(False, asked, False, "few")
    await begin(True, asked, False, "many")
    await begin(True, asked, True, "few")
    await begin(True, None, False, "few")
    assert sweeps.started == [("few", True), ("few", False), ("many", False), ("few", False), ("few", False)]
