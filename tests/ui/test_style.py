"""The style sheet as text: browsers forgive what is wrong with it, and show half of it."""

from playground.ui import theme


def test_every_rule_and_every_condition_ends():
    depth = 0
    for sign in theme.script("style.css"):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert 0 <= depth <= 2
    assert depth == 0


def test_no_row_of_a_transcript_is_asked_for_by_what_it_holds():
    """A browser answers such a rule anew for every old row at each new token: see rows.js."""
    rules = [rule.partition("{")[0] for rule in theme.style().split("}")]
    slow = [rule.strip() for rule in rules if ":has(" in rule and any(part in rule for part in ("-row", "chat-scroll"))]
    assert [rule for rule in slow if "tabitem" not in rule] == []
