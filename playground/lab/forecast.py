"""What a sweep will take: calls, tokens, cost; and whether it may be run. Knows prices, asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ..models import pricing, tokens
from ..models.catalog import Catalog
from ..types import Message, Usage
from .sweep import Plan, SweepError, unique

# Says how many USD may still be spent today; None where nobody has set a budget.
Allowance = Callable[[], float | None]

# Where nobody limits an answer, about so many tokens.
USUAL_ANSWER = 500
CONFIRMED_CALLS, CONFIRMED_USD, CONFIRMED_UNPRICED = 500, 1.0, 20
MOST_CALLS = 10_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """`calls` to make, `reused` answers that are there already; tokens of all calls, output at its most.

    `cost` in USD, None where a price is unknown; `free` where nobody asks for money at all.
    """

    calls: int
    reused: int
    input_tokens: int
    output_tokens: int
    cost: float | None

    @property
    def free(self) -> bool:
        return self.cost == 0


def forecast(plan: Plan, catalog: Catalog, done: Collection[str] = ()) -> Forecast:
    """What `plan` takes, less the cells whose key is in `done`. Blocking: counts every prompt's tokens."""
    every = unique(plan.cells)
    asked = [cell for cell in every if cell.key not in done]
    calls: dict[tuple[int, int], int] = {}
    for cell in asked:
        calls[cell.setting, cell.prompt] = calls.get((cell.setting, cell.prompt), 0) + 1
    total, cost = Usage(), 0.0
    known = True
    for (at, prompt), times in calls.items():
        contender = plan.settings[at].contender
        model = catalog.get(contender.model)
        messages = [Message("user", plan.sweep.prompts[prompt].text)]
        if contender.system_prompt:
            messages.insert(0, Message("system", contender.system_prompt))
        asked_for = contender.sampling.max_tokens or USUAL_ANSWER
        usage = Usage(tokens.count_messages(model, messages).tokens, asked_for)
        price = pricing.cost(model, usage)
        known &= price is not None
        cost += (price or 0.0) * times
        total += Usage(usage.input_tokens * times, usage.output_tokens * times)
    return Forecast(
        len(asked), len(every) - len(asked), total.input_tokens, total.output_tokens, cost if known else None
    )


def asks_for_confirmation(expected: Forecast) -> bool:
    """Whether somebody should say yes to the numbers first."""
    if expected.cost is None:
        return expected.calls > CONFIRMED_UNPRICED
    return expected.calls > CONFIRMED_CALLS or expected.cost > CONFIRMED_USD


def admit(expected: Forecast, *, confirmed: bool, allowance: float | None) -> None:
    """Raises SweepError unless this may be run. `allowance` is what may still be spent, in USD; None: nobody said."""
    cost = "at an unknown price" if expected.cost is None else f"for about ${expected.cost:,.2f}"
    if allowance is not None and expected.cost is not None and expected.cost > allowance:
        text = f"{expected.calls:,} calls {cost} are more than is left of the budget (${allowance:,.2f})."
        raise SweepError(f"{text} Take fewer prompts, values or samples.")
    affordable = expected.free or (expected.cost is not None and allowance is not None)
    if expected.calls > MOST_CALLS and not affordable:
        text = f"{expected.calls:,} calls {cost}: more than {MOST_CALLS:,} need a known price within a budget."
        raise SweepError(f"{text} Take fewer prompts, values or samples.")
    if asks_for_confirmation(expected) and not confirmed:
        raise SweepError(f"This makes {expected.calls:,} calls{'' if expected.free else f' {cost}'}: confirm it first.")
