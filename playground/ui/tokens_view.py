"""The Tokens tab's text as values: coloured tokens, counts by encoding and model. Pure; knows no component."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ..lab.counting import ENCODINGS, Counts, ModelCount
from ..lab.perplexity import Surprise, bits
from ..models.tokens import TokenSpan
from .format import money
from .token_marks import drawn, hexadecimal, named

MOST_DRAWN = 2_500
# Surprise that has the full colour, in bits: one chance in a million.
FULL_BITS = 20
NAMES = {"o200k_base": "o200k", "cl100k_base": "cl100k", "local": "Embedded model"}
WHOSE = {
    "o200k_base": "OpenAI's models from GPT-4o on",
    "cl100k_base": "GPT-4 and GPT-3.5",
    "local": "the tokenizer of the embedded model",
}
ESTIMATE = (
    "An estimate with o200k_base: this model's own tokenizer is not public. Claude 5 makes 1.5 to 2 times as many."
)
EXACT = "Exact: counted with this model's own tokenizer"


def text_tokens(text: str, spans: Sequence[TokenSpan], count: int) -> str:
    """The tokens in their colours, id and bytes on hover, and how many are not drawn."""
    if not count:
        return _note("Write or paste a text: its tokens appear here.")
    tokens = "".join(f'<i title="{_title(text, span)}">{drawn(span.bytes)}</i>' for span in spans)
    rest = count - len(spans)
    more = _note(f"The first {len(spans):,} tokens are shown; {rest:,} more are counted.") if rest else ""
    return f'<div class="tokens" role="group" aria-label="{count:,} tokens" tabindex="0">{tokens}</div>{more}'


def _title(text: str, span: TokenSpan) -> str:
    part = ""
    if "\ufffd" in span.text and text[span.start : span.end] != span.text:
        part = f"\npart of {escape(text[span.start : span.end])}"
    return f"id {span.id}\nbytes {hexadecimal(span.bytes)}{part}"


def counts_line(text: str, counts: Counts) -> str:
    """Tokens by encoding, and the size of the text."""
    figures = [
        (NAMES[name], "–" if counts[name] is None else f"{counts[name]:,}", f"{name}: {WHOSE[name]}")
        for name in ENCODINGS
    ]
    figures.append(("Characters", f"{len(text):,}", "Unicode code points"))
    figures.append(("Bytes", f"{len(text.encode('utf-8', 'replace')):,}", "In UTF-8"))
    return _figures(figures)


def model_table(rows: Sequence[ModelCount]) -> str:
    """Tokens and cost of the text for each model."""
    listed = "".join(map(_model_row, rows))
    heads = (
        '<th scope="col">Model</th><th scope="col">Tokens</th><th scope="col" title="For the text as input">Cost</th>'
    )
    table = f'<table class="by-model"><thead><tr>{heads}</tr></thead><tbody>{listed}</tbody></table>'
    return f'<div class="by-model-box" tabindex="0" role="group" aria-label="Tokens and cost by model">{table}</div>'


def _model_row(row: ModelCount) -> str:
    tokens, said = "–", "The embedded model is not ready"
    if row.tokens is not None:
        tokens, said = (f"{row.tokens:,}", EXACT) if row.exact else (f"≈ {row.tokens:,}", ESTIMATE)
    cost = "–" if row.tokens is None else money(row.cost)
    if row.cost and not row.exact:
        cost = cost if cost.startswith("<") else f"≈ {cost}"
    exactly = f"${row.cost:.3g} for the text as input" if row.cost else "For the text as input"
    return (
        f'<tr><th scope="row">{escape(row.model.name)}</th><td title="{escape(said)}">{tokens}</td>'
        f'<td title="{exactly}">{cost}</td></tr>'
    )


def surprise_line(found: Surprise) -> str:
    """Perplexity and what it rests on; while it is being scored, how far that is."""
    scored, all_ = len(found.logprobs), len(found.tokens) - 1
    if found.perplexity is None:
        return _note(f"Scoring {all_:,} tokens")
    figures = [
        (
            "Perplexity",
            number(found.perplexity),
            "Among how many equally likely tokens the model chose, on average: exp of the mean negative logprob",
        ),
        ("Bits per token", f"{found.bits / scored:.2f}", "The mean surprise: -log2 of the probability"),
        ("Bits in total", f"{found.bits:,.1f}", "What the text would take if it were compressed with this model"),
        (
            "Scored",
            f"{scored:,}" if found.done else f"{scored:,} of {all_:,}",
            "Tokens that have something before them",
        ),
    ]
    return _figures(figures)


def surprise_tokens(found: Surprise, pieces: Sequence[bytes]) -> str:
    """The tokens, the more surprising the stronger coloured."""
    listed = [
        f'<i class="first" title="id {found.tokens[0]}\nnothing comes before it">{drawn(pieces[found.tokens[0]])}</i>'
    ]
    for token, logprob in zip(found.tokens[1:], found.logprobs, strict=False):
        surprise = bits(logprob)
        strength = min(surprise / FULL_BITS, 1)
        said = f"{surprise:.2f} bits\nprobability {percent(math.exp(logprob))}\nid {token}"
        listed.append(f'<i style="--strength:{strength:.2f}" title="{said}">{drawn(pieces[token])}</i>')
    listed += [f"<i>{drawn(pieces[token])}</i>" for token in found.tokens[len(found.logprobs) + 1 :]]
    scale = '<p class="surprise-scale"><span>expected</span><i></i><span>20 bits or more</span></p>'
    tokens = "".join(listed)
    return f'<div class="surprise" role="group" tabindex="0" aria-label="Tokens by surprise">{tokens}</div>{scale}'


def trouble(message: str) -> str:
    """An error, said where its result would have been."""
    return f'<p class="token-note wrong" role="alert">{escape(message)}</p>'


def waiting(status: str) -> str:
    return _note(status)


def percent(p: float) -> str:
    """A probability with as many digits as matter."""
    if p == 0:
        return "0%"
    if p >= 0.001:
        return f"{p:.1%}" if p < 0.9995 else f"{p:.2%}"
    return f"{100 * p:.0e}%".replace("e-0", "e-")


def number(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}" if value < 1e7 else f"{value:.1e}"


def token_name(raw: bytes) -> str:
    """The token for a title."""
    return escape(named(raw))


def _figures(figures: Sequence[tuple[str, str, str]]) -> str:
    listed = "".join(
        f'<div title="{escape(said)}"><dt>{escape(name)}</dt><dd>{value}</dd></div>' for name, value, said in figures
    )
    return f'<dl class="token-figures">{listed}</dl>'


def _note(text: str) -> str:
    return f'<p class="token-note" role="status">{escape(text)}</p>'
