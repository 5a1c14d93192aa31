"""Numbers and failures as a reader sees them. Pure text; knows no component."""

from __future__ import annotations

from html import escape

from ..conversation.growing import Reply
from ..types import ModelSpec, Strategy, Usage

DOT = " · "
EXPLAINED = (
    "First token: the wait until it arrived (TTFT). Tok/s: output tokens per second after it. "
    "In and out: tokens of the prompt and of the answer."
)
FINISHED = {"stop": "finished", "length": "cut off at the token limit", "content_filter": "ended by the safety filter"}


def unbroken(line: str) -> str:
    """A line of parts as HTML that breaks between them alone."""
    return DOT.join(f"<i>{escape(part)}</i>" for part in line.split(DOT))


def figures(reply: Reply, model: ModelSpec | None) -> str:
    """The line under an answer: model, time to the first token, speed, tokens, cost, how it ended."""
    parts = [model.name if model else reply.model]
    parts += numbers(reply.ttft_s, tokens_per_s(reply), reply.usage, reply.cost)
    parts.append("stopped by an error" if reply.error else FINISHED.get(reply.finish_reason or "", "stopped"))
    return DOT.join(parts)


def numbers(ttft_s: float | None, speed: float | None, usage: Usage | None, cost: float | None) -> list[str]:
    """What is known of one or more calls: seconds, tokens a second, tokens, USD."""
    parts: list[str] = []
    if ttft_s is not None:
        parts.append(f"first token {seconds(ttft_s)}")
    if speed is not None:
        parts.append(f"{speed:,.0f} tok/s")
    if usage:
        about = "≈ " if usage.estimated else ""
        parts += [f"{about}{usage.input_tokens:,} in", f"{about}{usage.output_tokens:,} out"]
        parts.append(money(cost, estimated=usage.estimated))
    return parts


def details(reply: Reply) -> str:
    """What the line has no room for, one sentence each; unfolds below it."""
    lines = [f"Whole answer in {seconds(reply.duration_s)}."]
    if usage := reply.usage:
        if usage.cached_tokens:
            lines.append(f"{usage.cached_tokens:,} of the input tokens came from the provider's cache.")
        if usage.thinking_tokens:
            lines.append(f"{usage.thinking_tokens:,} of the output tokens were thinking.")
        if usage.estimated:
            lines.append("The provider reported no token counts: these were counted here and are approximate.")
    if reply.dropped:
        lines.append(f"Not sent, because this model does not accept it: {', '.join(reply.dropped)}.")
    if reply.detail:
        lines.append(f"The provider says: {reply.detail}.")
    return "\n\n".join([*lines, EXPLAINED])


def unwritten(reply: Reply) -> str:
    """The note in the place of an answer that has ended without a word."""
    if reply.finish_reason != "length":
        return "The model finished without writing an answer."
    thinks = bool(reply.thinking or (reply.usage and reply.usage.thinking_tokens))
    when = "while the model was still thinking" if thinks else "before a word of the answer"
    lower = " or lower Effort" if thinks else ""
    return f"Cut off at the output limit {when}: raise Max tokens{lower}, and ask again."


def left_out(count: int, strategy: Strategy = "oldest") -> str:
    """The note above an answer that did not get the whole history."""
    which = "oldest " if strategy == "oldest" else ""
    messages = f"The {which}message was" if count == 1 else f"The {count} {which}messages were"
    if strategy == "middle":
        messages = "1 message in the middle was" if count == 1 else f"{count} messages in the middle were"
    return f"{messages} left out: the conversation is longer than this model's context window."


def tokens_per_s(reply: Reply) -> float | None:
    """How fast an answer came, None where too little arrived to say."""
    return reply.usage and reply.usage.tokens_per_s(reply.ttft_s, reply.duration_s)


def money(usd: float | None, *, estimated: bool = False) -> str:
    """US dollars with as many digits as matter; an unknown price is never shown as zero. What follows from estimated
    tokens has the sign of them; free and less than anything are certain."""
    if usd is None:
        return "price unknown"
    if usd == 0:
        return "free"
    if usd < 0.0001:
        return "< $0.0001"
    shown = f"${usd:.4f}" if usd < 0.1 else f"${usd:,.2f}"
    return f"≈ {shown}" if estimated else shown


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def window(tokens: int | None) -> str:
    """A context window in tokens, short: 8K, 128K, 1.05M."""
    if tokens is None:
        return "window unknown"
    if tokens >= 1_000_000:
        return f"{tokens / 1e6:.3g}M"
    return f"{tokens / 1000:.0f}K" if tokens % 1000 == 0 else f"{tokens / 1024:.0f}K"


def price(model: ModelSpec) -> str:
    """Prices per million tokens, in and out."""
    if model.input_price is None or model.output_price is None:
        return "price unknown"
    if model.input_price == model.output_price == 0:
        return "free"
    return f"${model.input_price:g} / ${model.output_price:g} per M"


def model_label(model: ModelSpec, *, has_own_key: bool = False) -> str:
    """One entry of a list of models; what a reader's own key opens lacks nothing."""
    parts = [model.name, price(model), window(model.context_window)]
    if not (model.available or has_own_key):
        parts.append(model.reason or "not available")
    return DOT.join(parts)
