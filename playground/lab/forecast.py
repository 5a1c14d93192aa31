"""What a sweep will take: calls, tokens, cost; and whether it may be run. Knows prices, asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from ..models import pricing, tokens
from ..models.catalog import Catalog
from ..types import Contender, Message, SamplingParams, Usage
from .sweep import Plan, SweepError, unique

# Says how many USD whoever asks may still spend today; None where nobody has set a budget.
UsdLeft = Callable[[], Awaitable[float | None]]

# Where nobody limits an answer, about so many tokens.
USUAL_ANSWER = 500
CONFIRMED_CALLS, CONFIRMED_USD, CONFIRMED_UNPRICED = 500, 1.0, 20
# From so many on, a price within a budget is needed.
MANY_CALLS = 10_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """`calls` to make, `reused` answers that are there already; tokens of all calls, output at its most.

    `cost` in USD, None where a price is unknown; `free` where nobody asks for money at all. `charged` is what the
    owner pays of it: nothing for calls with a key of the reader's.
    """

    calls: int
    reused: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    charged: float | None = 0.0

    @property
    def free(self) -> bool:
        return self.cost == 0


def forecast(plan: Plan, catalog: Catalog, done: Collection[str] = ()) -> Forecast:
    """What `plan` takes, less the cells whose key is in `done`. Blocking: counts every prompt's tokens."""
    every = unique(plan.cells)
    asked = [cell for cell in every if cell.key not in done]
    # Settings of one model that only differ in how they draw cost the same.
    alike = Counter((_priced(plan.settings[cell.setting].contender), cell.prompt) for cell in asked)
    prices: dict[tuple[str, Usage], float | None] = {}
    total = Usage()
    costs: dict[bool, float | None] = {True: 0.0, False: 0.0}  # by whether it is the owner's
    for (contender, prompt), calls in alike.items():
        usage = _usage(contender, plan.sweep.prompts[prompt].text, catalog)
        key, model = (contender.model, usage), catalog.get(contender.model)
        if key not in prices:
            prices[key] = pricing.cost(model, usage)
        is_owners = model.provider not in plan.own
        costs[is_owners] = _sum(costs[is_owners], prices[key], calls)
        total += Usage(usage.input_tokens * calls, usage.output_tokens * calls)
    cost = _sum(costs[True], costs[False])
    return Forecast(len(asked), len(every) - len(asked), total.input_tokens, total.output_tokens, cost, costs[True])


def _sum(usd: float | None, more: float | None, times: int = 1) -> float | None:
    """An unknown part makes the sum unknown."""
    return None if usd is None or more is None else usd + more * times


def _priced(contender: Contender) -> Contender:
    """A contender as far as it matters for the price."""
    return replace(contender, sampling=SamplingParams(max_tokens=contender.sampling.max_tokens))


def _usage(contender: Contender, prompt: str, catalog: Catalog) -> Usage:
    system = [Message("system", contender.system_prompt)] if contender.system_prompt else []
    asked = tokens.count_messages(catalog.get(contender.model), [*system, Message("user", prompt)])
    return Usage(asked.tokens, contender.sampling.max_tokens or USUAL_ANSWER)


def asks_for_confirmation(expected: Forecast) -> bool:
    """Whether somebody should say yes to the numbers first."""
    if expected.cost is None:
        return expected.calls > CONFIRMED_UNPRICED
    return expected.calls > CONFIRMED_CALLS or expected.cost > CONFIRMED_USD


def admit(expected: Forecast, *, confirmed: bool, usd_left: float | None) -> None:
    """Raises SweepError unless this may be run. `usd_left` is what may still be spent, in USD; None: nobody said."""
    cost = "at an unknown price" if expected.cost is None else f"for about ${expected.cost:,.2f}"
    if usd_left is not None and expected.charged is not None and expected.charged > usd_left:
        over = f"for about ${expected.charged:,.2f} are more than is left of the budget (${usd_left:,.2f})"
        text = f"{expected.calls:,} calls {over}."
        raise SweepError(f"{text} Use fewer prompts, values or samples.")
    # A reader's own money has no budget here.
    budgeted = usd_left is not None and expected.cost is not None and expected.charged == expected.cost
    affordable = expected.free or budgeted
    if expected.calls >= MANY_CALLS and not affordable:
        text = f"{expected.calls:,} calls {cost}: {MANY_CALLS:,} or more need a known price within a budget."
        raise SweepError(f"{text} Use fewer prompts, values or samples.")
    if asks_for_confirmation(expected) and not confirmed:
        raise SweepError(f"This makes {expected.calls:,} calls{'' if expected.free else f' {cost}'}: confirm it first.")
