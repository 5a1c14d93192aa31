"""Tokens as HTML: nothing is hidden, nothing is taken for markup, and long texts are drawn in part."""

import math
import re

import pytest

from playground.lab.counting import ModelCount
from playground.lab.decoding import Distribution, Filters
from playground.lab.perplexity import Surprise
from playground.lab.token_lab import Path
from playground.models.tokens import first_spans
from playground.types import Family, ModelSpec
from playground.ui import next_token_view, tokens_view
from playground.ui.token_marks import drawn, named

PIECES = [b"<end>", b" a", b"<b>", b"\n", "é".encode()[:1], "é".encode()[1:]]


def plain(html):
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"<b>", "&lt;b&gt;"),
        (b" the", "<u> </u>the"),
        (b"\n", '<u class="n"></u>\n'),
        (b"\t", '<u class="t">\t</u>'),
        ("日本".encode(), "日本"),
        ("שלום".encode(), "שלום"),
        ("\u0301".encode(), "<b>◌</b>\u0301"),
        ("e\u0301".encode(), "e\u0301"),
        (b"\xe8\xaa", "<b>e8</b><b>aa</b>"),
        (b" \xf0\x9f", "<u> </u><b>f0</b><b>9f</b>"),
        ("\u200d".encode(), "<b>U+200D</b>"),
        ("👩\u200d👧".encode(), "👩\u200d👧"),
        ("\ufe0f".encode(), "<b>U+FE0F</b>"),
        ("a\u202eb".encode(), "a<b>U+202E</b>b"),
        ("\u00a0\u3000".encode(), "<b>U+00A0</b><b>U+3000</b>"),
        (b"\x00\r", "<b>U+0000</b><b>U+000D</b>"),
        (b"", ""),
    ],
)
def test_a_token_shows_all_that_is_in_it(raw, shown):
    assert drawn(raw) == shown


def test_a_token_in_words_is_one_line():
    assert named(" \n\té\u200d".encode() + b"\xff") == "␣↵→éU+200Dff"


def test_each_token_has_its_id_and_bytes_and_a_part_names_its_character():
    text = "お誕 <a"
    html = tokens_view.text_tokens(text, *first_spans(text, "cl100k_base", 100))
    assert html.count("<i ") == 5
    assert 'title="id 33334\nbytes e3 81 8a">お</i>' in html
    assert 'title="id 45918\nbytes e8 aa\npart of 誕"><b>e8</b><b>aa</b></i>' in html
    assert "<u> </u>&lt;</i>" in html


def test_a_long_text_is_drawn_in_part_and_counted_whole():
    text = "word é " * 20_000
    spans, count = first_spans(text, "o200k_base", tokens_view.MOST_DRAWN)
    html = tokens_view.text_tokens(text, spans, count)
    assert html.count("<i ") == tokens_view.MOST_DRAWN
    assert f"{count - tokens_view.MOST_DRAWN:,} more are counted" in html
    assert len(html) < 300_000


def test_the_first_spans_are_those_of_the_whole():
    text = "naïve 👩‍👩‍👧 日本語 " * 30
    every, count = first_spans(text, "o200k_base", 10**6)
    assert len(every) == count
    for most in (0, 1, 2, 7, 50):
        head, all_ = first_spans(text, "o200k_base", most)
        assert (head, all_) == (every[:most], count)


def spec(name, exact):
    family = Family("f", "openai", encoding_exact=exact)
    return ModelSpec(name, "openai", family, name, name)


def test_an_estimate_is_marked_and_an_unknown_price_is_no_zero():
    html = tokens_view.model_table(
        [
            ModelCount(spec("Own", True), 1_234, True, 0.25),
            ModelCount(spec("Foreign", False), 1_234, False, 0.25),
            ModelCount(spec("New", False), 1_234, False, None),
            ModelCount(spec("Loading", False), None, True, None),
        ]
    )
    own, foreign, new, loading = [plain(row) for row in html.split("<tr>")[2:]]
    assert own == "Own1,234$0.25"
    assert foreign == "Foreign≈ 1,234≈ $0.25"
    assert new == "New≈ 1,234price unknown"
    assert loading == "Loading––"
    assert 'title="$0.25 for the text as input"' in html


def test_surprise_grows_with_what_was_not_expected():
    html = tokens_view.surprise_tokens(Surprise((1, 2, 3, 1), (math.log(1 / 2), math.log(2.0**-30))), PIECES)
    assert re.findall(r"--strength:([\d.]+)", html) == ["0.05", "1.00"]
    assert "1.00 bits\nprobability 50.0%" in html
    assert html.count("<i") == 4 + 1  # all tokens, scored or not, and the scale
    assert 'class="first"' in html


def test_perplexity_says_how_far_it_is():
    text = (1, 2, 3)
    assert "Scoring 2 tokens" in tokens_view.surprise_line(Surprise(text))
    assert "1 of 2" in plain(tokens_view.surprise_line(Surprise(text, (-1.0,))))
    whole = plain(tokens_view.surprise_line(Surprise(text, (math.log(1 / 8), math.log(1 / 2)))))
    assert "Perplexity4.00" in whole
    assert "Bits per token2.00" in whole
    assert " of " not in whole


@pytest.mark.parametrize(
    ("p", "text"),
    [(0, "0%"), (1, "100.00%"), (0.5, "50.0%"), (0.9999, "99.99%"), (0.00123, "0.1%"), (1.234e-7, "1e-5%")],
)
def test_a_share_has_as_many_digits_as_matter(p, text):
    assert tokens_view.percent(p) == text


def test_bars_are_buttons_that_append_and_say_what_was_cut():
    found = Distribution.of([math.log(p) for p in (0.05, 0.4, 0.3, 0.2, 0.04, 0.01)])
    html = next_token_view.bars(found, Filters(top_k=2), PIECES)
    assert re.findall(r'data-ids="(\d+)"', html) == ["1", "2", "3", "0", "4", "5"]
    assert html.count("next-bar cut") == 4
    assert 'aria-label="Append ␣a: 40.0% before, 57.1% after"' in html
    assert "Append &lt;b&gt;" in html
    assert "top-k leaves <strong>2</strong>" in html
    assert "Kept share70.0%" in plain(html)


def test_the_greedy_path_appends_up_to_what_is_clicked():
    html = next_token_view.greedy_path(Path(((1, 0.5), (3, 0.25), (0, 0.9)), True), PIECES)
    assert re.findall(r'data-ids="([\d ]+)"', html) == ["1", "1 3", "1 3 0"]
    assert "50.0%" in html
    assert "the end" in html


def test_the_tree_shows_what_draws_share_once():
    paths = [Path(((1, 0.5), (2, 0.5)), False), Path(((1, 0.5), (3, 0.5)), False), Path(((0, 0.1),), True)]
    html = next_token_view.tree(paths, PIECES)
    assert re.findall(r'data-ids="([\d ]+)"', html) == ["1", "1 2", "1 3", "0"]
    assert html.count(" a</") + html.count("<u> </u>a") == 1
    assert "2×" in html
    assert "2 of 3 draws" in html


def test_the_strip_shows_the_end_of_a_long_prefix():
    html = next_token_view.strip("x" * 500 + "<end>", True, [1], PIECES)
    assert plain(html).startswith("… xxx")
    assert "&lt;end&gt;" in html
    assert "The answer begins here" in html
    assert "click a token" not in html
