"""The list of journeys names tests that exist."""

import ast
from pathlib import Path

import pytest

from .browser import JOURNEYS


@pytest.mark.parametrize("journey", JOURNEYS)
def test_every_journey_is_walked_by_a_test(journey):
    module, _, name = JOURNEYS[journey].partition(".")
    tree = ast.parse((Path(__file__).parent / "browser" / f"{module}.py").read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
