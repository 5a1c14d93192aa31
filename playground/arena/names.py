"""Finds answers that name a maker or a model. Pure; knows no battle.

"I am GPT-4" ends a blind test. What is looked for comes from the catalog: makers, models, their ids. It is a filter
of plain names: who is asked for "your name, spelled backwards" and obeys is not caught.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..models.catalog import Catalog

# Between the parts of a name people and models write anything or nothing: GPT-4o, GPT 4o, gpt4o, "Chat GPT".
BETWEEN = r"[\s\-_./:]*"
MARKUP = str.maketrans("", "", "*`~\\")
# Scripts that are written without spaces, or with endings set right onto a foreign name: a name may stand among them.
# Thai to Burmese, Hangul's parts, Khmer, Chinese and Japanese with Hangul, compatibility forms, the rarer characters.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
LETTER = rf"[^\W\d_{UNSPACED}]"
# What nobody can see besides the format characters: a joiner, and which glyph of a character is meant.
INVISIBLE = re.compile("[\u034f\ufe00-\ufe0f]")


class Names:
    """The names of a catalog, ready to be looked for."""

    def __init__(self, names: Iterable[str], as_written: Iterable[str] = ()) -> None:
        self._any_case = _pattern(_parts(name.casefold()) for name in map(_spread, names))
        self._as_written = _pattern(map(_parts, as_written))

    @classmethod
    def of(cls, catalog: Catalog) -> Names:
        """Makers, providers' labels, models' names and ids; a vendor's prefix before "/" is no part of a name."""
        names = [name for maker in catalog.makers for name in maker.names]
        for model in catalog.models.values():
            told = (model.name, *(name.rpartition("/")[2] for name in (model.id, model.upstream)))
            names += [name for name in told if _is_distinct(name)]
        served = {model.provider for model in catalog.models.values() if model.provider != "local"}
        labels = [catalog.providers[name].label for name in served]
        return cls(
            [*names, *(label for label in labels if _is_distinct(label))],
            [name for maker in catalog.makers for name in maker.as_written],
        )

    def found_in(self, text: str) -> bool:
        """Whether `text` names one of them, whatever its case, spacing, emphasis or invisible characters."""
        plain = _plain(text)
        return any(
            pattern is not None and pattern.search(searched) is not None
            for pattern, searched in ((self._any_case, plain.casefold()), (self._as_written, plain))
        )


def _plain(text: str) -> str:
    """Compatibility characters folded, Markdown's marks and what nobody can see taken out."""
    folded = unicodedata.normalize("NFKC", text).translate(MARKUP)
    seen = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return INVISIBLE.sub("", seen)


def _is_distinct(name: str) -> bool:
    """Whether a name is more than an ordinary word: an owner may well call a model "fast"."""
    return not (name.isalpha() and name.islower())


def _spread(name: str) -> str:
    """Capitals begin a part of their own: SmolLM is Smol LM, too."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _plain(name))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+|\d+", _plain(name)))


def _pattern(names: Iterable[tuple[str, ...]]) -> re.Pattern[str] | None:
    """Any of the names as words of their own; digits may follow, as in GPT4."""
    wanted = sorted({parts for parts in names if parts}, key=len, reverse=True)
    if not wanted:
        return None
    every = "|".join(BETWEEN.join(map(re.escape, parts)) for parts in wanted)
    return re.compile(rf"(?<!{LETTER})(?:{every})(?!{LETTER})")
