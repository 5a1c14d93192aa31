"""What is said of votes that may be lost."""

import gradio as gr
import pytest

from playground.compose import compose
from playground.ops.durable import Keeping
from playground.settings import load_settings
from playground.ui import votes_kept
from playground.ui.votes_kept import UNTIL_RESTART, keeping_line


def kept(**environ):
    return compose(load_settings({"PLAYGROUND_LOCAL": "off", **environ})).keeping()


def test_only_a_space_without_bucket_and_database_forgets():
    assert kept() == Keeping()
    assert kept(SPACE_ID="me/playground") == Keeping(durable=False)
    assert kept(SPACE_ID="me/playground", DATABASE_URL="postgresql://u:p@h/n") == Keeping()
    assert kept(SPACE_ID="me/playground", PLAYGROUND_BUCKET="me/votes") == Keeping()


def test_the_line_says_what_is_not_saved_and_nothing_otherwise():
    assert keeping_line(Keeping()) == ""
    assert UNTIL_RESTART in keeping_line(Keeping(durable=False))
    assert "1 vote not yet saved" in keeping_line(Keeping(unsaved=1))
    assert "1,234 votes not yet saved" in keeping_line(Keeping(unsaved=1234))


@pytest.mark.parametrize("changes", [True, False])
def test_the_page_follows_what_is_not_saved(changes):
    now = [Keeping(unsaved=2)]
    with gr.Blocks() as page:
        votes_kept.show(lambda: now[0], page.load, changes=changes)
    line = next(block for block in page.blocks.values() if block.elem_id == "keeping")
    assert "2 votes not yet saved" in line.value
    now[0] = Keeping()
    assert [event.fn() for event in page.fns.values()] == [""] * (2 if changes else 1)
