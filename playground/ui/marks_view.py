"""The marks under a finished answer as the chatbot's messages. Pure; knows no component."""

from __future__ import annotations

from ..conversation.growing import Reply
from ..conversation.output import Marks, Source, marks
from . import probabilities
from .transcript import NOTE, Shown, folded

# Beyond this, the chatbot would be slow for something nobody looks at.
MOST_TOKENS = 4_000
EXPLAINED = (
    "Hover over a token for its probability and the likeliest others. Perplexity: among how many equally likely "
    "tokens the model chose, on average."
)
HIDDEN = "It looks like a secret, so it is not shown here. The saved conversation and its exports still contain it."


def shown(reply: Reply, *, kept: bool = True, lost_tokens: int = 0) -> list[Shown]:
    """What is said under an answer that has ended; whether its probabilities will be `kept`, and of how many tokens
    they have not been."""
    found = marks(reply, reply.violations or ())
    messages = [folded(NOTE, title, content) for title, content in _lines(found)]
    if reply.tokens and found.masked:
        messages.append(folded(NOTE, "Token probabilities are not shown: they would reveal what is hidden"))
    elif reply.tokens:
        tokens = reply.tokens[:MOST_TOKENS]
        unfolds = folded(NOTE, probabilities.summary(reply.tokens, kept=kept))
        # Not guarded as a model's text is: these tags are ours, and every sign between them is a number.
        unfolds["content"] = [
            {"type": "text", "text": f"{probabilities.tokens_html(tokens)}<br><small>{EXPLAINED}</small>"}
        ]
        messages.append(unfolds)
    if lost_tokens:
        messages.append(folded(NOTE, f"Token probabilities ({lost_tokens:,} tokens) were too many to be kept"))
    return messages


def _lines(found: Marks) -> list[tuple[str, str]]:
    """(title, what unfolds below it) of each mark."""
    lines: list[tuple[str, str]] = []
    if found.violations:
        count = len(found.violations)
        title = "The JSON is not as asked: 1 problem" if count == 1 else f"The JSON is not as asked: {count} problems"
        lines.append((title, "\n".join(f"- {_words(each)}" for each in found.violations)))
    if found.sources or found.unlisted:
        lines.append((_sources_title(found), "\n".join(_source(source) for source in found.sources)))
    if found.masked:
        keys = "1 key was" if found.masked == 1 else f"{found.masked} keys were"
        lines.append((f"{keys} hidden in this answer", HIDDEN))
    if found.safety:
        lines.append((f"Ended by the provider's safety filter: {found.safety}", ""))
    return lines


def _sources_title(found: Marks) -> str:
    count = len(found.sources)
    title = "1 source" if count == 1 else f"{count} sources"
    missing = ", ".join(f"[{number}]" for number in found.unlisted)
    return f"{title}; none listed for {missing}" if missing else title


def _source(source: Source) -> str:
    number = "" if source.number is None else f"\\[{source.number}\\] "
    if source.url is None:
        return f"- {number}{_words(source.title)}"
    if source.title == source.url:
        return f"- {number}{_address(source.url)}"
    return f"- {number}{_words(source.title)}: {_address(source.url)}"


def _address(url: str) -> str:
    """An address as a link; where a key is hidden in it, as code: it leads nowhere. Only a mask has a blank."""
    return f"`{url}`" if " " in url else url


def _words(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#$~|" else sign for sign in text)
