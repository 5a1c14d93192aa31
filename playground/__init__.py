"""The Python side: chat with any model in a few lines, blocking. Knows no page; the async parts stay inside.

from playground import chat
print(chat("smollm2-135m-instruct", [{"role": "user", "content": "Hello"}])["content"])
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

MODELS: dict[str, dict[str, Any]]

__all__ = ["MODELS", "chat", "count_tokens", "estimate_cost", "manage_context", "stream_chat"]


def __getattr__(name: str) -> Any:
    """MODELS is read from the catalog when it is first asked for, so that importing costs nothing."""
    if name == "MODELS":
        from .sync import model_cards

        return model_cards()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def chat(
    model_id: str,
    messages: Iterable[Mapping[str, str]],
    temperature: float | None = 0.7,
    top_p: float | None = 1.0,
    max_tokens: int | None = 1024,
) -> dict[str, Any]:
    """The whole answer to `messages` (dicts with `role` and `content`).

    Returns {"content": str, "usage": {"input_tokens": int, "output_tokens": int}}. A parameter the model
    does not take is not sent. Raises ProviderError, whose `kind` and message say what to do.
    """
    from .sync import last

    reply = last(model_id, messages, temperature, top_p, max_tokens)
    usage = reply.usage
    return {
        "content": reply.text,
        "usage": {
            "input_tokens": usage.input_tokens if usage else 0,
            "output_tokens": usage.output_tokens if usage else 0,
        },
    }


def stream_chat(
    model_id: str,
    messages: Iterable[Mapping[str, str]],
    temperature: float | None = 0.7,
    top_p: float | None = 1.0,
    max_tokens: int | None = 1024,
) -> Generator[str]:
    """The answer in pieces, as they arrive. Leaving the loop stops the model. Raises as `chat` does."""
    from .sync import growing

    sent = 0
    for reply in growing(model_id, messages, temperature, top_p, max_tokens):
        if len(reply.text) > sent:
            yield reply.text[sent:]
            sent = len(reply.text)


def count_tokens(text: str, model_id: str = "gpt-4o") -> int:
    """Tokens of `text` for a model: exact for OpenAI's and for the embedded one, an o200k_base estimate for others."""
    from .sync import count

    return count(text, model_id)


def estimate_cost(model_id: str, input_tokens: int, output_tokens: int) -> float | None:
    """US dollars for that many tokens, None when the price is unknown (never 0 by default)."""
    from .sync import cost_of

    return cost_of(model_id, input_tokens, output_tokens)


def manage_context(messages: Iterable[Mapping[str, str]], max_tokens: int = 8000) -> list[dict[str, str]]:
    """The system messages and the newest turns whose contents fit `max_tokens` (o200k_base tokens).

    What is kept starts with a user turn. The newest message always stays.
    """
    from .sync import fitted

    return fitted(messages, max_tokens)
