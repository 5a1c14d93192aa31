"""The style sheet as text: browsers forgive what is wrong with it, and show half of it."""

from playground.ui import theme


def test_every_rule_and_every_condition_ends():
    depth = 0
    for sign in theme.script("style.css"):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert 0 <= depth <= 2
    assert depth == 0
