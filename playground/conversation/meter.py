"""What a question would take before it is sent: tokens, share of the window, cost. Sends nothing and knows no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..models import tokens
from ..models.learned import NOTHING
from ..models.pricing import cost
from ..types import Contender, Message, ModelSpec, Options, Usage
from .context import trim
from .prepare import Count, Limits, budget_of, fitted, sizes_of


@dataclass(frozen=True, slots=True)
class Reading:
    """Prompt tokens as they would go out, after `left_out` messages have been left out; USD, None when unknown.

    `exact` says that the model's own tokenizer counted all of it. `window` is the model's, None when unknown.
    `cost_to_send` is the prompt's; `cost_at_most` adds the longest answer that the model may give, `most_output`
    tokens (None where nobody knows a limit). `too_long` says that it would be refused for its length.
    """

    input_tokens: int
    exact: bool
    window: int | None
    left_out: int = 0
    cost_to_send: float | None = None
    cost_at_most: float | None = None
    most_output: int | None = None
    too_long: bool = False


async def read(
    model: ModelSpec,
    contender: Contender,
    history: Sequence[Message],
    limits: Limits = Limits(),
    count: Count | None = None,
    *,
    options: Options = Options(),
    learned: Mapping[str, str] = NOTHING,
    counts_exactly: bool = True,
) -> Reading:
    """Reads the meter by the rules by which the request will be made: the same checks, the same trimming.

    `counts_exactly` is False while `count` itself only estimates. Raises ProviderError for what would be refused for
    anything but its length.
    """
    request = fitted(model, contender, history, limits, options, learned)
    sizes = await sizes_of(model, request.messages, count)
    budget = budget_of(request, limits)
    trimmed = trim(request.messages, sizes, budget, options.strategy)
    sent = trimmed.messages
    exact = counts_exactly if count else tokens.count_messages(model, sent[:1]).exact
    # Images are estimated, and how a wire turns a schema into tokens is not published.
    plain = request.json_schema is None and not any(message.images for message in sent)
    most = _most_output(model, request.sampling.max_tokens, trimmed.tokens)
    return Reading(
        trimmed.tokens,
        exact and plain,
        model.context_window,
        trimmed.left_out,
        cost(model, Usage(trimmed.tokens, 0)),
        None if most is None else cost(model, Usage(trimmed.tokens, most)),
        most,
        trimmed.tokens > budget,
    )


def _most_output(model: ModelSpec, max_tokens: int | None, asked: int) -> int | None:
    """The longest answer: what the reader allows, what the model can, what the window leaves; the least of them."""
    left = None if model.context_window is None else max(model.context_window - asked, 0)
    known = [limit for limit in (max_tokens, model.max_output_tokens, left) if limit is not None]
    return min(known) if known else None
