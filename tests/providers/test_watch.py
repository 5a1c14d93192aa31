"""One timer does what a time-out around each wait would."""

import asyncio

import pytest

from playground.providers.watch import Watch

FOREVER = 3600.0


def now():
    return asyncio.get_running_loop().time()


async def never():
    await asyncio.Event().wait()


async def test_what_does_not_come_until_the_limit_is_broken_off_and_the_task_goes_on():
    ended = []

    async def slow():
        try:
            await never()
        finally:
            ended.append(True)

    with Watch() as watch:
        watch.limit = now() + 0.02
        with pytest.raises(TimeoutError):
            await watch.wait(slow())
        assert ended
        assert asyncio.current_task().cancelling() == 0
        watch.limit = now() + FOREVER
        assert await watch.wait(asyncio.sleep(0.01, "next")) == "next"


async def test_a_limit_that_moves_on_is_waited_for():
    with Watch() as watch:
        watch.limit = now() + 0.05
        assert await watch.wait(asyncio.sleep(0, 1)) == 1
        watch.limit = now() + FOREVER
        assert await watch.wait(asyncio.sleep(0.1, 2)) == 2, "the timer of the first limit has gone off meanwhile"


async def test_a_limit_that_comes_nearer_is_kept():
    with Watch() as watch:
        watch.limit = now() + FOREVER
        assert await watch.wait(asyncio.sleep(0, 1)) == 1
        watch.limit = now() + 0.02
        waiting = asyncio.create_task(asyncio.sleep(5))
        with pytest.raises(TimeoutError):
            await watch.wait(asyncio.shield(waiting))
        assert not waiting.done()
        waiting.cancel()


async def test_a_limit_that_passes_between_two_waits_ends_the_next_one_only_if_that_waits():
    with Watch() as watch:
        watch.limit = now() + 0.01
        assert await watch.wait(asyncio.sleep(0, 1)) == 1
        await asyncio.sleep(0.05)

        async def there():
            return 2

        assert await watch.wait(there()) == 2
        with pytest.raises(TimeoutError):
            await watch.wait(never())


async def test_whoever_cancels_the_task_is_not_told_of_a_time_out():
    async def waiting():
        with Watch() as watch:
            watch.limit = now() + FOREVER
            await watch.wait(never())

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_nothing_is_left_when_it_is_over():
    with Watch() as watch:
        watch.limit = now() + FOREVER
        await watch.wait(asyncio.sleep(0))
    assert watch._timer.cancelled()
