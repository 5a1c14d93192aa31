"""Exports: what others read, and what is not for training."""

import csv
import io
from dataclasses import replace

import duckdb
import pytest

from playground.arena.exchange import export_votes, exported
from playground.arena.export import FORMATS
from playground.arena.records import Answer, Turn
from playground.models.contenders import labelled

from .exchanged import CONTENDERS, IDS, NASTY, ONE, rows_of, said
from .records import battle


def cast(votes, outcome, at=1, turns=None, **more):
    votes.add_battle(battle(f"t{at}", IDS[0], IDS[1], turns=turns, **more))
    votes.cast(f"t{at}", outcome, "me")


@pytest.fixture
def few(votes):
    votes.publish(CONTENDERS)
    return votes


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


def test_two_contenders_of_one_name_stay_two(few):
    twin = replace(CONTENDERS[0], id="f" * 16)
    names = labelled({one.id: one for one in (*CONTENDERS, twin)})
    assert len({one.name for one in names.values()}) == 5
    assert names[IDS[1]].name == NASTY[1]
