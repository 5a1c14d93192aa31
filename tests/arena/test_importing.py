"""Imports: what comes back from an export, what is read of other files, what is refused."""

import json

import pytest

from playground.arena.database import Database
from playground.arena.exchange import export_votes, exported, import_votes
from playground.arena.leaderboard import leaderboard
from playground.arena.published import leaderboard_json
from playground.arena.selection import CATEGORIES, Selection
from playground.arena.votefile import BadFileError
from playground.arena.votes import Votes

from .exchanged import CONTENDERS, IDS, rows_of, said
from .records import battle, tallied

SELECTIONS = [
    Selection(),
    Selection(leaked=True),
    Selection(kind="side_by_side"),
    Selection(source="judge"),
    *(Selection(category=category) for category in CATEGORIES),
    Selection(voter="v1"),
    Selection(since=1_000_050.0),
]


def empty(database_url, tmp_path, request):
    """A second store of the same kind of database."""
    if database_url.startswith("sqlite"):
        return Votes(Database(f"sqlite:///{tmp_path / 'other.db'}", tmp_path), "host:2")
    from .conftest import fresh_postgres

    return Votes(Database(fresh_postgres(request.getfixturevalue("postgres")), tmp_path), "host:2")


def board(votes, selection):
    return leaderboard_json(leaderboard(votes.counts(selection).including(IDS)), dict(zip(IDS, IDS, strict=True)))


def test_an_export_read_back_gives_the_same_leaderboards(filled, database_url, tmp_path, request):
    file = str(tmp_path / "votes.jsonl")
    written = export_votes(filled, "arena", file)
    other = empty(database_url, tmp_path, request)
    assert import_votes(other, file) == (written, 0)
    for selection in SELECTIONS:
        assert board(other, selection) == board(filled, selection)
        assert other.longer(selection) == filled.longer(selection)
    assert list(exported(other, "csv")) == list(exported(filled, "csv"))
    assert {one.id: one.contender for one in other.contenders().values()} == {
        one.id: one.contender for one in CONTENDERS
    }
    other.close()


def test_importing_twice_adds_nothing(filled, tmp_path):
    file = str(tmp_path / "votes.jsonl")
    written = export_votes(filled, "arena", file)
    before = [tallied(filled.counts(selection)) for selection in SELECTIONS]
    assert import_votes(filled, file) == (0, written)
    assert [tallied(filled.counts(selection)) for selection in SELECTIONS] == before


def test_a_vote_that_was_taken_back_does_not_return_with_an_import(votes, tmp_path):
    votes.publish(CONTENDERS)
    votes.add_battle(battle("b1", IDS[0], IDS[1]))
    votes.cast("b1", "a", "me")
    file = str(tmp_path / "votes.jsonl")
    export_votes(votes, "arena", file)
    votes.undo("b1")
    assert import_votes(votes, file) == (0, 1)
    assert votes.counts().votes == 0


def test_votes_come_back_from_parquet(filled, database_url, tmp_path, request):
    file = str(tmp_path / "votes.parquet")
    written = export_votes(filled, "arena", file)
    other = empty(database_url, tmp_path, request)
    assert import_votes(other, file) == (written, 0)
    for selection in SELECTIONS:
        assert board(other, selection) == board(filled, selection)
    other.close()


FASTCHAT = {
    "question_id": "58210e39b3fd4441a2bd4a518bb44c2d",
    "model_a": "chatglm-6b",
    "model_b": "koala-13b",
    "winner": "tie (bothbad)",
    "judge": "arena_user_973",
    "conversation_a": [said("user", "Prove 1=2"), said("assistant", "No.")],
    "conversation_b": [said("user", "Prove 1=2"), said("assistant", "Never.")],
    "turn": 1,
    "anony": True,
    "language": "English",
    "tstamp": 1682351591.1322,
}


def written(tmp_path, *lines, name="votes.jsonl"):
    file = tmp_path / name
    file.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines), "utf-8")
    return str(file)


def test_a_fastchat_row_is_imported_with_its_conversation(votes, tmp_path):
    file = written(tmp_path, FASTCHAT, {**FASTCHAT, "question_id": "other", "anony": False})
    assert import_votes(votes, file) == (2, 0)
    [row] = [row for row in rows_of(votes, "arena") if row["id"] == FASTCHAT["question_id"]]
    assert (row["winner"], row["model_b"], row["category"]) == ("both_bad", "koala-13b", "math")
    assert row["timestamp"].startswith("2023-04-24T15:53:11")
    assert row["conversation_b"][1]["content"][0]["text"] == "Never."
    assert votes.counts().votes == 1
    assert votes.counts(Selection(kind="side_by_side")).votes == 1


def test_rows_without_id_are_known_again_by_their_place(votes, tmp_path):
    row = {"model_a": "x", "model_b": "y", "winner": "model_a"}
    file = written(tmp_path, row, row, row)
    assert import_votes(votes, file) == (3, 0)
    assert import_votes(votes, file) == (0, 3)
    assert import_votes(votes, written(tmp_path, row, name="another.jsonl")) == (1, 0)


def test_what_stands_before_a_bad_line_is_imported(votes, tmp_path):
    good = {"model_a": "x", "model_b": "y", "winner": "model_a"}
    file = written(tmp_path, *[good] * 5, {**good, "winner": "x"})
    with pytest.raises(
        BadFileError, match=r"line 6: unknown winner 'x'.*The 5 votes before it are imported, 5 of them new"
    ):
        import_votes(votes, file)
    assert votes.counts().votes == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_a": "nul\x00"}, "NUL"),
        ({"timestamp": "yesterday"}, "ISO 8601"),
        ({"tstamp": 1e300}, "ISO 8601"),
        ({"tstamp": float("nan")}, "ISO 8601"),
        ({"contender_a": {"id": "zz", "model": "m", "system_prompt": ""}}, "hexadecimal"),
        ({"contender_a": {"id": "0" * 16, "model": 1, "system_prompt": ""}}, "as text"),
        ({"contender_a": {"id": "0" * 16, "model": "m", "system_prompt": "", "sampling": {"top_p": "x"}}}, "top_p"),
        ({"conversation_a": [1], "conversation_b": [1]}, "role and content"),
    ],
)
def test_a_row_that_cannot_be_stored_names_file_and_line(votes, tmp_path, change, message):
    row = {"model_a": "x", "model_b": "y", "winner": "model_a", **change}
    with pytest.raises(BadFileError, match=rf"votes.jsonl, line 1: .*{message}"):
        import_votes(votes, written(tmp_path, row))
    assert votes.counts().votes == 0
