"""What is worth a mark in a finished answer: its sources, a safety stop, keys that should not be read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from .growing import Reply

# Link texts and references stay short; a bound keeps a text full of brackets from being read again and again.
LINK = re.compile(
    r"\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\))?)(?: +\"[^\"\n]{0,200}\")?\)"
)
ADDRESS = re.compile(r"https?://[^\s<>\"'`\[\]{}|\\^]{1,2000}")
LISTED = re.compile(r"^[ \t]{0,8}(?:[-*][ \t]+)?\[\^?(\d{1,3})\][:.]?[ \t]+(\S[^\n]{0,500})$", re.MULTILINE)
REFERENCE = re.compile(r"\[\^?(\d{1,3}(?:[ \t]?[,–-][ \t]?\d{1,3}){0,9})\](?![(:])")
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,500}`", re.DOTALL)
ENDS_NO_ADDRESS = ".,;:!?)*_'\""

# A key begins where a word does; in JSON also after the letter of an escape, as in "\nsk-...". Asked first is its first
# letter, because that spares most of a text the rest.
START = r"(?=[Aeghnprsx])(?:(?<![\w-])|(?<=\\[bfnrt]))"
# By the prefixes that vendors document for their keys, so that ids, hashes and words are left alone.
KEYS = re.compile(
    START + r"(?:"
    r"sk-(?:ant-|proj-|or-|svcacct-)?[\w-]{20,}|AIza[\w-]{35}|AQ\.[\w-]{30,}|(?:hf|gsk|r8)_\w{30,}|(?:xai|nvapi|pplx)-[\w-]{30,}"
    r"|gh[pousr]_\w{36,}|github_pat_\w{60,}|glpat-[\w-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|xox[abeoprs]-[\w-]{20,}"
    r"|[sr]k_live_\w{20,}|eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}"
    r")|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----.*?(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# The end of an answer that is still being written, where one of those may have begun.
BEGUN = re.compile(START + r"(?:sk-|AIza|hf_|gsk_|xai-|gh[pousr]_|github_pat_|glpat-|AKIA|xox[abeoprs]-)[\w-]*\Z")
MASK, FURTHER_MASK = "[key hidden]", "[key {} hidden]"
# Stands for a key while sources are looked for: a mask would end an address, and an address cut from the raw text may
# hold a part of a key that no pattern knows any more. Characters that no text has a use for.
HELD = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True, slots=True)
class Source:
    """A source an answer gives: the number it is cited by, where it has one, what it is called, and its address."""

    number: int | None
    title: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Marks:
    """What is said under a finished answer: `unlisted` are [n] for which the answer lists no source, `safety` is what
    the provider said of its safety stop, `masked` how many keys were hidden, `violations` what is wrong with JSON."""

    sources: tuple[Source, ...] = ()
    unlisted: tuple[int, ...] = ()
    safety: str | None = None
    masked: int = 0
    violations: tuple[str, ...] = ()


def marks(reply: Reply, violations: tuple[str, ...] = ()) -> Marks:
    """The marks of an answer that has ended; no key is in them."""
    held, _ = _replaced(HELD.sub("", reply.text), "\ue000{}\ue001".format)
    sources, unlisted = citations(held)
    stopped = reply.finish_reason == "content_filter" or (reply.error is not None and reply.error.kind == "blocked")
    safety = (reply.detail or "no reason given") if stopped else None
    masked = sum(mask_keys(part)[1] for part in (reply.text, reply.thinking))
    shown = tuple(Source(each.number, _masks(each.title), each.url and _masks(each.url)) for each in sources)
    return Marks(shown, unlisted, safety, masked, tuple(mask_keys(each)[0] for each in violations))


def citations(text: str) -> tuple[tuple[Source, ...], tuple[int, ...]]:
    """(sources in the order in which they appear, numbers cited without a source). Code is not read."""
    prose = CODE.sub(" ", text)
    listed: dict[int, Source] = {}
    for number, rest in LISTED.findall(prose):
        listed.setdefault(int(number), _source(int(number), rest))
    cited = _cited(prose)
    found = list(listed.values()) if cited or any(source.url for source in listed.values()) else []
    known = {source.url for source in found}
    for title, url in LINK.findall(prose):
        if url not in known:
            found.append(Source(None, title, url))
            known.add(url)
    for url in map(_trimmed, ADDRESS.findall(LINK.sub(" ", prose))):
        if url not in known:
            found.append(Source(None, url, url))
            known.add(url)
    return tuple(found), tuple(number for number in cited if listed and number not in listed)


def mask_keys(text: str, *, growing: bool = False) -> tuple[str, int]:
    """(the text with every key hidden, how many there were). While it grows, a key's beginning is hidden, too.

    Each mask is another one, so that `unmasked` can tell them apart.
    """
    masked, found = _replaced(text, _mask)
    return (BEGUN.sub(_mask(found + 1), masked) if growing else masked), found


def unmasked(text: str, original: str) -> str:
    """`text`, which somebody has made of the masked `original`, with each key where its mask still stands."""
    for number, key in enumerate(KEYS.finditer(original), 1):
        text = text.replace(_mask(number), key[0])
    return text


def _replaced(text: str, by: Callable[[int], str]) -> tuple[str, int]:
    """(the text with `by(number)` in the place of every key, how many there were)."""
    number = count(1)
    return KEYS.subn(lambda _: by(next(number)), text)


def _masks(text: str) -> str:
    """The text with masks where keys are held."""
    return HELD.sub(lambda held: _mask(int(held[1])), text)


def _mask(number: int) -> str:
    return MASK if number == 1 else FURTHER_MASK.format(number)


def _cited(prose: str) -> tuple[int, ...]:
    """Numbers in brackets that cite something, [2, 4-6] as four, each once; where a source is listed is no citation."""
    numbers: dict[int, None] = {}
    for group in REFERENCE.findall(LISTED.sub(lambda line: line[2], prose)):
        for part in re.split(r"\s*,\s*", group):
            first, _, last = re.sub(r"\s", "", part).replace("–", "-").partition("-")
            numbers.update(dict.fromkeys(range(int(first), min(int(last or first), int(first) + 50) + 1)))
    return tuple(numbers)


def _source(number: int, rest: str) -> Source:
    if link := LINK.search(rest):
        return Source(number, link[1], link[2])
    if address := ADDRESS.search(rest):
        url = _trimmed(address[0])
        title = rest.replace(url, "").strip(" \t-–—:,.()<>*\"'")
        return Source(number, title or url, url)
    return Source(number, rest.strip(), None)


def _trimmed(url: str) -> str:
    """An address in running text without the sentence's own punctuation."""
    while url and url[-1] in ENDS_NO_ADDRESS and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url
