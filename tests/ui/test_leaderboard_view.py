"""What the leaderboard says, as HTML."""

import re

import pytest

from playground.arena.counts import Counts
from playground.arena.leaderboard import leaderboard
from playground.arena.standings import Agreement, Board, Evidence, Figures
from playground.arena.style_effects import LongerAnswer
from playground.arena.verdict import verdict
from playground.models.contenders import ListedContender
from playground.types import Contender
from playground.ui import leaderboard_view as view
from playground.ui.verdict_view import verdict_panel

EVIL = '<img src=x onerror="alert(1)">, =1+1 🦙'
CLEAR = [(EVIL, "Plain", "a", 40), ("Plain", EVIL, "a", 9), ("Plain", EVIL, "both_bad", 4)]


def board(rows, *unmet, longer=(0, 0)):
    counts = Counts.of(rows).including(unmet)
    who = {name: ListedContender(f"id {at}", name, Contender("m", EVIL)) for at, name in enumerate(counts.contenders)}
    return Board(leaderboard(counts), counts, who, LongerAnswer(*longer))


def test_names_are_text_wherever_they_stand():
    shown = board(CLEAR, EVIL + "2")
    pages = [
        view.table(shown, {}),
        view.heat_map(shown),
        view.cautions(shown),
        verdict_panel(verdict(40, 9, 4), EVIL, "Plain", [Evidence(49, verdict(40, 9))]),
    ]
    assert all("<img" not in page and "&lt;img" in page for page in pages)


def test_a_row_has_rank_rating_half_width_battles_shares_and_figures():
    row = view.table(board(CLEAR), {"id 0": Figures(0.5, 0.002)}).split("<tr>")[2]
    cells = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
    best = board(CLEAR).board.ratings[0]
    assert cells[0] == "1"
    assert cells[2:] == [
        f"{best.rating:,.0f}",
        f"{(best.upper - best.lower) / 2:,.0f}",
        "53",
        f"{40 / 49:.0%}",
        f"{4 / 53:.0%}",
        "0.50 s",
        "$0.0020",
    ]


def test_an_unknown_price_is_said_to_be_unknown():
    assert "price unknown" in view.table(board(CLEAR), {"id 0": Figures(0.5, None)})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "No votes yet"),
        ([("x", "y", "a", 20), ("x", "y", "b", 5)], "too few votes to rank"),
        ([("x", "y", "a", 20), ("x", "y", "b", 20)], "first place is shared"),
        (CLEAR, "votes would have to flip to change first place"),
    ],
)
def test_the_sentence_above_fits_the_votes(rows, said):
    assert said in view.headline(board(rows), filtered=False)


def test_without_votes_filters_and_the_judge_are_told_apart():
    assert "match these filters" in view.headline(board([]), filtered=True)
    assert "python -m playground judge" in view.headline(board([]), filtered=False, judged=True)


def test_ranks_are_left_out_below_thirty_votes():
    few, enough = (view.table(board([("x", "y", "a", won), ("x", "y", "b", 9)]), {}) for won in (20, 21))
    assert few.count(">–</td>") >= 2 and ">1</td>" not in few
    assert ">1</td>" in enough


def test_the_map_has_the_share_of_the_decided_and_all_battles():
    cells = re.findall(r'<td class="(for|against)"[^>]*>(\d+%)<small>(\d+)', view.heat_map(board(CLEAR)))
    assert sorted(cells) == [("against", "18%", "53"), ("for", "82%", "53")]


def test_days_without_votes_have_a_column_too():
    shown = view.votes_over_time([(20_000, 3), (20_019, 1)])
    assert shown.count("<rect") == 20 and shown.count(": 0 votes") == 18
    assert "4 votes from 4 Oct 2024 to 23 Oct 2024" in shown


def test_the_first_day_is_a_bar_at_the_end_of_two_weeks_and_no_block():
    shown = view.votes_over_time([(20_013, 3)])
    assert shown.count("<rect") == 14
    assert "3 votes from 4 Oct 2024 to 17 Oct 2024" in shown


def test_agreement_is_a_share_of_what_both_have_judged():
    assert "<strong>75%</strong> of 4 battles" in view.agreement_note(Agreement(4, 3))
    assert "no battle in common" in view.agreement_note(Agreement(0, 0))


def test_a_verdict_says_who_is_better_or_what_is_missing():
    assert "Plain is better" in verdict_panel(verdict(2, 40), "Other", "Plain", [])
    assert "about" in verdict_panel(verdict(6, 3), "Other", "Plain", [])
    assert "no vote has decided" in verdict_panel(verdict(0, 0, 3), "Other", "Plain", [])
