"""What is not everybody's word is explained where it stands."""

import re

import pytest

from playground.arena.verdict import verdict
from playground.conversation.reply import Reply
from playground.lab.perplexity import Surprise
from playground.lab.summary import FIGURES
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.ui import experiments_layout, format, leaderboard_view
from playground.ui.leaderboard_tab import HINTS
from playground.ui.next_token import SLIDERS
from playground.ui.sampling import CONTROLS
from playground.ui.tokens_view import surprise_line
from playground.ui.untyped import gr
from playground.ui.verdict_view import verdict_panel


@pytest.fixture
def form():
    with gr.Blocks():
        return experiments_layout.lay_out(load_catalog(load_settings({})), gr.State([])).fields


def test_a_parameter_is_explained_wherever_it_can_be_set(form):
    assert all(control.hint.endswith(".") for control in CONTROLS)
    for name in ("temperature", "top_p", "top_k", "effort", "samples", "max_tokens"):
        assert form[name].info, name
    assert all(slider[-1] for slider in SLIDERS.values())


def test_the_words_of_the_statistics_are_explained_on_hover():
    heads = {**leaderboard_view.HEADS_BEFORE, **leaderboard_view.HEADS_AFTER}
    assert "Bradley-Terry" in heads["Rating"] and "TTFT" in heads["First token"]
    panel = verdict_panel(verdict(6, 3), "One", "Other", [])
    told = {word: title for title, word in re.findall(r'<dt title="([^"]+)">([^<]+)</dt>', panel)}
    assert set(told) == {"Votes", "Evidence", "Share of One"} and "e-value" in told["Evidence"]
    assert "e-value" in HINTS["verdict"] and "Davidson" in HINTS["board-ties"]


def test_the_figures_of_an_answer_and_of_an_experiment_say_what_they_are():
    assert "TTFT" in format.details(Reply("m", text="Hi"))
    assert all(figure.hint.endswith(".") for figure in FIGURES)
    assert "equally likely tokens" in surprise_line(Surprise((1, 2), (-1.0,)))
