"""One person votes and votes: over HTTP and on the page, whatever address a request claims, however new its browser."""

import asyncio
import json

import httpx2

from bench.load.page import Layout, Page

from .conftest import start_app
from .upstream import configured, upstream

MOST = 2
SAID = "2 votes have come from your network address today"


def voted(http, address):
    """The answer to one vote on one battle, asked through the owner's proxy from `address`."""
    headers = {"X-Forwarded-For": address}
    told = http.post("/battles", json={"prompt": "Hello"}, headers=headers).text
    battle = json.loads(told.splitlines()[0][6:])["battle"]
    return http.post(f"/battles/{battle}/vote", json={"outcome": "a"}, headers=headers)


async def voted_on_the_page(url):
    """What a fresh browser hears that fights and votes."""
    layout = await Layout.read(url)
    page, heard = Page(url, layout), []
    await page.open()
    await page.submit(layout.component("arena-composer"), "Hello")
    page.watch = heard.append
    await page.press(layout.component("vote-b"))
    page.close()
    return b"".join(heard).decode() + json.dumps(page.values)


def test_votes_of_one_address_stop_at_the_days_limit_in_words_that_say_why(tmp_path):
    with upstream() as lab:
        environ = {"TRUSTED_PROXY_HOPS": "1", "PLAYGROUND_DAILY_VOTES": str(MOST), "PLAYGROUND_RATE_LIMIT": "off"}
        app = start_app(tmp_path, **configured(tmp_path, lab), **environ)
        try:
            with httpx2.Client(base_url=app.url, timeout=60) as http:
                said = [voted(http, f"6.6.6.{at}, 1.1.1.1") for at in range(MOST + 1)]
                assert [one.status_code for one in said] == [200, 200, 429]
                error = said[-1].json()["error"]
                assert error["kind"] == "rate_limit"
                assert error["message"].startswith(SAID)
                assert voted(http, "2.2.2.2").status_code == 200
                assert http.get("/leaderboard").json()["votes"] == MOST + 1
            for fine in (True, True, False):
                said = asyncio.run(voted_on_the_page(app.url))
                assert (SAID in said) != fine, said
        finally:
            app.stop()
