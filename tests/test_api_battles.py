"""Battles over HTTP as the contract has them, over a scripted provider and a real store."""

import asyncio
import json
from contextlib import ExitStack

import httpx2
import pytest
from fastapi import FastAPI

from playground.api.battles import build_router
from playground.errors import ProviderError
from playground.providers.scripted import answer
from playground.types import TextDelta

from .arena.arenas import an_arena, model_of, spoken
from .arena.records import at_most


@pytest.fixture
def serve(tmp_path):
    with ExitStack() as stack:

        def start(script=spoken, **how):
            arena, provider = stack.enter_context(an_arena(tmp_path, script, **how))
            app = FastAPI(routes=build_router(arena).routes)
            return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test"), arena, provider

        yield start


def events(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    assert response.text.endswith("data: [DONE]\n\n")
    return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]


def text(seen, seat):
    return "".join(event.get("text", "") for event in seen if event.get("seat") == seat)


def refused(response, status, kind):
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"kind", "message", "retry_after_s"}
    assert error["kind"] == kind and error["message"]
    return response.json()


async def a_battle(http, prompt="Hello"):
    seen = events(await http.post("/battles", json={"prompt": prompt}))
    return seen[0]["battle"], seen


async def test_a_battle_streams_text_by_seat_then_done_then_ready(serve):
    http, _, _ = serve()
    battle, seen = await a_battle(http)
    assert len(battle) >= 22
    assert {key for event in seen for key in event} == {"battle", "seat", "text", "done", "ready"}
    assert {text(seen, seat).split()[0] for seat in "ab"} == {"alpha", "bravo"}
    for seat in "ab":
        mine = [event for event in seen if event.get("seat") == seat]
        assert [event for event in mine if "done" in event] == [mine[-1]]
    assert seen[-1] == {"ready": True}


async def test_a_vote_names_both_sides_and_tells_their_figures(serve):
    http, arena, _ = serve()
    battle, seen = await a_battle(http)
    body = (await http.post(f"/battles/{battle}/vote", json={"outcome": "b"})).json()
    assert set(body) == {"outcome", "a", "b", "stats", "leaked", "counted"}
    assert (body["outcome"], body["leaked"], body["counted"]) == ("b", [], True)
    for seat in "ab":
        assert text(seen, seat).startswith(body[seat]["model"])
        assert model_of(arena, body[seat]["id"]) == body[seat]["model"]
        stats = body["stats"][seat]
        assert set(stats) == {"usage", "ttft_s", "tokens_per_s", "cost", "duration_s"}
        assert stats["usage"]["output_tokens"] > 0 and stats["duration_s"] >= stats["ttft_s"] > 0
    uno = body["a"] if body["a"]["model"] == "alpha" else body["b"]
    assert (uno["name"], uno["system_prompt"], uno["sampling"]) == ("Uno", "Be brief.", {"temperature": 0.3})


async def test_a_second_vote_is_a_conflict_with_the_first_outcome(serve):
    http, _, _ = serve()
    battle, _ = await a_battle(http)
    await http.post(f"/battles/{battle}/vote", json={"outcome": "tie"})
    again = await http.post(f"/battles/{battle}/vote", json={"outcome": "a"})
    assert refused(again, 409, "conflict")["outcome"] == "tie"
    assert "alpha" not in again.text


async def test_undo_opens_the_vote_again_and_that_one_is_not_counted(serve):
    http, _, _ = serve()
    battle, _ = await a_battle(http)
    refused(await http.post(f"/battles/{battle}/undo"), 409, "conflict")
    await http.post(f"/battles/{battle}/vote", json={"outcome": "a"})
    assert (await http.post(f"/battles/{battle}/undo")).json() == {"undone": "a"}
    assert (await http.post(f"/battles/{battle}/vote", json={"outcome": "b"})).json()["counted"] is False
    await a_battle(http)
    refused(await http.post(f"/battles/{battle}/undo"), 409, "conflict")


async def test_further_turns_go_to_both(serve):
    http, _, provider = serve()
    battle, _ = await a_battle(http)
    seen = events(await http.post(f"/battles/{battle}/turns", json={"prompt": "And then?"}))
    assert seen[0] == {"battle": battle} and seen[-1] == {"ready": True}
    assert all("And then?" in text(seen, seat) for seat in "ab")
    assert all(len(request.messages) >= 3 for request in provider.requests[2:])


@pytest.mark.parametrize("battle", ["nobody", "a b", "%00", "x" * 500])
async def test_what_is_no_battle_is_not_found(serve, battle):
    http, _, _ = serve()
    for path, body in (("vote", {"outcome": "a"}), ("turns", {"prompt": "Hi"}), ("undo", None), ("redraw", None)):
        refused(await http.post(f"/battles/{battle}/{path}", json=body), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "status", "kind", "word"),
    [
        ({"prompt": " "}, 400, "bad_request", "empty"),
        ({"prompt": "word " * 5000}, 400, "context_length", "too long"),
        ({"prompt": "x" * 300_000}, 400, "context_length", "300,000"),
        ({"prompt": "Hi", "pair": ["x", "y"]}, 400, "bad_request", "two different"),
        ({}, 422, "bad_request", "prompt"),
        ({"prompt": 3}, 422, "bad_request", "prompt"),
        ({"prompt": "Hi", "model": "alpha"}, 422, "bad_request", "model"),
    ],
)
async def test_a_prompt_that_cannot_be_asked_says_why(serve, body, status, kind, word):
    http, _, provider = serve()
    assert word in refused(await http.post("/battles", json=body), status, kind)["error"]["message"]
    assert provider.requests == []


@pytest.mark.parametrize(("outcome", "status"), [("c", 400), ("", 400), ("model_a", 400), (None, 422), (1, 422)])
async def test_an_unknown_outcome_is_refused_and_the_vote_stays_open(serve, outcome, status):
    http, _, _ = serve()
    battle, _ = await a_battle(http)
    refused(await http.post(f"/battles/{battle}/vote", json={"outcome": outcome}), status, "bad_request")
    assert (await http.post(f"/battles/{battle}/vote", json={"outcome": "a"})).status_code == 200


async def test_one_contender_is_not_enough(serve):
    http, _, _ = serve(bravo="retired = true")
    refused(await http.post("/battles", json={"prompt": "Hi"}), 503, "unavailable")


async def test_a_failing_side_is_told_without_its_words_and_redrawn(serve):
    broken = [ProviderError("auth", "Model Bravo says the key is wrong.")]
    http, _, _ = serve(
        lambda request: broken if request.model.id == "bravo" else spoken(request),
        bravo="pinned = true",
        charlie="",
    )
    battle, seen = await a_battle(http)
    [failed] = [event["seat"] for event in seen if event.get("failed")]
    assert {"ready": True} not in seen
    assert "Bravo" not in json.dumps(seen) and "key" not in json.dumps(seen)
    refused(await http.post(f"/battles/{battle}/vote", json={"outcome": "a"}), 425, "too_early")
    again = events(await http.post(f"/battles/{battle}/redraw"))
    assert again[0]["battle"] != battle
    assert again[-1] == {"ready": True}
    stays = "ab".replace(failed, "")
    assert text(again, stays) == text(seen, stays)
    assert text(again, failed)


async def test_a_running_battle_cannot_be_voted_on_until_it_is_stopped(serve):
    def endless(request):
        while True:
            yield TextDelta("word ")
            yield 0.005

    http, arena, _ = serve(endless)
    streamed = asyncio.ensure_future(http.post("/battles", json={"prompt": "Hello"}))
    await at_most(5, lambda: arena._fights.going_on)
    [battle] = arena._fights.going_on
    refused(await http.post(f"/battles/{battle}/vote", json={"outcome": "a"}), 425, "too_early")
    await asyncio.sleep(0.5)
    assert (await http.post(f"/battles/{battle}/stop")).status_code == 204
    seen = events(await streamed)
    assert seen[-1] == {"ready": True} and text(seen, "a")
    assert (await http.post(f"/battles/{battle}/vote", json={"outcome": "a"})).status_code == 200


async def test_fifty_clients_voting_at_once_are_counted_once(serve):
    http, arena, _ = serve(lambda _: answer("Hi"))
    battle, _ = await a_battle(http)
    outcomes = ["a", "b", "tie", "both_bad", "b"] * 10
    said = await asyncio.gather(
        *(http.post(f"/battles/{battle}/vote", json={"outcome": outcome}) for outcome in outcomes)
    )
    accepted = [one.json()["outcome"] for one in said if one.status_code == 200]
    assert len(accepted) == 1
    assert {one.json()["outcome"] for one in said if one.status_code == 409} == set(accepted)
    assert (await arena.store()).counts().votes == 1


async def test_a_battle_of_somebody_else_is_unknown_whatever_one_asks_of_it(serve):
    http, arena, _ = serve()
    battle, _ = await a_battle(http)
    elsewhere = httpx2.ASGITransport(app=http._transport.app, client=("203.0.113.9", 1))
    async with httpx2.AsyncClient(transport=elsewhere, base_url="http://test") as foreign:
        refused(await foreign.post(f"/battles/{battle}/vote", json={"outcome": "a"}), 404, "not_found")
        refused(await foreign.post(f"/battles/{battle}/turns", json={"prompt": "More"}), 404, "not_found")
        for path in ("stop", "redraw", "undo"):
            refused(await foreign.post(f"/battles/{battle}/{path}"), 404, "not_found")
        assert (await http.post(f"/battles/{battle}/vote", json={"outcome": "b"})).json()["outcome"] == "b"
        again = await foreign.post(f"/battles/{battle}/vote", json={"outcome": "a"})
        assert "outcome" not in refused(again, 404, "not_found")
        refused(await foreign.post(f"/battles/{battle}/undo"), 404, "not_found")
    assert (await arena.store()).counts().votes == 1
