"""Rows of a file of arena votes as stored votes. Pure; knows no store and no database.

Our own exports come back as they were. Of anybody else's rows the model is the contender, at its defaults.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from ..models.contenders import ID_LENGTH, ListedContender
from ..types import Contender, SamplingParams
from .export import StoredVote
from .records import SEATS, Answer, Battle, Seat, Turn
from .selection import CATEGORIES, category_of
from .style import Style, style_of
from .votefile import BadFileError, Row, Where, check

OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SAMPLING: TypeAdapter[SamplingParams] = TypeAdapter(SamplingParams)
NAME_LENGTH = 200


def stored_vote(row: Any, where: Where, count_tokens: Callable[[str], int], now: float) -> StoredVote:
    """One row as a vote; a row without an id of its own is known by file name, place and content.

    `now` is when a vote was cast that does not say so, in seconds since the epoch. Raises BadFileError.
    """
    a, b, outcome = check(row, where)
    row = cast(Row, row)
    first, second = _contender(row, "a", a, where), _contender(row, "b", b, where)
    if first.id == second.id:
        raise BadFileError(f"{where}: both sides are the same contender, {first.id}.")
    turns = _turns(row, where)
    created = _created(row, where, now)
    voter = _voter(row)
    leaked = row.get("leaked")
    seats: tuple[Seat, ...] = tuple(seat for seat in SEATS if isinstance(leaked, list) and seat in leaked)
    named = row.get("kind") == "side_by_side" or row.get("anony") is False
    battle = Battle(
        _id(row, where),
        first.id,
        second.id,
        voter,
        created,
        turns,
        kind="side_by_side" if named else "blind",
        status="ready",
        leaked=seats,
        category=_category(row, turns),
    )
    styles: dict[Seat, Style] = {seat: _style(row, seat, turns, count_tokens) for seat in SEATS}
    source = "judge" if row.get("source") == "judge" else "human"
    return StoredVote(battle, first, second, outcome, source, voter, created, row.get("revised") is True, styles)


def _contender(row: Row, seat: Seat, name: str, where: Where) -> ListedContender:
    _check_storable(name, where)
    own = row.get(f"contender_{seat}")
    if not isinstance(own, Mapping):
        digest = hashlib.sha256(f"model:{name}".encode()).hexdigest()[:ID_LENGTH]
        return ListedContender(digest, name[:NAME_LENGTH], Contender(name), available=False)
    own = cast(Row, own)
    try:
        sampling = SAMPLING.validate_python(own.get("sampling") or {})
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"]))
        raise BadFileError(f"{where}: contender_{seat}.sampling.{field}: {problem['msg']}.") from None
    texts = [own.get(key) for key in ("id", "model", "system_prompt")]
    if not all(isinstance(text, str) for text in texts):
        raise BadFileError(f"{where}: contender_{seat} needs id, model and system_prompt as text.")
    contender_id, model, system_prompt = cast(list[str], texts)
    if not re.fullmatch(rf"[0-9a-f]{{{ID_LENGTH}}}", contender_id):
        raise BadFileError(f"{where}: contender_{seat}.id {contender_id!r:.80} is not {ID_LENGTH} hexadecimal digits.")
    _check_storable(model, where)
    return ListedContender(contender_id, name[:NAME_LENGTH], Contender(model, system_prompt, sampling), available=False)


def _check_storable(text: str, where: Where) -> None:
    if "\x00" in text:
        raise BadFileError(f"{where}: the name {text!r:.80} holds a NUL character.")


def _id(row: Row, where: Where) -> str:
    for name in ("id", "question_id"):
        own = row.get(name)
        if isinstance(own, str) and OWN_ID.fullmatch(own):
            return own
    content = json.dumps(row, sort_keys=True, default=str)
    place = f"{PurePath(where.path).name}:{where.at}:{content}"
    return f"import-{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _voter(row: Row) -> str:
    """Our own hash where the row is ours; anybody else's name for a voter is kept apart from those."""
    said = row.get("evaluation_session_id") or row.get("judge")
    if not isinstance(said, str):
        return "import"
    said = said.replace("\x00", "")[:100]
    return said if isinstance(row.get("contender_a"), Mapping) else f"import:{said}"


def _created(row: Row, where: Where, now: float) -> float:
    said = row.get("timestamp", row.get("tstamp"))
    try:
        match said:
            case None:
                return now
            case datetime():  # from Parquet
                return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
            case str():
                moment = datetime.fromisoformat(said)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            case int() | float():
                return datetime.fromtimestamp(said, UTC).timestamp()  # refuses NaN and what is no date
            case _:
                raise ValueError(said)
    except (ValueError, OverflowError, OSError):
        raise BadFileError(f"{where}: the time {said!r:.80} is neither ISO 8601 nor seconds since 1970.") from None


def _category(row: Row, turns: tuple[Turn, ...]) -> str:
    own = row.get("category")
    if own == "" or own in CATEGORIES:
        return own
    if row.get("is_code") is True:
        return "code"
    tags = row.get("category_tag")
    if isinstance(tags, Mapping):
        written = json.dumps(tags, default=str)
        for category, sign in (("math", '"math": true'), ("writing", '"creative_writing": true')):
            if sign in written:
                return category
    return category_of(turns[0].prompt) if turns else ""


def _style(row: Row, seat: Seat, turns: tuple[Turn, ...], count_tokens: Callable[[str], int]) -> Style:
    """What the row says, else what its answers show."""
    said = row.get("conv_metadata")
    if isinstance(said, Mapping):
        said = cast(Row, said)
        keys = ("sum_assistant_{}_tokens", "header_count_{}", "list_count_{}", "bold_count_{}")
        counts = [_count(said.get(key.format(seat))) for key in keys]
        if None not in counts:
            return Style(*cast(list[int], counts))
    return style_of((answer.text for turn in turns if (answer := turn.answer(seat))), count_tokens)


def _count(said: Any) -> int | None:
    numbers = list(cast(Row, said).values()) if isinstance(said, Mapping) else [said]
    if all(isinstance(number, int | float) and 0 <= number < 2**31 for number in numbers):
        return int(sum(numbers))
    return None


def _turns(row: Row, where: Where) -> tuple[Turn, ...]:
    """The battle's prompts with both answers; () where the row has no conversations."""
    talks = [row.get(f"conversation_{seat}") for seat in SEATS]
    if not all(talks):
        return ()
    sides = [_messages(talk, where) for talk in talks]
    prompts = [content for role, content in sides[0] if role == "user"]
    answers = [[content for role, content in side if role == "assistant"] for side in sides]
    return tuple(
        Turn(prompt, *(Answer(side[at], "stop") if at < len(side) else None for side in answers))
        for at, prompt in enumerate(prompts)
    )


def _messages(talk: Any, where: Where) -> list[tuple[str, str]]:
    messages: list[tuple[str, str]] = []
    for message in cast(list[Any], talk) if isinstance(talk, list) else [talk]:
        if not isinstance(message, Mapping):
            raise BadFileError(f"{where}: a conversation is a list of messages with role and content.")
        message = cast(Row, message)
        messages.append((str(message.get("role")), _text(message.get("content"))))
    return messages


def _text(content: Any) -> str:
    """FastChat writes text, arena-140k a list of parts; pictures have no place here."""
    if isinstance(content, str):
        return content
    parts = cast(list[Any], content) if isinstance(content, list) else []
    texts = [cast(Row, part).get("text") for part in parts if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))
