"""Anybody's file of votes: counted right, or refused with file and line."""

import io
import json

import duckdb
import pytest

from playground.arena.votefile import BadFileError, count_votes

from .records import tallied

GOOD = {"model_a": "x", "model_b": "y", "winner": "model_a"}


def written(tmp_path, *lines, name="votes.jsonl"):
    file = tmp_path / name
    file.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return str(file)


def test_every_winner_is_counted_as_what_it_is(tmp_path):
    winners = ["model_a", "model_b", "model_b", "tie", "both_bad", "tie (bothbad)"]
    counts = count_votes(written(tmp_path, *({**GOOD, "winner": winner} for winner in winners)))
    assert tallied(counts) == [("x", "y", "a", 1), ("x", "y", "b", 2), ("x", "y", "both_bad", 2), ("x", "y", "tie", 1)]


def test_more_columns_blank_lines_and_a_mark_at_the_start_do_no_harm(tmp_path):
    row = {**GOOD, "conversation_a": [{"role": "user", "content": "Hi"}], "turn": 1, "language": "English"}
    file = written(tmp_path, b"\xef\xbb\xbf", row, b"\n", b"   \r\n", row)
    assert count_votes(file).votes == 2


def test_the_last_line_needs_no_end(tmp_path):
    assert count_votes(written(tmp_path, GOOD, json.dumps(GOOD).encode())).votes == 2


@pytest.mark.parametrize("name", ["<b>x</b>", "a,b", "🦙", "=1+1", "Ünï çödé", "x" * 10_000, " y"])
def test_names_are_taken_as_they_are(tmp_path, name):
    counts = count_votes(written(tmp_path, {**GOOD, "model_a": name}))
    assert counts.contenders == (name, "y")


def test_a_json_array_is_read_too(tmp_path):
    text = json.dumps([GOOD, {**GOOD, "winner": "tie"}], indent=2).encode()
    assert count_votes(written(tmp_path, text, name="clean_battle.json")).votes == 2


def test_parquet_is_read_too(tmp_path):
    file = str(tmp_path / "votes.parquet")
    duckdb.read_json(written(tmp_path, GOOD, GOOD), format="newline_delimited").write_parquet(file)
    assert count_votes(file).votes == 2


def test_standard_input_is_read_too(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode())))
    assert count_votes("-").votes == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({**GOOD, "winner": "model_c"}, "unknown winner 'model_c': it is one of model_a, model_b, tie, both_bad, tie"),
        ({**GOOD, "winner": "Tie"}, "unknown winner 'Tie'"),
        ({**GOOD, "winner": None}, "unknown winner None"),
        ({**GOOD, "winner": float("nan")}, "unknown winner nan"),
        ({**GOOD, "winner": ["model_a"]}, "unknown winner"),
        ({**GOOD, "model_a": float("nan")}, "model_a is nan, not a name"),
        ({**GOOD, "model_b": 7}, "model_b is 7, not a name"),
        ({**GOOD, "model_b": ""}, "model_b is '', not a name"),
        ({**GOOD, "model_b": "x"}, "'x' meets itself"),
        ({"model_a": "x", "model_b": "y"}, "there is no 'winner'"),
        ([1, 2], "a vote is an object"),
        (b'"votes"\n', "a vote is an object"),
        (b"5\n", "a vote is an object"),
        (b"model_a,model_b,winner\n", "this is not JSON"),
        (b'{"model_a": "\xff"}\n', "this is not JSON"),
        (b'{"model_a": "x", "mod', "breaks off in the middle of this line"),
    ],
)
def test_a_line_that_means_nothing_is_refused_by_file_and_line(tmp_path, line, message):
    with pytest.raises(BadFileError) as refused:
        count_votes(written(tmp_path, GOOD, GOOD, line))
    assert "votes.jsonl, line 3: " in str(refused.value)
    assert message in str(refused.value)


def test_rows_of_an_array_are_numbered(tmp_path):
    file = written(tmp_path, json.dumps([GOOD, {**GOOD, "winner": "?"}]).encode())
    with pytest.raises(BadFileError, match=r"row 2: unknown winner '\?'"):
        count_votes(file)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "holds no votes"),
        ([b"\n\n"], "holds no votes"),
        ([b"[]"], "holds no votes"),
        ([b"[1, "], "is neither a JSON array"),
    ],
)
def test_a_file_without_votes_is_refused(tmp_path, lines, message):
    with pytest.raises(BadFileError, match=message):
        count_votes(written(tmp_path, *lines))


@pytest.mark.parametrize("name", ["missing.jsonl", "", "missing.parquet"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(BadFileError, match="cannot be read"):
        count_votes(str(tmp_path / name))


def test_without_duckdb_parquet_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
    with pytest.raises(BadFileError, match="pip install duckdb"):
        count_votes("votes.parquet")
