"""How answers are dressed, code left out."""

import pytest

from playground.arena.style import Style, style_of


def words(text):
    return len(text.split())


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("one two three", Style(3)),
        ("# One\n\ntext\n### Two", Style(5, headers=2)),
        ("#hashtag and ####### seven", Style(4)),
        ("- one\n* two\n+ three\n1. four\n2) five", Style(10, lists=5)),
        ("3.14 is pi\n-5 degrees\n1.Missing space", Style(7)),
        ("**bold** and __bold__ and 2**3**4", Style(5, bold=3)),
        ("** no ** bold", Style(4)),
        ("before\n```python\n# no header\n- no item\n**x**\n```\nafter", Style(2)),
        ("~~~\n# inside\n~~~", Style(0)),
        ("text\n```\n# the fence is never closed", Style(1)),
        ("````\n```\n# inside\n```\n````\nout", Style(1)),
        ("", Style(0)),
    ],
)
def test_marks_are_counted_outside_code(text, style):
    assert style_of([text], words) == style


def test_the_answers_of_a_side_are_counted_together():
    assert style_of(["# One", "- two", "```\nopen"], words) == Style(4, headers=1, lists=1)
