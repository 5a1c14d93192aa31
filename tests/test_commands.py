"""The command line as the contract has it, in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = [("x", "y", "model_a")] * 20 + [("y", "x", "model_a")] * 8 + [("x", "y", "tie")] * 4 + [("y", "x", "both_bad")]


def run(*arguments, given="", **environ):
    return subprocess.run(
        [sys.executable, "-m", "playground", *map(str, arguments)],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PLAYGROUND_LOCAL": "off", "PYTHONIOENCODING": "utf-8", **environ},
        timeout=120,
        check=False,
    )


def lines(rows):
    return "".join(json.dumps({"model_a": a, "model_b": b, "winner": winner}) + "\n" for a, b, winner in rows)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_text(lines(ROWS))
    return path


def test_a_file_is_ranked_as_a_table(file):
    shown = run("leaderboard", file)
    assert shown.returncode == 0, shown.stderr
    head, first, second, *_ = shown.stdout.splitlines()
    assert head.split()[:3] == ["rank", "contender", "rating"]
    assert (first.split()[:2], second.split()[:2]) == (["1", "x"], ["2", "y"])
    assert "33 votes, 2 contenders." in shown.stdout
    assert "would have to flip" in shown.stdout


def test_json_is_the_object_of_the_http_route(file):
    board = json.loads(run("leaderboard", file, "--json").stdout)
    assert (board["votes"], board["connected"]) == (33, True)
    assert [(one["contender"], one["name"], one["wins"]) for one in board["ratings"]] == [("x", "x", 20), ("y", "y", 8)]
    assert {"left_bias", "flips_to_change_first", "caveats"} <= set(board)


def test_ties_and_prior_are_options(file):
    by_ties = {ties: run("leaderboard", file, "--json", "--ties", ties).stdout for ties in ("half", "drop", "davidson")}
    assert len({json.loads(text)["ratings"][0]["rating"] for text in by_ties.values()}) == 3
    assert run("leaderboard", file, "--prior", "-1").returncode == 2


def test_standard_input_is_a_file_too():
    assert json.loads(run("leaderboard", "-", "--json", given=lines(ROWS)).stdout)["votes"] == 33


def test_few_votes_are_not_ranked(tmp_path):
    shown = run("leaderboard", "-", given=lines(ROWS[:5]))
    assert "too few votes to rank" in shown.stdout
    assert shown.stdout.splitlines()[1].split()[0] == "-"


def test_without_a_prior_the_undefeated_are_named():
    shown = run("leaderboard", "-", "--prior", "0", given=lines([("x", "y", "model_a"), ("y", "z", "model_a")]))
    assert shown.returncode == 2
    assert "x never lost or tied" in shown.stderr and shown.stdout == ""


def test_a_bad_line_is_named_and_nothing_is_printed(file):
    file.write_text(lines([*ROWS, ("x", "y", "draw")]))
    shown = run("leaderboard", file, "--json")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "votes.jsonl, line 34: unknown winner 'draw'" in shown.stderr


def test_names_cannot_steer_the_terminal():
    evil = "\x1b[31mred\x07\nnext"
    shown = run("leaderboard", "-", given=lines([(evil, "🦙 wide", "model_a"), ("🦙 wide", evil, "model_a")]))
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout and "\x07" not in shown.stdout
    assert "�[31mred��next" in shown.stdout


def test_a_verdict_in_words_and_as_json(file):
    assert "Undecided" in run("verdict", file, "x", "y").stdout
    found = json.loads(run("verdict", file, "x", "y", "--json").stdout)
    assert (found["wins_a"], found["wins_b"], found["ties"]) == (20, 8, 5)
    stranger = run("verdict", file, "x", "nobody")
    assert stranger.returncode == 2 and "no contender 'nobody'; there are x, y" in stranger.stderr


def test_votes_go_in_and_come_out_again(file, tmp_path):
    store = {"PLAYGROUND_DATA_DIR": str(tmp_path / "data")}
    assert "33 votes imported, 0 were already there" in run("import", file, **store).stdout
    assert "0 votes imported, 33 were already there" in run("import", file, **store).stdout
    out = tmp_path / "out.jsonl"
    assert "33 lines written" in run("export", "--format", "arena", "--output", out, **store).stderr
    before, after = (json.loads(run("leaderboard", path, "--json").stdout) for path in (file, out))
    assert before["ratings"] == after["ratings"]
    assert run("export", "--format", "csv", **store).stdout.startswith("battle,created,source")


def test_a_store_that_cannot_be_opened_says_which_setting(file):
    shown = run("import", file, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert shown.returncode == 2 and "DATABASE_URL" in shown.stderr and "Traceback" not in shown.stderr


def test_help_lists_every_command():
    shown = run("--help")
    assert shown.returncode == 0
    assert all(command in shown.stdout for command in ("leaderboard", "verdict", "import", "export"))
