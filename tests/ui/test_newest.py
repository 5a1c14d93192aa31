"""Of one reader's streams the newest is shown; the others fall silent and are closed."""

import asyncio

from playground.ui.newest import Newest


class Counting:
    """A stream without an end that says when it was closed."""

    def __init__(self):
        self.closed = False

    async def values(self):
        try:
            for value in range(1_000_000):
                yield value
                await asyncio.sleep(0)
        finally:
            self.closed = True


def silent(value):
    return f"not {value}"


async def test_who_begins_another_stream_hears_no_more_of_the_first():
    newest, first, second = Newest(), Counting(), Counting()
    one = newest.of("anna", first.values(), silent)
    assert [await anext(one), await anext(one)] == [0, 1]
    other = newest.of("anna", second.values(), silent)
    assert await anext(other) == 0
    assert await anext(one) == "not 1", "the page is sent the last value once more: it must not be the old stream's"
    assert [value async for value in one] == []
    assert first.closed
    assert await anext(other) == 1, "that the first has ended is nothing to the second"
    await other.aclose()
    assert second.closed


async def test_also_a_stream_that_has_said_its_last_falls_silent():
    newest = Newest()

    async def short():
        yield 1

    one = newest.of("anna", short(), silent)
    assert await anext(one) == 1
    other = newest.of("anna", Counting().values(), silent)
    assert await anext(other) == 0
    assert [value async for value in one] == ["not 1"]
    await other.aclose()


async def test_readers_are_nothing_to_each_other():
    newest = Newest()
    one, other = (newest.of(reader, Counting().values(), silent) for reader in ("anna", "bert"))
    assert [await anext(one), await anext(other), await anext(one), await anext(other)] == [0, 0, 1, 1]
    await one.aclose()
    await other.aclose()


async def test_streams_that_have_ended_leave_nothing_behind():
    newest = Newest()

    async def short():
        yield 1

    assert [value async for value in newest.of("anna", short(), silent)] == [1]
    assert vars(newest) == {"_streams": {}}
