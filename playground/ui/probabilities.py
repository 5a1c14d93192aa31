"""An answer as tokens coloured by their probability. Pure HTML; knows no component.

Every character of a token is written as a number: the chatbot reads Markdown first, and a token may hold any sign of
it, or of HTML.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..types import TokenLogprob

# Lower bounds of the colours, likeliest first; style.css has one for each.
STEPS = (0.9, 0.6, 0.3, 0.1, 0.0)


def tokens_html(tokens: Iterable[TokenLogprob]) -> str:
    """The tokens one after the other, the likeliest alternatives of each in its title."""
    return f'<span class="odds">{"".join(_token(token) for token in tokens)}</span>'


def summary(tokens: tuple[TokenLogprob, ...], *, kept: bool) -> str:
    """The line above: how many there are, and how sure the model was of them on the whole."""
    mean = sum(token.logprob for token in tokens) / len(tokens)
    gone = "" if kept else " · too many to be kept after a reload"
    return f"Token probabilities · {len(tokens):,} tokens · perplexity {math.exp(-mean):,.2f}{gone}"


def percent(logprob: float) -> str:
    p = 100 * math.exp(min(logprob, 0.0))
    return f"{p:.1f}%" if p >= 0.1 else "< 0.1%"


def _token(token: TokenLogprob) -> str:
    p = math.exp(min(token.logprob, 0.0))
    step = next(at for at, bound in enumerate(STEPS) if p >= bound)
    alternatives = "\n".join(f"{_visible(text)}  {percent(logprob)}" for text, logprob in token.top)
    title = f"{_visible(token.text)}  {percent(token.logprob)}" + (
        f"\n\nLikeliest here:\n{alternatives}" if token.top else ""
    )
    breaks = "<br>" * token.text.count("\n")
    return f'<span class="odds-{step}" title="{_numbers(title)}">{_numbers(_visible(token.text))}</span>{breaks}'


def _visible(text: str) -> str:
    """What cannot be seen as a sign that can."""
    return text.replace("\n", "⏎").replace("\t", "⇥") or "∅"


def _numbers(text: str) -> str:
    return "".join(sign if sign.isalnum() and sign.isascii() else f"&#{ord(sign)};" for sign in text)
