"""What is left of a budget, in words: the account with the least left is the one that is named."""

import pytest

from playground.ops.guard import Left
from playground.ui.budget_line import line


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ({"global": 5.0, "address": 1.25, "session": 2.0}, "$1.25 left today"),
        ({"global": 0.5}, "$0.50 left today"),
        ({"global": 0.0, "session": 1.0}, "today's budget is spent"),
        (None, "budget unknown"),
    ],
)
def test_the_line_names_the_least_that_is_left(accounts, said):
    assert f">{said}</span>" in line(Left(accounts))


def test_hovering_tells_every_account():
    shown = line(Left({"global": 5.0, "address": 0.0}))
    assert "$5.00 for everyone; $0 for your network address" in shown


def test_nothing_is_said_where_nothing_is_limited():
    assert line(Left({})) == ""
