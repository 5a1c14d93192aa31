"""Conversations as files of the server: each browser its own, all of one or what was there before."""

import json

import pytest

from playground.conversation.shelf import Shelf, ShelfError

MINE, OTHER = "a-word-of-its-own-1", "a-word-of-its-own-2"
RECORD = {"id": "c1", "name": "Name", "updated": 3.0, "turns": [{"content": "ü"}]}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_a_browser_finds_its_own_conversations_alone(shelf):
    shelf.put(MINE, "c1", RECORD)
    assert shelf.get(MINE, "c1") == RECORD
    assert shelf.heads(MINE) == [{"id": "c1", "name": "Name", "updated": 3.0}]
    assert shelf.heads(OTHER) == []
    shelf.delete(OTHER, "c1")
    assert shelf.records(MINE) == [RECORD]
    shelf.delete(MINE, "c1")
    with pytest.raises(ShelfError, match="no longer kept"):
        shelf.get(MINE, "c1")


def test_what_cannot_be_written_leaves_what_was_there(shelf, tmp_path):
    shelf.put(MINE, "c1", RECORD)
    with pytest.raises(TypeError):
        shelf.put(MINE, "c1", {"turns": object()})
    assert shelf.get(MINE, "c1") == RECORD
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["c1.json"]


@pytest.mark.parametrize("text", ['"\\ud83d"', "NaN", "-Infinity"])
def test_what_no_browser_could_be_sent_is_refused_and_hides_nothing(shelf, text):
    shelf.put(MINE, "c1", RECORD)
    with pytest.raises(ShelfError) as refused:
        shelf.put(MINE, "c2", {"id": "c2", "turns": [json.loads(text)]})
    assert refused.value.status == 400
    assert shelf.records(MINE) == [RECORD]


def test_a_broken_file_hides_no_other(shelf, tmp_path):
    shelf.put(MINE, "c1", RECORD)
    next(tmp_path.iterdir()).joinpath("c2.json").write_text("{")
    assert shelf.records(MINE) == [RECORD]


@pytest.mark.parametrize("bad", ["../c1", "", "a/b", "A", "x" * 41])
def test_an_id_is_no_path(shelf, bad):
    with pytest.raises(ShelfError, match="not the id"):
        shelf.put(MINE, bad, RECORD)


def test_without_a_word_there_is_nothing(shelf):
    with pytest.raises(ShelfError) as refused:
        shelf.heads("short")
    assert refused.value.status == 401


def test_nobody_reads_a_word_off_the_disk(shelf, tmp_path):
    shelf.put(MINE, "c1", RECORD)
    assert MINE not in str(list(tmp_path.rglob("*")))
