"""The page of a Space where only accounts may vote: it says so, and a vote on it carries the account."""

import asyncio

from playwright.async_api import expect

from ..deploy.test_sign_in import Visitor, space, voters

__all__ = ["space"]


async def battle(page, question):
    await page.get_by_role("tab", name="Arena").click()
    await page.locator("#arena-composer textarea").fill(question)
    await page.locator("#arena-composer textarea").press("Enter")
    await expect(page.locator("#vote-a")).to_be_enabled(timeout=30_000)


async def test_a_vote_on_the_page_is_refused_without_an_account_and_carries_it_with_one(page, space):
    app, _, folder = space
    before = voters(folder)
    await page.goto(app.url)
    await battle(page, "Hello")
    await page.locator("#vote-a").click()
    await expect(page.get_by_text("Sign in").last).to_be_visible()
    assert voters(folder) == before
    visitor = Visitor(app)
    await asyncio.to_thread(visitor.sign_in)
    cookies = [{"name": name, "value": value, "url": app.url} for name, value in visitor.cookies.items()]
    await page.context.add_cookies(cookies)
    await page.reload()
    await battle(page, "Hello again")
    await page.locator("#vote-a").click()
    await expect(page.locator("#seat-a dl")).to_be_visible()
    [cast] = [voter for battle, voter in voters(folder).items() if battle not in before]
    assert cast.startswith("account:")
