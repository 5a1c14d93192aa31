"""What a reader asks for with the page as it stands: component values -> one value. Knows no provider.

Whatever a request takes from the page passes here: `named` says which component holds what,
`read` makes a value of it. A feature that adds to a request adds a field, a name and a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..types import Contender, Message
from .sampling import Sampling


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is to answer."""

    contender: Contender


@dataclass(frozen=True)
class Askings:
    """The components that say how a question is asked."""

    model: Any
    system_prompt: Any
    sampling: Sampling

    @property
    def named(self) -> dict[str, Any]:
        """The components by the names under which an event's values arrive (`inputs_kwargs`)."""
        return {"model": self.model, "system_prompt": self.system_prompt, **self.sampling.named}

    def shows(self, contender: Contender) -> dict[Any, Any]:
        """Updates that make the components hold `contender`; without a model the chosen one stays."""
        model = {self.model: contender.model} if contender.model else {}
        accordion = dict(zip(self.sampling.inputs, self.sampling.preset(contender.sampling), strict=True))
        return {**model, self.system_prompt: contender.system_prompt, **accordion}

    def read(self, values: Mapping[str, Any]) -> Asking:
        """The value from the values of `named`."""
        sampling = self.sampling.read_named(values)
        return Asking(Contender(values["model"] or "", values["system_prompt"] or "", sampling))


def question_of(written: Mapping[str, Any] | None) -> Message:
    """The message that the composer holds: {"text", "files"}, None when it is empty."""
    return Message("user", (written or {}).get("text") or "")
