"""`python -m playground judge` in its own process, against a model server that says what the test wants."""

import json
import os
import signal
import subprocess
import sys

import pytest

from .conftest import ROOT, clean_environment
from .filled import fill
from .test_commands import run

BATTLES = 14


@pytest.fixture
def store(lab, tmp_path):
    """The environment of a store whose battles are all unjudged; none of them named anybody."""
    (tmp_path / "data").mkdir()
    return {**fill(tmp_path, BATTLES, url=lab, leaks=0.0), "PLAYGROUND_DATA_DIR": str(tmp_path / "data")}


def judges(store, tmp_path):
    """The outcomes that the judge has stored."""
    run("export", "--format", "arena", "--output", tmp_path / "out.jsonl", **store)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    return [(row["winner"], row["evaluation_session_id"]) for row in rows if row["source"] == "judge"]


def test_it_says_what_it_takes_asks_first_and_goes_on_where_it_was(store, tmp_path):
    dry = run("judge", "--model", "the-judge", "--limit", "10", "--dry-run", **store)
    assert dry.returncode == 0, dry.stderr
    assert "The judge would judge 10 battles in both orders: 20 calls, ≈ " in dry.stdout
    assert "price unknown" in dry.stdout
    unasked = run("judge", "--model", "the-judge", "--limit", "10", **store)
    assert unasked.returncode == 2 and "add --yes" in unasked.stderr
    assert judges(store, tmp_path) == []
    done = run("judge", "--model", "the-judge", "--limit", "10", "--yes", **store)
    assert done.returncode == 0, done.stderr
    assert "Finished: 10 of 10 battles · 10 judged · 10 of them ties" in done.stdout
    assert done.stderr.startswith("0 of 10 battles") and "10 of 10 battles" in done.stderr
    assert judges(store, tmp_path) == [("tie", "the-judge")] * 10
    rest = run("judge", "--model", "the-judge", "--yes", **store)
    assert f"{BATTLES - 10} of {BATTLES - 10} battles" in rest.stdout
    assert len(judges(store, tmp_path)) == BATTLES
    assert "Nothing to judge" in run("judge", "--model", "the-judge", "--yes", **store).stdout


def test_ctrl_c_stops_it_cleanly(store, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "playground", "judge", "--model", "the-endless", "--yes"],
        cwd=ROOT,
        env={**clean_environment(), **store, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Whoever runs the tests in the background has Ctrl-C switched off, and children inherit that.
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) if os.name == "posix" else None,
    )
    try:
        assert "0 of 14 battles" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped: 0 of 14 battles" in said and "start again to go on" in said
    assert "Traceback" not in complained


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--model", "nobody"), "no model 'nobody'"),
        (("--model", "the-judge", "--limit", "0"), "from 1 to"),
        ((), "--model"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(store, arguments, complaint):
    refused = run("judge", *arguments, "--yes", **store)
    assert refused.returncode == 2 and complaint in refused.stderr and "Traceback" not in refused.stderr
