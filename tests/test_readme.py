"""What the README and docs/api.md show is run as it stands there, against the app and the embedded model."""

import json
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PAGES = ("README.md", "docs/api.md")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands():
    """Each curl of the pages, its continued lines as one; $BATTLE is of another answer, and is left to other tests."""
    for page in PAGES:
        for block in blocks(page, "bash"):
            for command in block.replace("\\\n", " ").splitlines():
                if command.startswith("curl") and "$BATTLE" not in command:
                    yield pytest.param(command, id=re.search(r":7860/([\w-]+)", command)[1] + f" in {page}")


@pytest.mark.parametrize("command", commands())
def test_every_curl_is_answered(app, command):
    said = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:7860", app.url)],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    ).stdout
    if said.startswith("data: "):
        events = [line.removeprefix("data: ") for line in said.splitlines() if line]
        assert json.loads(events[0]).keys() & {"battle", "text"}
        assert any('"ready": true' in event or "[DONE]" in event for event in events)
    else:
        answer = json.loads(said)
        assert answer
        assert "error" not in answer


@pytest.mark.parametrize("page", PAGES)
def test_the_python_runs(page):
    """The pages of a checkout are read from its top; each program ends with a count of tokens and a cost."""
    [program] = blocks(page, "python")
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    assert re.search(r"\d+ 0\.00\d+$", said.stdout.strip()), said.stdout


def test_the_toml_is_a_configuration(tmp_path):
    """One file, an endpoint, a model and a contender: what a developer who has never seen this writes."""
    from playground.models.catalog import load_catalog
    from playground.settings import load_settings

    [written] = blocks("README.md", "toml")
    config = tmp_path / "mine.toml"
    config.write_text(written, "utf-8")
    catalog = load_catalog(load_settings({"PLAYGROUND_CONFIG": str(config)}))
    assert catalog.get("qwen3:8b").available
    assert "brief" in [one.name for one in catalog.contenders]
