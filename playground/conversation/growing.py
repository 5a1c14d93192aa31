"""An answer as far as it has come, and the events that make it grow. Pure values; knows no provider and no page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import ProviderError
from ..providers.base import Pump
from ..types import (
    Event,
    Finished,
    FinishReason,
    Started,
    Strategy,
    TextDelta,
    ThinkingDelta,
    TokenLogprob,
    Usage,
    Waiting,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer so far. It is done once `finish_reason` or `error` is set; text that came before an error stays.

    Seconds count from the moment the request went out. `cost` is in USD, None when the price is unknown.
    `dropped` names parameters that were set and not sent, `left_out` counts messages that did not fit the window
    (by `strategy`), `status` says what is being waited for before the request can go out. `tokens` are those of the
    answer, once it has ended, where probabilities were asked for and given. `violations` says what is wrong with an
    answer that was to be JSON, once that has been checked. `begun` is how many characters of it an earlier answer had
    that was cut: what that one took is in this one's usage and cost, too.
    """

    model: str
    text: str = ""
    thinking: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    detail: str = ""
    ttft_s: float | None = None
    thinking_s: float | None = None
    duration_s: float = 0.0
    cost: float | None = None
    error: ProviderError | None = None
    dropped: tuple[str, ...] = ()
    left_out: int = 0
    strategy: Strategy = "oldest"
    status: str = ""
    tokens: tuple[TokenLogprob, ...] = ()
    violations: tuple[str, ...] | None = None
    begun: int = 0

    @property
    def done(self) -> bool:
        return self.finish_reason is not None or self.error is not None


class Growing:
    """Folds events into a Reply; text is kept in pieces and joined only when somebody looks."""

    def __init__(self, start: Reply) -> None:
        self._start = start
        self._text = _Joined()
        self._thinking = _Joined()
        self._tokens: list[TokenLogprob] = []
        self.finished: Finished | None = None

    @property
    def status(self) -> str:
        """What is being waited for."""
        return self._start.status

    def take(self, event: Event) -> None:
        match event:
            case TextDelta():
                self._text.add(event.text)
                self._tokens += event.tokens
            case ThinkingDelta():
                self._thinking.add(event.text)
            case Started():
                self._start = replace(self._start, dropped=event.dropped, status="")
            case Waiting():
                self._start = replace(self._start, status=event.status)
            case Finished():
                self.finished = event

    def now(self, pump: Pump, *, ended: bool = False) -> Reply:
        ended, start = ended or self.finished is not None, self._start
        return Reply(  # what a start can hold, and what has grown: `replace` would take twice as long, at each look
            start.model,
            text=self._text.whole(ended),
            thinking=self._thinking.whole(ended),
            ttft_s=pump.ttft_s,
            thinking_s=pump.thinking_s,
            duration_s=pump.duration_s,
            dropped=start.dropped,
            left_out=start.left_out,
            strategy=start.strategy,
            status=start.status,
            tokens=tuple(self._tokens) if ended else (),
        )


class _Joined:
    """Pieces of a text. A server that cuts its JSON between the two halves of an escaped character
    sends each half alone: the first waits for the second, and one that stays alone is replaced."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def add(self, piece: str) -> None:
        self.pieces.append(piece)

    def whole(self, ended: bool) -> str:
        text = "".join(self.pieces)
        self.pieces = [text] if text else []
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            half = "" if ended or not "\ud800" <= text[-1] <= "\udbff" else text[-1]
            text = text[: len(text) - len(half)].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            self.pieces = [text, half]
        return text
