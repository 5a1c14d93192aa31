"""GET /experiments/{run}: a run as CSV and JSON, for whoever has its id."""

import csv
import io

import httpx2
from fastapi import FastAPI

from playground.api.experiments import build_router
from playground.conversation.reply import Backends
from playground.lab.prompts import Prompt
from playground.lab.running import Sweeps
from playground.lab.runs import Runs
from playground.lab.sweep import Sweep
from playground.models.catalog import load_catalog
from playground.providers.scripted import ScriptedProvider, answer
from playground.settings import load_settings

SWEEP = Sweep((Prompt("Sum?", "42"),), ("smollm2-135m-instruct",), temperature=(0.0, 1.0), max_tokens=9)


async def test_a_run_is_downloaded_whole_or_is_not_there(tmp_path):
    provider = ScriptedProvider(lambda request: answer(f"=SUM({request.sampling.temperature})"))
    sweeps = Sweeps(Backends(load_catalog(load_settings({})), {"local": provider}), Runs(tmp_path))
    run_id = await sweeps.start(SWEEP, "me")
    async for _ in sweeps.follow(run_id, lambda: 0.01):
        pass
    app = FastAPI()
    app.include_router(build_router(sweeps))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app") as http:
        found = (await http.get(f"/experiments/{run_id}")).json()
        assert [one["sampling"]["temperature"] for one in found["settings"]] == [0.0, 1.0]
        assert found["settings"][0]["figures"]["exact"]["mean"] == 0.0
        assert [row["answer"] for row in found["cells"]] == ["=SUM(0.0)", "=SUM(1.0)"]
        written = await http.get(f"/experiments/{run_id}?format=csv")
        rows = list(csv.DictReader(io.StringIO(written.text)))
        assert [(row["temperature"], row["answer"]) for row in rows] == [("0.0", "'=SUM(0.0)"), ("1.0", "'=SUM(1.0)")]
        assert "attachment" in written.headers["content-disposition"]
        for missing in ("x" * 24, "..%2F..%2Fetc", run_id[:-1]):
            assert (await http.get(f"/experiments/{missing}")).status_code == 404
