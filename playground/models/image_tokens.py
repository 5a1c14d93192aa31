"""How many tokens a picture counts as: each vendor's published formula by name. Pure; knows no model and no bytes.

Sizes are in pixels. What comes out is an estimate: vendors change their formulas with a model, and some scale first.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..types import Family, Image

# For a family that takes images and names no formula.
UNKNOWN = 1_000


def image_tokens(family: Family, image: Image) -> int:
    """Tokens of one picture for a family, by its `image_tokens`: the name of a formula and its numbers."""
    if not family.image_tokens:
        return UNKNOWN
    name, *numbers = family.image_tokens
    return FORMULAS[str(name)](image.width, image.height, [int(number) for number in numbers])


def tiles(width: int, height: int, numbers: list[int]) -> int:
    """OpenAI, "Calculating costs" of the images guide, high detail: shrunk to fit 2048 x 2048, then to a shorter
    side of 768; a base, and a price for each tile of 512 x 512. `numbers`: base, per tile."""
    base, per_tile = numbers
    shrink = min(1.0, 2048 / max(width, height))
    shrink *= min(1.0, 768 / (min(width, height) * shrink))
    return base + per_tile * math.ceil(width * shrink / 512) * math.ceil(height * shrink / 512)


def patches(width: int, height: int, numbers: list[int]) -> int:
    """OpenAI, the same guide, of the small models: patches of 32 x 32 up to a limit, times a factor.
    `numbers`: the limit, the factor in hundredths."""
    most, hundredths = numbers
    return math.ceil(min(math.ceil(width / 32) * math.ceil(height / 32), most) * hundredths / 100)


def area(width: int, height: int, numbers: list[int]) -> int:
    """Anthropic, "Vision": shrunk to a longer side of at most 1568 pixels, then width x height / 750.
    `numbers`: the longest side, pixels a token."""
    longest, per_token = numbers
    shrink = min(1.0, longest / max(width, height))
    return math.ceil(width * shrink * height * shrink / per_token)


def crops(width: int, height: int, numbers: list[int]) -> int:
    """Google, "Understand and count tokens": 258 up to 384 x 384, else 258 for each crop of 768 x 768.
    `numbers`: per crop, the side of a small picture, the side of a crop."""
    per_crop, small, side = numbers
    if max(width, height) <= small:
        return per_crop
    return per_crop * math.ceil(width / side) * math.ceil(height / side)


def fixed(_: int, __: int, numbers: list[int]) -> int:
    """Google from Gemini 3 on: the same for every picture at the default resolution. `numbers`: that."""
    return numbers[0]


FORMULAS: dict[str, Callable[[int, int, list[int]], int]] = {
    "tiles": tiles,
    "patches": patches,
    "area": area,
    "crops": crops,
    "fixed": fixed,
}
