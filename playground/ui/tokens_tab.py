"""The Tokens tab: a text's tokens, what comes next, how surprising a text is. Layout and wiring; knows no tokenizer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ProviderError
from ..lab.counting import ENCODINGS, by_model, count_all, first_spans
from ..lab.perplexity import MOST_SCORED, Surprise, score
from ..lab.token_lab import TokenLab
from ..models.catalog import Catalog
from . import next_token, tokens_view
from .light import AS_IT_IS
from .quiet import DIRECT, QUIET, TYPED
from .untyped import EventData, gr

PAUSE_S = 0.2
LOOK_S = 0.1
UNSEEN = "<!-- not opened yet -->"

TEXT = (
    "Tokens are not words: “unbelievable” is several, and   so are blanks.\n"
    "\tdef add(a, b): return a + b  # 3.14159\n"
    "Straße, naïve, cafe\u0301 · 日本語の文章 · שלום עולם · مرحبا بالعالم · 👩‍👩‍👧 🦥"
)
PERPLEXITY = "How much a text surprises the embedded model: 1 means not at all"
TOKEN = "A token is what a model reads and writes: a word, a part of one, or a sign"
SCORED = (
    "The capital of France is Paris. The capital of Australia is Canberra. The capital of Mongolia is a purple spoon."
)


@dataclass(frozen=True)
class TextPart:
    """The components of the first section."""

    text: Any
    encoding: Any
    tokens: Any
    counts: Any
    models: Any

    @property
    def shown(self) -> list[Any]:
        return [self.tokens, self.counts, self.models]


@dataclass(frozen=True)
class ScorePart:
    """The components of the third section; `scored` holds the text that stands there scored."""

    text: Any
    begin: Any
    stop: Any
    figures: Any
    tokens: Any
    scored: Any


class _Wiring:
    def __init__(self, lab: TokenLab, catalog: Catalog, text: TextPart, scoring: ScorePart) -> None:
        self._lab = lab
        self._catalog = catalog
        self._text = text
        self._scoring = scoring

    async def show(self, text: str, encoding: str, event: EventData) -> dict[Any, Any]:
        """Tokens and counts of the text as it stands. What is typed is counted after a pause."""
        part = self._text
        if event.target is part.text:
            await asyncio.sleep(PAUSE_S)
        try:
            counts = await count_all(self._lab, text)
        except ProviderError as error:
            return {part.tokens: tokens_view.trouble(error.message)}
        changes = {
            part.counts: tokens_view.counts_line(text, counts),
            part.models: tokens_view.model_table(by_model(counts, list(self._catalog.models.values()))),
        }
        try:
            spans, count = await first_spans(self._lab, text, encoding, tokens_view.MOST_DRAWN)
            drawn = await self._lab.texts.work(len(text), lambda: tokens_view.text_tokens(text, spans, count))
        except ProviderError as error:
            drawn = tokens_view.trouble(error.message)
        return {**changes, part.tokens: drawn}

    async def wait(self) -> AsyncGenerator[str]:
        """Says what is waited for until the embedded model can be asked."""
        while status := self._lab.waiting:
            yield tokens_view.waiting(status)
            await asyncio.sleep(LOOK_S * 5)
        yield ""

    async def score(self, text: str) -> AsyncGenerator[dict[Any, Any]]:
        """Scores the text, and shows how far that is."""
        part = self._scoring
        yield {part.begin: gr.update(visible=False), part.stop: gr.update(visible=True)}
        try:
            shown_at = 0.0
            async for found in score(self._lab, text):
                if found.done or time.monotonic() - shown_at > LOOK_S:
                    yield await self._surprise(found)
                    shown_at = time.monotonic()
        except ProviderError as error:
            yield {part.figures: tokens_view.trouble(error.message)}
        yield {part.scored: text}

    async def score_first(self, text: str, scored: str) -> AsyncGenerator[dict[Any, Any]]:
        """Scores the text that stands there when the tab is opened for the first time."""
        if scored:
            yield {self._scoring.scored: scored}
            return
        async for changes in self.score(text):
            yield changes
        yield self.settled()
        yield {self._scoring.figures: AS_IT_IS}  # what the last step held is sent once more

    def settled(self) -> dict[Any, Any]:
        return {self._scoring.begin: gr.update(visible=True), self._scoring.stop: gr.update(visible=False)}

    async def _surprise(self, found: Surprise) -> dict[Any, Any]:
        pieces = await self._lab.pieces()
        return {
            self._scoring.figures: tokens_view.surprise_line(found),
            self._scoring.tokens: tokens_view.surprise_tokens(found, pieces),
        }


def build(lab: TokenLab, catalog: Catalog, opened: Callable[..., Any]) -> None:
    """Renders the tab; `opened` is the event of looking at it."""
    text = _lay_out_text()
    status = gr.HTML(UNSEEN, padding=False, elem_id="tokens-status")
    following = next_token.build(lab)
    scoring = _lay_out_scoring()
    wiring = _Wiring(lab, catalog, text, scoring)
    inputs = [text.text, text.encoding]
    # Not .input: Gradio raises that for keys, and not for a text that is put there in one go. One event for all, so
    # that the newest is counted last: what is typed, and what is there when the tab is opened or the embedded model,
    # which could not count before, has come; the status tells of both.
    gr.on([text.text.change, text.encoding.change, status.change], wiring.show, inputs, text.shown, **TYPED)
    running = [scoring.figures, scoring.tokens, scoring.begin, scoring.stop, scoring.scored]
    scores = scoring.begin.click(wiring.score, scoring.text, running, **QUIET)
    first = following.begin(opened(wiring.wait, None, status, **QUIET))
    first = first.then(wiring.score_first, [scoring.text, scoring.scored], running, **QUIET)
    buttons = [scoring.begin, scoring.stop]
    scores.then(wiring.settled, None, buttons, **DIRECT)  # its own event: until the other ends no click is heard
    scoring.stop.click(wiring.settled, None, buttons, cancels=[scores, first], **DIRECT)


def _lay_out_text() -> TextPart:
    gr.HTML(f"<h2 title='{TOKEN}'>Text to tokens</h2>", padding=False, elem_classes="token-head")
    with gr.Row(elem_classes="token-part"):
        with gr.Column(scale=7, min_width=320):
            text = gr.Textbox(TEXT, label="Text", show_label=False, lines=4, max_lines=10, elem_id="tokens-text")
            encoding = gr.Radio(
                [(tokens_view.NAMES[name], name) for name in ENCODINGS],
                value="o200k_base",
                label="Encoding",
                show_label=False,
                container=False,
                elem_classes="segmented",
                elem_id="tokens-encoding",
            )
            tokens = gr.HTML("", padding=False, elem_id="tokens")
        with gr.Column(scale=3, min_width=280):
            counts = gr.HTML("", padding=False, elem_id="tokens-counts")
            models = gr.HTML("", padding=False, elem_id="tokens-models")
    return TextPart(text, encoding, tokens, counts, models)


def _lay_out_scoring() -> ScorePart:
    gr.HTML(f"<h2 title='{PERPLEXITY}'>Perplexity</h2>", padding=False, elem_classes="token-head")
    with gr.Row(elem_classes="token-part"):
        with gr.Column(scale=3, min_width=280):
            text = gr.Textbox(
                SCORED,
                label=f"Text, at most {MOST_SCORED} tokens",
                lines=4,
                max_lines=10,
                elem_id="score-text",
            )
            begin = gr.Button("Score the text", variant="primary", elem_id="score")
            stop = gr.Button("Stop", visible=False, elem_id="score-stop")
        with gr.Column(scale=7, min_width=320):
            figures = gr.HTML("", padding=False, elem_id="score-figures")
            tokens = gr.HTML("", padding=False, elem_id="score-tokens")
    return ScorePart(text, begin, stop, figures, tokens, gr.State(""))
