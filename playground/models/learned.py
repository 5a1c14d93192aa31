"""What providers have refused while this process ran: parameters of a model. Knows no provider and no catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass
class Learned:
    """Parameter -> who (the provider, as people know it) refuses it, for each model id; empty at every start."""

    _by_model: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    def note(self, model_id: str, param: str, who: str) -> None:
        """`who` has refused that parameter for that model."""
        self._by_model.setdefault(model_id, {})[param] = who

    def of(self, model_id: str) -> Mapping[str, str]:
        """Parameter -> why it is no longer sent now."""
        return {param: f"{who} refused it: not sent again until a restart" for param, who in self._of(model_id)}

    def ever(self, model_id: str) -> Mapping[str, str]:
        """Parameter -> why it was left out of a plan, in words that stay true when this process has ended."""
        return {param: f"{who} has refused it" for param, who in self._of(model_id)}

    def _of(self, model_id: str) -> Iterable[tuple[str, str]]:
        return self._by_model.get(model_id, NOTHING).items()
