"""What providers have refused while this process ran: parameters of a model. Knows no provider and no catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass
class Learned:
    """Parameter -> why it is no longer sent, for each model id; empty at every start."""

    _by_model: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def note(self, model_id: str, param: str, who: str) -> None:
        """`who` (the provider, as people know it) has refused that parameter for that model."""
        self._by_model.setdefault(model_id, {})[param] = f"{who} refused it: not sent again until a restart"

    def of(self, model_id: str) -> Mapping[str, str]:
        """What is known of that model."""
        return self._by_model.get(model_id, NOTHING)
