"""What is left of today's budget, in the header. Knows no tab and no database."""

from __future__ import annotations

from typing import Any

from ..ops.guard import Guard, Left
from .format import money
from .gate import visitor
from .quiet import DIRECT
from .untyped import gr

REFRESH_S = 20.0
WHOSE = {"global": "for everyone", "address": "for your network address", "session": "for this page"}


def line(left: Left) -> str:
    """The account that has the least left decides, so it is the one that is named; "" where nothing is limited."""
    accounts = left.accounts
    if accounts is None:
        return '<span class="budget" title="The budget cannot be read right now">budget unknown</span>'
    if not accounts:
        return ""
    scope = min(accounts, key=lambda one: accounts[one])
    title = "; ".join(f"{money(usd) if usd else '$0'} {WHOSE[one]}" for one, usd in accounts.items())
    usd = accounts[scope]
    said = f"{money(usd)} left today" if usd > 0 else "today's budget is spent"
    return f'<span class="budget" title="What is left of today\'s budget (UTC): {title}">{said}</span>'


def show(page: Any, guard: Guard) -> None:
    """Renders the line into the surrounding row and keeps it up to date; nothing where there is no budget."""
    if not guard.budgeted:
        return

    async def look() -> str:
        return line(await guard.left(visitor()))

    shown = gr.HTML("", padding=False, elem_classes="budget-line")
    timer = gr.Timer(REFRESH_S)
    for event in (page.load, timer.tick):
        event(look, None, shown, **DIRECT)
