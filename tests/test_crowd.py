"""A hundred at once against a budget, over HTTP and through the page: the cap holds, and every refusal says why."""

import asyncio

import httpx2
import pytest

from bench.load.page import Layout, Page

from .conftest import start_app
from .desk import KEY, Desk, serving_desk

CAP_USD = 0.05
PRICE_USD = 100.0  # of a million tokens, so that a few dozen answers are a day's budget
PAGES, PROGRAMS = 12, 88
TOML = """
[endpoints.desk]
base_url = "{url}/vault/v1"
api_key_env = "DESK_KEY"
[models]
"paid" = {{ provider = "desk", input_price = {price}, output_price = {price}, context_window = 8192 }}
"""
OWNER = {"Authorization": "Bearer owner"}


class SlowDesk(Desk):
    """Takes its time, so that many are under way at once."""

    async def complete(self, request):
        answer = await super().complete(request)
        await asyncio.sleep(0.3)
        return answer


def environment(folder, desk):
    (folder / "paid.toml").write_text(TOML.format(url=desk.url, price=PRICE_USD))
    return {
        "PLAYGROUND_CONFIG": str(folder / "paid.toml"),
        "PLAYGROUND_LOCAL": "off",
        "DESK_KEY": KEY,
        "PLAYGROUND_DAILY_BUDGET_USD": str(CAP_USD),
        "PLAYGROUND_MAX_OUTPUT_TOKENS": "12",
        "PLAYGROUND_RATE_LIMIT": "off",
        "PLAYGROUND_ADMIN_TOKEN": "owner",
        "TRUSTED_PROXY_HOPS": "1",
    }


async def spent(http):
    figures = (await http.get("/metrics", headers=OWNER)).text
    return float(next(line for line in figures.splitlines() if line.startswith("playground_spent_usd ")).split()[1])


async def by_http(http, at):
    """(whether it was answered, what was said)."""
    said = await http.post(
        "/chat",
        json={"model": "paid", "messages": [{"role": "user", "content": f"Hello {at}"}]},
        headers={"X-Forwarded-For": f"10.1.{at}.1", "User-Agent": f"program {at}"},
    )
    return said.status_code == 200, said.text


async def by_page(page, layout, at):
    heard = []
    page.watch = heard.append
    await page.submit(layout.component("composer"), {"text": f"Hello {at}", "files": []})
    said = b"".join(heard).decode()
    return "Answer" in said, said


async def crowd(url):
    """What a hundred sessions got, and what was spent whenever somebody looked meanwhile."""
    layout = await Layout.read(url)
    pages = [Page(url, layout) for _ in range(PAGES)]
    await asyncio.gather(*(page.open() for page in pages))
    seen, over = [], asyncio.Event()

    async def look(http):
        while not over.is_set():
            seen.append(await spent(http))
            await asyncio.sleep(0.02)

    limits = httpx2.Limits(max_connections=200)
    async with httpx2.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
        looking = asyncio.ensure_future(look(http))
        programs = (by_http(http, at) for at in range(PROGRAMS))
        readers = (by_page(page, layout, at) for at, page in enumerate(pages))
        got = await asyncio.gather(*programs, *readers)
        over.set()
        await looking
        seen.append(await spent(http))
        ready = await http.get("/readyz")
    for page in pages:
        page.close()
    return got, seen, ready


def test_a_hundred_sessions_never_spend_more_than_the_cap_and_each_refusal_says_why(tmp_path):
    with serving_desk(SlowDesk()) as desk:
        app = start_app(tmp_path, **environment(tmp_path, desk))
        try:
            app.wait("/readyz")  # until then nobody can tell what was spent
            got, seen, ready = asyncio.run(crowd(app.url))
        finally:
            app.stop()
    assert len(got) == 100
    answered = [said for fine, said in got if fine]
    refused = [said for fine, said in got if not fine]
    assert answered and refused
    assert len(desk.bodies) == len(answered), "who was refused was not asked for"
    for said in refused:
        assert "Today's budget of this playground is" in said, said
        assert "midnight UTC" in said
    assert all('"kind":"quota"' in said.replace(" ", "") for fine, said in got[:PROGRAMS] if not fine)
    assert len(seen) > 5
    assert max(seen) <= CAP_USD
    assert seen[-1] > 0
    # By the provider's own count, which is what the owner pays.
    tokens = sum(10 + min(12, len(f"Answer n to: {body['messages'][-1]['content']}".split())) for body in desk.bodies)
    assert seen[-1] * 1e6 / PRICE_USD == pytest.approx(tokens, rel=1e-6)
    assert ready.status_code == 200, "something is left, if too little for one more"
