"""Several continuations as one tree that shares what they have in common. Pure; knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Branch:
    """Tokens that `draws` of the continuations have here in a row; `ends` of them stop after these, the others fork."""

    tokens: tuple[int, ...]
    draws: int
    ends: int
    forks: tuple[Branch, ...]


def grow(paths: Sequence[Sequence[int]]) -> tuple[Branch, ...]:
    """The branches that begin the `paths`, the most frequent first and else in the order of drawing."""
    groups: dict[int, list[Sequence[int]]] = {}
    for path in paths:
        if path:
            groups.setdefault(path[0], []).append(path)
    return tuple(sorted((_branch(group) for group in groups.values()), key=lambda branch: -branch.draws))


def _branch(paths: Sequence[Sequence[int]]) -> Branch:
    """The branch of paths that have at least their first token in common."""
    common = 1
    shortest = min(map(len, paths))
    while common < shortest and len({path[common] for path in paths}) == 1:
        common += 1
    ends = sum(len(path) == common for path in paths)
    return Branch(tuple(paths[0][:common]), len(paths), ends, grow([path[common:] for path in paths]))
