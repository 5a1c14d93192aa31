"""From a model's logits to the token that is drawn: softmax, top-k, top-p, min-p, temperature. Pure; asks no model.

The order is that of llama.cpp's sampler chain, `top_k;top_p;min_p;temperature` (its default one without the samplers
that are off by default: penalties, dry, top_n_sigma, typ_p, xtc). So temperature comes last: the nuclei of top-p and
min-p are those of the model's own distribution, and a higher temperature evens out what they kept without letting
more in. Other libraries (transformers, vLLM) apply it first.

Every filter keeps the most probable tokens and cuts the rest, so what is kept is always the head of the ranking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ProviderError

HOTTEST = 100

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Filters:
    """How to draw from a distribution; as it stands, the model's own. `top_k` 0 is off, `temperature` 0 greedy.

    Raises ProviderError `bad_request`, naming the parameter, for what is not a number or out of range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        _check("temperature", self.temperature, HOTTEST)
        _check("top_k", self.top_k, 2**31 - 1)
        _check("top_p", self.top_p, 1)
        _check("min_p", self.min_p, 1)


@dataclass(frozen=True)
class Distribution:
    """A model's distribution over its V tokens: `ids` (V,) most probable first, `logprobs` (V,) natural."""

    ids: Integers
    logprobs: Floats

    @classmethod
    def of(cls, logits: Sequence[float] | Floats) -> Distribution:
        """From logits by token id, or logprobs that do not quite add up: the softmax of both is the same."""
        normal = log_softmax(np.asarray(logits, np.float64))
        ids = np.argsort(-normal, kind="stable")
        return cls(ids, normal[ids])

    @cached_property
    def p(self) -> Floats:
        """(V,) probabilities in the order of `ids`."""
        return np.exp(self.logprobs)

    @cached_property
    def entropy_bits(self) -> float:
        return entropy_bits(self.p)

    @property
    def greedy(self) -> int:
        """The id of the most probable token; of several, the lowest."""
        return int(self.ids[0])


@dataclass(frozen=True, slots=True)
class Filtered:
    """What the filters leave: the first `kept` tokens, with the mass they had, and `p` (kept,) renormalised.

    `steps` names each filter and how many tokens were left after it.
    """

    kept: int
    kept_mass: float
    p: Floats
    steps: tuple[tuple[str, int], ...]

    @property
    def entropy_bits(self) -> float:
        return entropy_bits(self.p)

    def p_after(self, rank: int) -> float:
        """The probability with which the token of this rank (0 is the most probable one) is drawn."""
        return float(self.p[rank]) if rank < self.kept else 0.0


def log_softmax(logits: Floats) -> Floats:
    """ln softmax, in double precision and without overflow."""
    shifted = logits - np.max(logits)
    return shifted - math.log(float(np.sum(np.exp(shifted))))


def entropy_bits(p: Floats) -> float:
    """Shannon's entropy in bits, -sum p log2 p, with 0 log 0 = 0 (Shannon 1948)."""
    some = p[p > 0]
    return max(0.0, -float(np.sum(some * np.log2(some))))  # of two zeros the first, which has no sign


def decode(distribution: Distribution, filters: Filters) -> Filtered:
    """Applies the filters in llama.cpp's order."""
    logprobs = distribution.logprobs
    kept = top_k(logprobs, filters.top_k)
    steps = [("top-k", kept)]
    kept = top_p(logprobs[:kept], filters.top_p)
    steps.append(("top-p", kept))
    kept = min_p(logprobs[:kept], filters.min_p)
    steps.append(("min-p", kept))
    if filters.temperature == 0:
        kept = 1
        steps.append(("greedy", kept))
    drawn = np.exp(log_softmax(at_temperature(logprobs[:kept], filters.temperature)))
    return Filtered(kept, min(float(np.sum(distribution.p[:kept])), 1.0), drawn, tuple(steps))


def top_k(logits: Floats, k: int) -> int:
    """How many of the ranked tokens are left: the k first; 0 keeps all."""
    return min(k, len(logits)) if k else len(logits)


def top_p(logits: Floats, p: float) -> int:
    """The fewest ranked tokens whose mass, among those given, reaches `p`; at least one (Holtzman et al. 2020)."""
    if p >= 1:
        return len(logits)
    mass = np.cumsum(np.exp(log_softmax(logits)))
    return min(int(np.searchsorted(mass, p, side="left")) + 1, len(logits))


def min_p(logits: Floats, p: float) -> int:
    """How many are at least `p` times as probable as the most probable one (Nguyen et al. 2024)."""
    if p <= 0:
        return len(logits)
    return max(int(np.count_nonzero(logits >= logits[0] + math.log(p))), 1)


def at_temperature(logits: Floats, temperature: float) -> Floats:
    """Ranked logits over the temperature: below 1 the likely ones gain, above 1 the rare ones. 0 leaves all as is."""
    if not temperature:
        return logits
    with np.errstate(over="ignore"):  # minus infinity is what it means
        return (logits - logits[0]) / temperature


def _check(name: str, value: float, most: float) -> None:
    if not 0 <= value <= most:  # which no NaN is
        raise ProviderError("bad_request", f"{name} must be between 0 and {most:,}, not {str(value)[:40]}.", param=name)
