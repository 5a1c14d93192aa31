"""Votes in the formats others train on and rank with: TRL, KTO, DPO, arena-140k, CSV. Pure; knows no store.

TRL   preference and KTO rows in its conversational form (https://huggingface.co/docs/trl/dataset_formats)
DPO   preference rows of Azure OpenAI and Fireworks
arena the rows of lmarena-ai/arena-human-preference-140k, with what it takes to read them back (importing.py)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from ..models.contenders import ListedContender
from ..spreadsheet import csv_line
from .counts import Outcome
from .records import SEATS, Battle, Seat, history
from .selection import Source
from .style import Style

Format = Literal["trl", "kto", "dpo", "arena", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)

WINNER: dict[Outcome, str] = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad"}
CSV_COLUMNS = (
    *("battle", "created", "source", "kind", "outcome", "contender_a", "name_a", "contender_b", "name_b"),
    *("category", "leaked", "revised", "turns", "tokens_a", "tokens_b", "prompt", "answer_a", "answer_b"),
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredVote:
    """A vote with its battle and who fought it. `created` is when it was cast, in seconds since the epoch.

    `revised`: it was changed after the names had been shown. `voter` is the stored hash, or the judge's name.
    """

    battle: Battle
    a: ListedContender
    b: ListedContender
    outcome: Outcome
    source: Source
    voter: str
    created: float
    revised: bool
    styles: Mapping[Seat, Style]

    def contender(self, seat: Seat) -> ListedContender:
        return self.a if seat == "a" else self.b

    @property
    def teaches(self) -> bool:
        """Whether to train on it: a person's, blind, on answers that gave no name away."""
        battle = self.battle
        return self.source == "human" and battle.kind == "blind" and not battle.leaked and not self.revised


def lines(votes: Iterable[StoredVote], form: Format) -> Iterator[str]:
    """The file, line by line with line ends: JSONL, or CSV with a head."""
    if form == "csv":
        yield csv_line(CSV_COLUMNS)
        for vote in votes:
            yield csv_line(csv_row(vote))
        return
    rows = ROWS[form]
    for vote in votes:
        for row in rows(vote):
            yield json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"


def trl_rows(vote: StoredVote) -> list[Row]:
    """One row `prompt`, `chosen`, `rejected` for a vote that chose.

    Both sides answered the first prompt; what follows belongs to the completions, because each side went its own way.
    """
    if vote.outcome not in SEATS or not vote.teaches:
        return []
    better: Seat = vote.outcome
    worse: Seat = "b" if better == "a" else "a"
    chosen, rejected = _messages(vote, better), _messages(vote, worse)
    if not chosen or not rejected or chosen[1:] == rejected[1:]:
        return []
    return [{"prompt": [*_shared_system(vote), chosen[0]], "chosen": chosen[1:], "rejected": rejected[1:]}]


def kto_rows(vote: StoredVote) -> list[Row]:
    """A row `prompt`, `completion`, `label` for each side: true and false, or twice false for both bad; none for a tie.

    The completion is the last answer, the prompt everything before it on that side.
    """
    if vote.outcome == "tie" or not vote.teaches:
        return []
    rows: list[Row] = []
    for seat in SEATS:
        messages = _messages(vote, seat)
        if messages:
            before = [*_system(vote.contender(seat)), *messages[:-1]]
            rows.append({"prompt": before, "completion": messages[-1:], "label": vote.outcome == seat})
    return rows


def dpo_rows(vote: StoredVote) -> list[Row]:
    """One row `input`, `preferred_output`, `non_preferred_output` for a vote that chose on a single prompt.

    The format has one history for both answers: battles of several turns have two, and are left out.
    """
    if len(vote.battle.turns) > 1:
        return []
    return [
        {
            "input": {"messages": row["prompt"], "tools": [], "parallel_tool_calls": True},
            "preferred_output": row["chosen"],
            "non_preferred_output": row["rejected"],
        }
        for row in trl_rows(vote)
    ]


def arena_rows(vote: StoredVote) -> list[Row]:
    """One row of arena-140k for every vote, whatever its outcome; ours beside it say who the contenders are."""
    battle = vote.battle
    talks = {seat: _messages(vote, seat) for seat in SEATS}
    names = {seat: vote.contender(seat).name for seat in SEATS}
    if names["a"] == names["b"]:
        names = {seat: f"{names[seat]} {vote.contender(seat).id[:8]}" for seat in SEATS}
    return [
        {
            "id": battle.id,
            "model_a": names["a"],
            "model_b": names["b"],
            "winner": WINNER[vote.outcome],
            "evaluation_session_id": vote.voter,
            "evaluation_order": 1,
            **{f"conversation_{seat}": [_with_parts(message) for message in talks[seat]] for seat in SEATS},
            "full_conversation": _full_conversation(battle),
            "conv_metadata": _metadata(vote),
            "category_tag": {
                "creative_writing_v0.1": {"creative_writing": battle.category == "writing"},
                "math_v0.1": {"math": battle.category == "math"},
            },
            "language": "und",
            "is_code": battle.category == "code",
            "timestamp": _iso(vote.created),
            **{f"contender_{seat}": _contender(vote.contender(seat)) for seat in SEATS},
            "category": battle.category,
            "source": vote.source,
            "kind": battle.kind,
            "leaked": list(battle.leaked),
            "revised": vote.revised,
        }
    ]


def csv_row(vote: StoredVote) -> list[Any]:
    """The cells of CSV_COLUMNS; the answers are the last ones."""
    battle, last = vote.battle, vote.battle.turns[-1] if vote.battle.turns else None
    return [
        *(battle.id, _iso(vote.created), vote.source, battle.kind, vote.outcome),
        *(vote.a.id, vote.a.name, vote.b.id, vote.b.name),
        *(battle.category, "".join(battle.leaked), int(vote.revised), len(battle.turns)),
        *(vote.styles[seat].tokens for seat in SEATS),
        last.prompt if last else "",
        *((answer.text if last and (answer := last.answer(seat)) else "") for seat in SEATS),
    ]


ROWS: dict[Format, Callable[[StoredVote], list[Row]]] = {
    "trl": trl_rows,
    "kto": kto_rows,
    "dpo": dpo_rows,
    "arena": arena_rows,
}


def _messages(vote: StoredVote, seat: Seat) -> list[Row]:
    """One side's conversation; empty unless every prompt of it was answered."""
    turns = vote.battle.turns
    while turns and not all((answer := turns[-1].answer(side)) and answer.text for side in SEATS):
        turns = turns[:-1]
    messages = [{"role": message.role, "content": message.content} for message in history(turns, seat)]
    return messages if len(messages) == 2 * len(turns) else []


def _system(contender: ListedContender) -> list[Row]:
    prompt = contender.contender.system_prompt
    return [{"role": "system", "content": prompt}] if prompt else []


def _shared_system(vote: StoredVote) -> list[Row]:
    """The system prompt where both had the same; different ones are what was compared, and belong to neither row."""
    return _system(vote.a) if vote.a.contender.system_prompt == vote.b.contender.system_prompt else []


def _contender(one: ListedContender) -> Row:
    sampling = dict(one.contender.sampling.sent())
    return {
        "id": one.id,
        "name": one.name,
        "model": one.contender.model,
        "system_prompt": one.contender.system_prompt,
        "sampling": sampling,
    }


def _with_parts(message: Row) -> Row:
    return {
        "role": message["role"],
        "content": [{"type": "text", "text": message["content"], "image": None, "mimeType": None}],
    }


def _full_conversation(battle: Battle) -> list[Row]:
    return [
        {
            "user": _with_parts({"role": "user", "content": turn.prompt}),
            **{
                f"model_side_{seat}": _with_parts(
                    {"role": "assistant", "content": answer.text if (answer := turn.answer(seat)) else ""}
                )
                for seat in SEATS
            },
        }
        for turn in battle.turns
    ]


def _metadata(vote: StoredVote) -> Row:
    """Counts of tokens and Markdown by side. Levels of headers and kinds of lists were not told apart."""
    metadata: Row = {"turns": len(vote.battle.turns)}
    for seat in SEATS:
        style = vote.styles[seat]
        metadata |= {
            f"sum_assistant_{seat}_tokens": style.tokens,
            f"header_count_{seat}": {"h1": style.headers, **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), 0)},
            f"list_count_{seat}": {"ordered": 0, "unordered": style.lists},
            f"bold_count_{seat}": {"**": style.bold, "__": 0},
        }
    return metadata


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
