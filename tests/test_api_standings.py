"""GET /leaderboard, /verdict and /export as the contract has them, over a real store."""

import json

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from playground.api.standings import build_router
from playground.arena.records import ArenaError
from playground.arena.selection import Selection
from playground.arena.standings import Standings

from .arena.conftest import database, database_url, postgres, votes  # noqa: F401
from .arena.exchanged import ONE
from .arena.records import CONTENDERS, battle

TOKEN = "s3cret-token"


@pytest.fixture
def ask(votes):  # noqa: F811
    async def store():
        return votes

    def get(path, token=TOKEN, **headers):
        app = FastAPI(routes=build_router(Standings(store, lambda: CONTENDERS), token and SecretStr(token)).routes)
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")
        return http.get(path, headers=headers)

    return get


@pytest.fixture
def voted(votes):  # noqa: F811
    for at, outcome in enumerate(["a"] * 20 + ["b"] * 3 + ["tie", "both_bad"]):
        leaked = ("a",) if at == 22 else ()
        votes.add_battle(battle(f"b{at}", turns=ONE, leaked=leaked, category="code" if at < 5 else "math"))
        votes.cast(f"b{at}", outcome, "me")
    return votes


async def test_the_leaderboard_has_the_fields_of_the_contract(ask, voted):
    response = await ask("/leaderboard")
    board = response.json()
    assert response.status_code == 200
    assert (board["votes"], board["connected"]) == (24, True)
    first, second = board["ratings"]
    assert list(first)[:11] == [
        *("contender", "name", "rating", "lower", "upper", "rank"),
        *("rank_by_difference", "battles", "wins", "losses", "ties"),
    ]
    assert (first["contender"], first["name"], first["wins"], first["both_bad"]) == ("x", "X", 20, 1)
    assert first["lower"] < first["rating"] < first["upper"]
    assert (first["rank"], second["rank"]) == (1, 2)
    assert board["left_bias"]["left_wins"] == 20
    assert board["flips_to_change_first"] == 10
    assert board["unmet"] == ["z"]


async def test_filters_of_the_leaderboard(ask, voted):
    async def votes_of(query):
        return (await ask(f"/leaderboard?{query}")).json()["votes"]

    assert await votes_of("leaked=1") == 25
    assert await votes_of("leaked=0") == 24
    assert await votes_of("category=code") == 5
    assert await votes_of("since=2020-01-01") == await votes_of("since=1600000000") == 24
    assert await votes_of("since=2999-01-01T00:00:00%2B02:00") == 0
    assert await votes_of("source=judge") == 0
    dropped = (await ask("/leaderboard?ties=drop")).json()
    assert dropped["ratings"] != (await ask("/leaderboard?ties=davidson")).json()["ratings"]


@pytest.mark.parametrize("query", ["ties=whole", "leaked=x", "since=soon", "since=1e999", "category=art", "source=me"])
async def test_a_query_that_means_nothing_names_its_field(ask, votes, query):  # noqa: F811
    response = await ask(f"/leaderboard?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json()["error"]["message"]


async def test_an_empty_arena_has_an_empty_leaderboard(ask, votes):  # noqa: F811
    board = (await ask("/leaderboard")).json()
    assert (board["votes"], board["ratings"], board["flips_to_change_first"]) == (0, [], None)


async def test_the_verdict_has_the_fields_of_the_contract(ask, voted):
    found = (await ask("/verdict?a=x&b=Y")).json()
    assert set(found) == {"wins_a", "wins_b", "ties", "evidence", "interval", "verdict", "votes_needed"}
    assert (found["wins_a"], found["wins_b"], found["ties"], found["verdict"]) == (20, 2, 2, "a")
    assert found["votes_needed"] == 0
    low, high = found["interval"]
    assert 0 <= low < 2 / 22 < high < 0.5


@pytest.mark.parametrize(
    ("query", "status"), [("a=x&b=nobody", 404), ("a=x&b=x", 400), ("a=x", 422), ("a=%00&b=x", 404)]
)
async def test_a_verdict_on_nobody_is_refused(ask, votes, query, status):  # noqa: F811
    response = await ask(f"/verdict?{query}")
    assert response.status_code == status
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("form", "lines", "kind"),
    [("trl", 22, "jsonl"), ("kto", 46, "jsonl"), ("dpo", 22, "jsonl"), ("arena", 25, "jsonl")],
)
async def test_an_export_is_json_lines(ask, voted, form, lines, kind):
    response = await ask(f"/export?format={form}", Authorization=f"Bearer {TOKEN}")
    assert response.headers["content-type"].startswith("application/jsonl")
    assert f'filename="votes-{form}.{kind}"' in response.headers["content-disposition"]
    assert len([json.loads(line) for line in response.text.splitlines()]) == lines


async def test_an_export_as_csv(ask, voted):
    response = await ask("/export?format=csv", Authorization=f"bearer {TOKEN}")
    assert response.headers["content-type"].startswith("text/csv")
    assert len(response.text.split("\r\n")) == 1 + 25 + 1


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer"}]
)
async def test_an_export_needs_the_token(ask, voted, given):
    response = await ask("/export?format=csv", **given)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "x" not in response.json()["error"]["kind"]


async def test_without_a_token_there_is_no_export(ask, voted):
    assert (await ask("/export?format=csv", token=None, Authorization="Bearer ")).status_code == 404


async def test_judges_votes_are_on_a_board_of_their_own(ask, voted):
    voted.cast("b0", "b", "judge-model", source="judge")
    assert (await ask("/leaderboard")).json()["votes"] == 24
    judged = (await ask("/leaderboard?source=judge")).json()
    assert (judged["votes"], judged["ratings"][0]["contender"]) == (1, "y")
    assert voted.counts(Selection(source="judge")).votes == 1


async def test_a_database_that_is_gone_is_told_plainly():
    async def gone():
        raise ArenaError("unavailable", "The database is away.")

    app = FastAPI(routes=build_router(Standings(gone, lambda: CONTENDERS), None).routes)
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")
    for path in ("/leaderboard", "/verdict?a=x&b=y"):
        said = await http.get(path)
        assert (said.status_code, said.json()["error"]["kind"]) == (503, "unavailable")
