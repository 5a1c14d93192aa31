"""What the leaderboard shows, as HTML. Pure; knows no component, no store and no event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode

from ..arena.published import FEWEST_TO_RANK, TOO_FEW
from ..arena.ratings import POINTS, Rating
from ..arena.standings import Agreement, Board, Figures
from ..models.contenders import ListedContender
from . import charts
from .format import money, seconds

MOST_IN_MAP = 25
MOST_DAYS = 120
FEWEST_DAYS = 14
NO_VOTES = "No votes yet. Vote in the Arena: contenders appear here after their first vote."
NOT_JUDGED = "The judge has not voted yet. The owner starts it with <code>python -m playground judge</code>."
NONE_FIT = "No votes match these filters."
FLIPS = "So many votes would have put another contender first, had they gone the other way"
LONGER = "Of the votes that were no tie, on answers of different lengths in tokens"
PEEKING = "Ranks are not valid if you look again and again; the verdict below is."
HEADS_BEFORE = {
    "Rank": f"1 + the number of contenders whose lower bound is above this one's upper bound. {PEEKING}",
    "Contender": "A model with its system prompt and sampling parameters",
}
HEADS_AFTER = {
    "Rating": "Bradley-Terry: strengths that best explain who won. 400 points are odds of ten to one, the mean is 1000",
    "±": "Half the width of the 95% interval, in points",
    "Battles": "Votes on its battles",
    "Won": "Share that it won of the votes that were no tie",
    "Both bad": "Share of its votes that called both bad",
    "First token": "Median wait for the first token (TTFT) in its newest battles",
    "Cost": "Mean cost of a battle, over its newest ones; estimated where a provider did not count the tokens",
}
EXPORTS = "Every vote: <code>python -m playground export</code>, or <code>GET /export</code> with the owner's token."


def headline(board: Board, filtered: bool, judged: bool = False) -> str:
    """The sentence above the table; `judged`: the votes are those of the judge."""
    now = board.board
    if not now.votes:
        return f'<p class="board-note">{NONE_FIT if filtered else NOT_JUDGED if judged else NO_VOTES}</p>'
    many = len(now.ratings)
    said = [f"<strong>{now.votes:,}</strong> vote{'s' if now.votes != 1 else ''} on {many} contenders"]
    if now.votes < FEWEST_TO_RANK:
        said.append(f'<strong class="few">{TOO_FEW}</strong>: {FEWEST_TO_RANK - now.votes} more needed')
    elif now.flips_to_change_first == 0:
        said.append("first place is shared")
    elif now.flips_to_change_first is not None:
        flips = now.flips_to_change_first
        said.append(
            f'<strong title="{FLIPS}">{flips:,}</strong> vote'
            f"{'s' if flips != 1 else ''} would have to flip to change first place"
        )
    if board.longer.share is not None:
        said.append(f'the longer answer won <strong title="{LONGER}">{board.longer.share:.0%}</strong>')
    if now.left_bias is not None and now.left_bias.share is not None:
        bias = now.left_bias
        title = (
            f"{bias.left_wins:,} won on the left, {bias.right_wins:,} on the right; "
            f"95% between {bias.lower:+.0f} and {bias.upper:+.0f} points"
        )
        said.append(f'the left side is worth <strong title="{title}">{round(bias.points):+} points</strong>')
    return f'<p class="board-note">{" · ".join(said)}</p>'


def cautions(board: Board) -> str:
    """What stands in the way of reading the ratings as they are."""
    notes = [escape(one.text) + "." for one in board.board.caveats]
    if board.board.unmet and board.board.votes:
        notes.append(f"No votes yet on {_listed(board.board.unmet)}.")
    if board.styled:
        effects = [f"{escape(one.name)} {POINTS * one.value:+.0f}" for one in board.board.fit.effects]
        notes.append(
            f"Rated as if all answers had the same style; points for a typical difference: {', '.join(effects)}."
        )
    return f'<ul class="board-cautions">{"".join(f"<li>{note}</li>" for note in notes)}</ul>' if notes else ""


def table(board: Board, figures: Mapping[str, Figures]) -> str:
    """Ranks, interval plot and figures, best first."""
    ratings = board.board.ratings
    if not ratings:
        return ""
    axis = charts.Axis.over([bound for one in ratings for bound in (one.lower, one.upper)])
    ranked = board.board.votes >= FEWEST_TO_RANK
    ticks = charts.scale(axis, lambda tick: f"{tick:,.0f}")
    plot = f'<th scope="col" class="interval" title="Rating with its 95% interval">{ticks}</th>'
    heads = f"{_heads(HEADS_BEFORE)}{plot}{_heads(HEADS_AFTER)}"
    rows = "".join(_row(one, axis, ranked, board.contenders[one.contender], figures) for one in ratings)
    return _scrolled("board", heads, rows)


def _heads(heads: Mapping[str, str]) -> str:
    return "".join(f'<th scope="col" title="{escape(title)}">{name}</th>' for name, title in heads.items())


def _scrolled(name: str, heads: str, rows: str) -> str:
    """A table that scrolls by itself where the page is too narrow for it."""
    table = f'<table class="{name}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="board-scroll" tabindex="0" role="group" aria-label="Table">{table}</div>'


def _row(
    one: Rating, axis: charts.Axis, ranked: bool, contender: ListedContender, figures: Mapping[str, Figures]
) -> str:
    known = figures.get(contender.id, Figures(None, None))
    between = f"95% between {one.lower:,.0f} and {one.upper:,.0f}"
    outcomes = f"{one.wins:,} won, {one.losses:,} lost, {one.ties:,} ties, {one.both_bad:,} both bad"
    rank, said = (
        (str(one.rank), f"{one.rank_by_difference} by the differences of ratings instead of their intervals")
        if ranked
        else ("–", TOO_FEW)
    )
    cells = [
        f'<td class="rank" title="{said}">{rank}</td>',
        f'<th scope="row" title="{escape(describe(contender))}">{escape(one.contender)}{_marks(contender)}</th>',
        f'<td class="interval" title="{between}">{charts.interval(axis, one.lower, one.rating, one.upper)}</td>',
        f'<td title="{between}">{one.rating:,.0f}</td>',
        f"<td>{(one.upper - one.lower) / 2:,.0f}</td>",
        f'<td title="{outcomes}">{one.battles:,}</td>',
        f"<td>{_share(one.wins, one.wins + one.losses)}</td>",
        f"<td>{_share(one.both_bad, one.battles)}</td>",
        f"<td>{'–' if known.ttft_s is None else seconds(known.ttft_s)}</td>",
        f"<td>{_cost(known)}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def describe(contender: ListedContender) -> str:
    """What a contender is, in plain text."""
    what = contender.contender
    given = ", ".join(f"{name} {value}" for name, value in what.sampling.sent().items())
    return "\n".join(
        [f"Model: {what.model}", f"System prompt: {what.system_prompt or 'none'}", f"Parameters: {given or 'defaults'}"]
    )


def heat_map(board: Board) -> str:
    """Who beat whom how often: the row's share of the decided votes, and how many battles."""
    shown = [one.contender for one in board.board.ratings[:MOST_IN_MAP]]
    if len(shown) < 2:
        return ""
    at = {name: board.counts.contenders.index(name) for name in shown}
    wins, ties = board.counts.wins, board.counts.ties
    heads = "".join(f'<th scope="col" title="{escape(name)}">{number}</th>' for number, name in enumerate(shown, 1))
    rows: list[str] = []
    for number, row in enumerate(shown, 1):
        cells: list[str] = []
        for column in shown:
            won, lost, tied = (
                int(wins[at[row], at[column]]),
                int(wins[at[column], at[row]]),
                int(ties[at[row], at[column]]),
            )
            cells.append(_cell(row, column, won, lost, tied))
        rows.append(f'<tr><th scope="row"><span>{number}</span> {escape(row)}</th>{"".join(cells)}</tr>')
    left_out = len(board.board.ratings) - len(shown)
    more = f'<p class="fine-print">The {left_out} further down are left out.</p>' if left_out else ""
    return _scrolled("heat", f"<td></td>{heads}", "".join(rows)) + more


def _cell(row: str, column: str, won: int, lost: int, tied: int) -> str:
    if row == column:
        return '<td class="self"></td>'
    battles = won + lost + tied
    title = f"{row} against {column}: {won:,} won, {lost:,} lost, {tied:,} undecided"
    if not battles:
        return f'<td class="none" title="{escape(title)}"></td>'
    if not won + lost:
        return f'<td class="even" title="{escape(title)}">–<small>{battles:,}</small></td>'
    share = won / (won + lost)
    side = "for" if share >= 0.5 else "against"
    strength = f"--strength:{abs(share - 0.5) * 2:.2f}"
    said = f"{share:.0%}<small>{battles:,}</small>"
    return f'<td class="{side}" style="{strength}" title="{escape(title)}">{said}</td>'


def votes_over_time(days: Sequence[tuple[int, int]]) -> str:
    """Votes by day, days without any included: the newest MOST_DAYS, and at least FEWEST_DAYS, for two bars alone would
    be two blocks."""
    if not days:
        return ""
    counted = dict(days)
    last = days[-1][0]
    first = min(max(days[0][0], last - MOST_DAYS + 1), last - FEWEST_DAYS + 1)
    every = range(first, last + 1)
    votes = [counted.get(day, 0) for day in every]
    titles = [f"{_day(day)}: {_votes(votes_on)}" for day, votes_on in zip(every, votes, strict=True)]
    total = f"{_votes(sum(votes))} from {_day(first)} to {_day(last)}"
    return charts.columns(votes, titles, total, (_day(first), _day(last)))


def downloads(query: Mapping[str, str]) -> str:
    """Links to the same board as JSON and CSV."""
    links = [
        f'<a href="leaderboard?{escape(urlencode({**query, "format": as_}))}" download="leaderboard.{as_}">{label}</a>'
        for as_, label in (("csv", "CSV"), ("json", "JSON"))
    ]
    return f'<p class="downloads">This board as {" or ".join(links)}. {EXPORTS}</p>'


def agreement_note(agreement: Agreement) -> str:
    """How far the judge can be believed."""
    if agreement.share is None:
        return '<p class="board-note">The judge and people have no battle in common yet.</p>'
    battles = f"{agreement.battles:,} battle{'s' if agreement.battles != 1 else ''}"
    said = f"The judge agrees with people on <strong>{agreement.share:.0%}</strong> of {battles} that both have judged."
    return f'<p class="board-note">{said} Its votes are never mixed with theirs.</p>'


def _marks(contender: ListedContender) -> str:
    return '<span class="retired">retired</span>' if contender.retired else ""


def _cost(known: Figures) -> str:
    return "–" if known.ttft_s is None and known.cost is None else money(known.cost)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _votes(number: int) -> str:
    return f"{number:,} vote{'s' if number != 1 else ''}"


def _day(day: int) -> str:
    date = datetime.fromtimestamp(day * 86_400, UTC)
    return f"{date.day} {date:%b %Y}"


def _listed(names: Sequence[str]) -> str:
    shown = "; ".join(escape(name) for name in names[:5])
    return f"{shown}; and {len(names) - 5} more" if len(names) > 5 else shown
