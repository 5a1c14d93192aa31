"""What a reader asks for with the page as it stands: component values -> one value. Knows no provider.

Whatever a request takes from the page passes here: `named` says which component holds what,
`read` makes a value of it. A feature that adds to a request adds a field, a name and a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..conversation.images import MOST_BYTES, image_of
from ..conversation.presets import fill
from ..errors import ProviderError
from ..models.learned import NOTHING
from ..types import Contender, Image, Message, ModelSpec
from .answer_options import AnswerOptions
from .chat_session import Asking
from .sampling import Sampling
from .variables import Variables


@dataclass(frozen=True)
class Askings:
    """The components that say how a question is asked."""

    model: Any
    system_prompt: Any
    sampling: Sampling
    variables: Variables
    answers: AnswerOptions

    @property
    def named(self) -> dict[str, Any]:
        """The components by the names under which an event's values arrive (`inputs_kwargs`)."""
        return {
            "model": self.model,
            "system_prompt": self.system_prompt,
            **self.sampling.named,
            **self.variables.named,
            **self.answers.named,
        }

    def shows(self, contender: Contender, card: ModelSpec, learned: Mapping[str, str] = NOTHING) -> dict[Any, Any]:
        """Updates that make the components hold what `card`, the model that answers, takes of `contender`.

        Without a model the chosen one stays. `learned` is what the model's provider has refused before.
        """
        model = {self.model: contender.model} if contender.model else {}
        held = self.sampling.preset(contender.sampling, card, learned)
        accordion = dict(zip(self.sampling.inputs, held, strict=True))
        return {**model, self.system_prompt: contender.system_prompt, **accordion}

    def read(self, values: Mapping[str, Any]) -> Asking:
        """The value from the values of `named`."""
        sampling = self.sampling.read_named(values)
        contender = Contender(values["model"] or "", values["system_prompt"] or "", sampling)
        try:
            prompt = fill(contender.system_prompt, self.variables.read_named(contender.system_prompt, values))
            options = self.answers.read_named(values)
        except ProviderError as error:
            return Asking(contender, contender, problem=error)
        return Asking(contender, replace(contender, system_prompt=prompt), options)


def question_of(written: Mapping[str, Any] | None) -> Message:
    """The message that the composer holds: {"text", "files"}, None when it is empty; files by their paths.

    Raises ProviderError for a file that is no picture, or too large.
    """
    held = written or {}
    images = tuple(_image(Path(path)) for path in held.get("files") or ())
    return Message("user", held.get("text") or "", images)


def _image(path: Path) -> Image:
    if (size := path.stat().st_size) > MOST_BYTES:
        most = f"{MOST_BYTES / 1e6:g} MB"
        raise ProviderError(
            "bad_request", f"{path.name} is {size / 1e6:,.1f} MB; at most {most} can be sent: shrink it."
        )
    return image_of(path.read_bytes(), path.name)
