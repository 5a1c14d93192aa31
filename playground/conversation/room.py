"""How large a conversation's record may become, and what of it is left out for that. Pure; knows records only.

The page's script does the same with what it stores (`within` in ui/conversation_room.js, with these numbers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# All sizes are in bytes, and of a record as it travels when it is opened or imported: as JSON within JSON.
# Beyond it nothing more is asked, and probabilities have to make room.
MOST_BYTES = 3_800_000
# What is opened and imported: leaves room for one more long answer, and stays under what the server reads at once.
LARGEST_FILE = 4_800_000
# Probabilities of all answers together: with five alternatives each, a token takes about 200 bytes.
MOST_ODDS_BYTES = 2_000_000
# Probabilities of one answer.
MOST_TOKENS = 2_000
LIMITS = {"bytes": MOST_BYTES, "file": LARGEST_FILE, "odds": MOST_ODDS_BYTES, "tokens": MOST_TOKENS}

Record = dict[str, Any]


def size(value: object) -> int:
    """Bytes that a value takes as JSON within JSON, where quotes and backslashes are escaped once more."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass")) + text.count('"') + text.count("\\")


def bare(record: Record) -> Record:
    """The record without any probabilities: what cannot be left out."""
    return {**record, "turns": [_without(turn) for turn in record["turns"]]}


def unkept(record: Record) -> dict[int, int]:
    """{place of a turn: of how many tokens the probabilities are not kept}: the newest are, as far as there is room.

    What is not kept stays so: later turns only take more room.
    """
    scored = {at: tokens for at, turn in enumerate(record["turns"]) if (tokens := _tokens(turn))}
    if not scored:
        return {}
    room, lost = min(MOST_ODDS_BYTES, MOST_BYTES - size(bare(record))), dict[int, int]()
    for at, tokens in reversed(scored.items()):
        is_short = len(tokens) <= MOST_TOKENS
        room -= size(tokens) if is_short and room >= 0 else 0
        if room < 0 or not is_short:
            lost[at] = len(tokens)
    return lost


def within(record: Record) -> Record:
    """The record with as many probabilities as there is room for; `lost_tokens` of a turn counts the others."""
    lost = unkept(record)
    turns = [
        _without(turn) | {"lost_tokens": lost[at]} if at in lost else turn for at, turn in enumerate(record["turns"])
    ]
    return {**record, "turns": turns} if lost else record


def _tokens(turn: Mapping[str, Any]) -> list[Any]:
    reply: Mapping[str, Any] = turn.get("reply") or {}
    return reply.get("tokens") or []


def _without(turn: Record) -> Record:
    if not _tokens(turn):
        return turn
    return {**turn, "reply": {name: value for name, value in turn["reply"].items() if name != "tokens"}}
