"""Exports and imports: what others read, what comes back, what is refused."""

import csv
import io
import json
from dataclasses import replace

import duckdb
import pytest

from playground.arena.counts import OUTCOMES
from playground.arena.database import Database
from playground.arena.exchange import export_votes, exported, import_votes, labelled
from playground.arena.export import FORMATS
from playground.arena.leaderboard import leaderboard
from playground.arena.published import leaderboard_json
from playground.arena.records import Answer, Turn
from playground.arena.selection import CATEGORIES, Selection
from playground.arena.style import Style
from playground.arena.votefile import BadFileError
from playground.arena.votes import Votes
from playground.models.contenders import ListedContender
from playground.types import Contender, SamplingParams

from .records import battle, tallied

NASTY = ('=HYPERLINK("http://evil")', "a, b\nand <b>c</b>", "🦙 Лама", "+1")
IDS = [f"{at:016x}" for at in range(4)]
CONTENDERS = tuple(
    ListedContender(key, name, Contender("model", f"Be {key}.", SamplingParams(temperature=0.5, stop=("x",))))
    for key, name in zip(IDS, NASTY, strict=True)
)
PAIRS = [(a, b) for a in IDS for b in IDS if a != b]
SELECTIONS = [
    Selection(),
    Selection(leaked=True),
    Selection(kind="side_by_side"),
    Selection(source="judge"),
    *(Selection(category=category) for category in CATEGORIES),
    Selection(voter="v1"),
    Selection(since=1_000_050.0),
]


def fill(votes, many=60):
    """Votes of every kind, some of them leaked, undone, changed or cast by a judge as well."""
    votes.publish(CONTENDERS)
    for at in range(many):
        a, b = PAIRS[at % len(PAIRS)]
        turns = tuple(
            Turn(f"Prompt {at}.{turn}", Answer(f"From a {at}.{turn}", "stop"), Answer(f"From b {at}.{turn}", "stop"))
            for turn in range(1 + at % 3 // 2)
        )
        leaked = ("b",) if at % 10 == 3 else ()
        one = battle(f"b{at}", a, b, f"v{at % 4}", turns=turns, leaked=leaked, category=CATEGORIES[at % 4])
        votes.add_battle(one)
        votes.close_turn(one, {"a": Style(at % 7, 1, 2, 3), "b": Style(at % 5)})
        votes.cast(one.id, OUTCOMES[at % 11 % 4], one.voter)
        if at % 9 == 8:
            votes.undo(one.id)
        if at % 18 == 8:
            votes.cast(one.id, "a", one.voter)
        if at % 6 == 0:
            votes.cast(one.id, OUTCOMES[at % 3], "judge-model", source="judge")
    votes.add_comparison(CONTENDERS[:2], [(battle("named", IDS[0], IDS[1], kind="side_by_side"), "b")], "v1")


@pytest.fixture
def filled(votes):
    fill(votes)
    return votes


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


def rows_of(votes, form):
    return [json.loads(line) for line in exported(votes, form)]


def cast(votes, outcome, at=1, turns=None, **more):
    votes.add_battle(battle(f"t{at}", IDS[0], IDS[1], turns=turns, **more))
    votes.cast(f"t{at}", outcome, "me")


@pytest.fixture
def few(votes):
    votes.publish(CONTENDERS)
    return votes


def said(role, content):
    return {"role": role, "content": content}


ONE = (Turn("Hi", Answer("From a"), Answer("From b")),)
TWO = (*ONE, Turn("More", Answer("Later a"), Answer("Later b")))


def test_a_preference_row_has_prompt_chosen_and_rejected(few):
    cast(few, "b", 1, ONE)
    cast(few, "a", 2, TWO)
    assert rows_of(few, "trl") == [
        {
            "prompt": [said("user", "Hi")],
            "chosen": [said("assistant", "From b")],
            "rejected": [said("assistant", "From a")],
        },
        {
            "prompt": [said("user", "Hi")],
            "chosen": [said("assistant", "From a"), said("user", "More"), said("assistant", "Later a")],
            "rejected": [said("assistant", "From b"), said("user", "More"), said("assistant", "Later b")],
        },
    ]


def test_a_system_prompt_that_both_had_is_part_of_the_prompt(few):
    twins = tuple(
        replace(one, id=f"{at:016x}", contender=replace(one.contender, system_prompt="Be brief."))
        for at, one in enumerate(CONTENDERS[:2], 100)
    )
    few.publish(twins)
    few.add_battle(battle("t1", twins[0].id, twins[1].id, turns=ONE))
    few.cast("t1", "a", "me")
    assert rows_of(few, "trl")[0]["prompt"] == [said("system", "Be brief."), said("user", "Hi")]


def test_kto_labels_each_side_and_calls_both_bad_twice_false(few):
    cast(few, "b", 1, ONE)
    cast(few, "both_bad", 2, ONE)
    cast(few, "tie", 3, ONE)
    rows = rows_of(few, "kto")
    assert [(row["completion"][0]["content"], row["label"]) for row in rows] == [
        ("From a", False),
        ("From b", True),
        ("From a", False),
        ("From b", False),
    ]
    assert rows[0]["prompt"] == [said("system", f"Be {IDS[0]}."), said("user", "Hi")]
    assert all(set(row) == {"prompt", "completion", "label"} for row in rows)


def test_dpo_rows_have_one_history_and_two_outputs(few):
    cast(few, "b", 1, ONE)
    cast(few, "a", 2, TWO)
    assert rows_of(few, "dpo") == [
        {
            "input": {"messages": [said("user", "Hi")], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [said("assistant", "From b")],
            "non_preferred_output": [said("assistant", "From a")],
        }
    ]


@pytest.mark.parametrize("form", ["trl", "kto", "dpo"])
def test_nobody_trains_on_votes_that_were_not_blind(few, form):
    cast(few, "a", 1, ONE, leaked=("a",))
    cast(few, "a", 2, ONE)
    few.undo("t2")
    few.cast("t2", "b", "me")
    few.add_battle(battle("t3", IDS[0], IDS[1], turns=ONE))
    few.cast("t3", "a", "judge-model", source="judge")
    assert rows_of(few, form) == []


def test_arena_rows_have_the_published_fields(few):
    cast(few, "both_bad", 1, TWO)
    [row] = rows_of(few, "arena")
    assert row["winner"] == "both_bad"
    assert (row["model_a"], row["model_b"]) == NASTY[:2]
    part = {"type": "text", "text": "From a", "image": None, "mimeType": None}
    assert row["conversation_a"][1] == {"role": "assistant", "content": [part]}
    assert row["full_conversation"][1]["model_side_b"]["content"][0]["text"] == "Later b"
    assert set(row["conv_metadata"]) >= {"sum_assistant_a_tokens", "header_count_b", "list_count_a", "bold_count_b"}
    assert {
        "id",
        "evaluation_session_id",
        "evaluation_order",
        "category_tag",
        "language",
        "is_code",
        "timestamp",
    } <= set(row)


def test_every_export_is_read_by_another_reader(filled, tmp_path):
    for form in FORMATS:
        file = tmp_path / f"votes.{form}"
        written = export_votes(filled, form, str(file))
        if form == "csv":
            table = duckdb.read_csv(str(file), header=True, all_varchar=True)
            written -= 1
        else:
            table = duckdb.read_json(str(file), format="newline_delimited")
        assert len(table.fetchall()) == written > 10


def test_csv_cells_never_begin_a_formula(filled):
    table = list(csv.DictReader(io.StringIO("".join(exported(filled, "csv")))))
    names = {row["name_a"] for row in table}
    assert names == {f"'{NASTY[0]}", NASTY[1], NASTY[2], f"'{NASTY[3]}"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in table for cell in row.values())


@pytest.mark.parametrize("form", FORMATS)
def test_parquet_holds_the_same_rows(filled, tmp_path, form):
    file = str(tmp_path / "votes.parquet")
    written = export_votes(filled, form, file)
    assert len(duckdb.read_parquet(file).fetchall()) == written - (form == "csv")


def test_votes_come_back_from_parquet(filled, database_url, tmp_path, request):
    file = str(tmp_path / "votes.parquet")
    written = export_votes(filled, "arena", file)
    other = empty(database_url, tmp_path, request)
    assert import_votes(other, file) == (written, 0)
    for selection in SELECTIONS:
        assert board(other, selection) == board(filled, selection)
    other.close()


def test_two_contenders_of_one_name_stay_two(few):
    twin = replace(CONTENDERS[0], id="f" * 16)
    names = labelled({one.id: one for one in (*CONTENDERS, twin)})
    assert len({one.name for one in names.values()}) == 5
    assert names[IDS[1]].name == NASTY[1]


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
