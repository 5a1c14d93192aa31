"""/readyz: what stands in the way of work, one sentence each."""

from types import SimpleNamespace

import pytest

from playground.api.operation import Readiness
from playground.ops.gate import Gate
from playground.ops.guard import Left


def readiness(left=None, writable="", counts=True, draining=False):
    async def is_writable():
        return writable

    async def left_for(_):
        return Left(left)

    async def is_counted():
        return counts

    gate = Gate()
    gate.draining = draining
    return Readiness(is_writable, SimpleNamespace(budgeted=True, left=left_for, counts=is_counted), gate)


@pytest.mark.parametrize(
    ("state", "problems"),
    [
        ({"left": {"global": 1.0}}, []),
        ({"left": {"global": 0.0}}, ["Today's budget is spent."]),
        ({"left": None}, ["The budget cannot be read."]),
        ({"left": {"global": 1.0}, "writable": "The disk is full."}, ["The disk is full."]),
        ({"left": {"global": 1.0}, "counts": False}, ["Rates cannot be counted: check the server of REDIS_URL."]),
        ({"left": {"global": 1.0}, "draining": True}, ["The playground is ending: it accepts no new work."]),
    ],
)
async def test_each_obstacle_is_named(state, problems):
    assert await readiness(**state).problems() == problems
