"""One turn of two sides as it streams: how long its reader waits for the end."""

import asyncio

from playground.arena.bout import Bout
from playground.conversation.growing import Reply

SHORT, LONG = "Some words.", "Some words that go on for longer than the others do."


async def test_the_last_words_wait_for_no_tick():
    """Once both are seen to have ended it is known when all may be shown; the next tick would be in an hour."""
    ended, ticks = [], []

    async def written(text):
        yield Reply("m", text[:1])
        await asyncio.sleep(0.3)  # all the rest at once, which is then shown little by little
        ended.append(text)
        yield Reply("m", text, finish_reason="stop")

    def tick_s():
        if len(ended) == 2:
            ticks.append(1)
        return 0.01 if len(ticks) < 6 else 3600.0

    bout = Bout({"a": written(SHORT), "b": written(LONG)}, {}, tick_s)
    async with asyncio.timeout(30):
        *_, last = [panes async for panes in bout.panes(asyncio.Event())]
    assert [last[seat].text for seat in "ab"] == [SHORT, LONG]
