"""Sign-in as a Space has it, against a real OpenID provider: votes carry the account, and may be kept to accounts."""

from http.cookies import SimpleCookie

import httpx2
import pytest
from sqlalchemy import text

from playground.arena.accounts import account_of
from playground.arena.database import Database
from playground.errors import ConfigError
from playground.settings import load_settings

from ..conftest import start_app
from ..upstream import configured, upstream
from .identity import ACCOUNT, CLIENT, identity_provider

HOST = "me-playground.hf.space"
SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "me/playground",
    "SPACE_HOST": HOST,
    "OAUTH_SCOPES": "openid profile",
    **CLIENT,
}


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """(app, provider, folder): a Space where only accounts may vote."""
    folder = tmp_path_factory.mktemp("space")
    with upstream() as lab, identity_provider() as provider:
        owner = {"OPENID_PROVIDER_URL": provider.url, "PLAYGROUND_REQUIRE_SIGN_IN": "true"}
        app = start_app(folder, **SPACE, **owner, **configured(folder, lab))
        try:
            yield app, provider, folder
        finally:
            app.stop()


class Visitor:
    """A browser's part: it keeps cookies, also those that are for https alone, and follows to the provider and back."""

    def __init__(self, app):
        self.app = app
        self.cookies = {}

    def get(self, url):
        url = url.replace(f"https://{HOST}", self.app.url)
        mine = url.startswith(self.app.url)
        response = httpx2.get(url, headers=self.headers if mine else {}, follow_redirects=False, timeout=30)
        if mine:
            for line in response.headers.get_list("set-cookie"):
                self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return response

    @property
    def headers(self):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def sign_in(self):
        response = self.get(f"{self.app.url}/login/huggingface")
        for _ in range(5):
            if response.status_code not in (302, 307):
                return response
            where = response.headers["location"]
            if where.startswith("/"):
                return response
            response = self.get(where)
        return response

    def battle(self):
        told = httpx2.post(f"{self.app.url}/battles", json={"prompt": "Hello"}, headers=self.headers, timeout=60).text
        return told.split('"')[3]

    def vote(self, battle, outcome="a"):
        url = f"{self.app.url}/battles/{battle}/vote"
        return httpx2.post(url, json={"outcome": outcome}, headers=self.headers, timeout=30)


def voters(folder):
    database = Database("", folder / "data")
    with database.reading() as connection:
        found = dict(connection.execute(text("SELECT battle, voter FROM vote")).all())
    database.close()
    return found


def test_only_who_is_signed_in_votes_and_the_vote_carries_a_hash_of_the_account(space):
    app, provider, folder = space
    visitor = Visitor(app)
    battle = visitor.battle()
    refused = visitor.vote(battle)
    assert (refused.status_code, refused.json()["error"]["kind"]) == (401, "auth")
    assert "Sign in" in refused.json()["error"]["message"]
    visitor.sign_in()
    assert visitor.vote(battle).json()["outcome"] == "a"
    elsewhere = Visitor(app)
    elsewhere.sign_in()
    again = elsewhere.battle()
    elsewhere.vote(again)
    provider.who = "another-account"
    other = Visitor(app)
    other.sign_in()
    third = other.battle()
    other.vote(third)
    provider.who = ACCOUNT
    found = voters(folder)
    assert found[battle] == found[again] != found[third]
    assert found[battle].startswith("account:")
    assert ACCOUNT not in found[battle]


def test_a_forged_session_and_one_that_was_signed_out_do_not_vote(space):
    app, _, _ = space
    visitor = Visitor(app)
    visitor.sign_in()
    good = visitor.cookies["session"]
    battle = visitor.battle()
    payload, rest = good.split(".", 1)
    visitor.cookies["session"] = f"{payload[:-2]}AA.{rest}"
    assert visitor.vote(battle).status_code == 401
    visitor.cookies["session"] = good
    visitor.get(f"{app.url}/logout")
    visitor.cookies = {name: value for name, value in visitor.cookies.items() if value != good}
    assert visitor.vote(battle).status_code == 401
    assert visitor.get(f"{app.url}/config").text.count('"sign-in"') == 1


def test_no_secret_of_the_sign_in_is_sent_or_logged(space):
    app, _, _ = space
    said = httpx2.get(f"{app.url}/config").text + httpx2.get(app.url).text + app.log.read_text()
    assert "canary-" not in said


def test_the_session_tells_the_account_until_it_expires():
    noted = {"oauth_info": {"expires_at": 100, "userinfo": {"sub": "x"}}}
    assert account_of({"session": noted}, now=99) == "x"
    assert account_of({"session": noted}, now=101) is None
    for nothing in (
        {},
        {"session": {}},
        {"session": {"oauth_info": {}}},
        {"session": {"oauth_info": {"userinfo": {}}}},
    ):
        assert account_of(nothing) is None


def test_sign_in_is_offered_on_a_space_alone_and_cannot_be_required_elsewhere():
    assert load_settings({"SPACE_ID": "me/playground", **CLIENT}).offers_sign_in
    assert not load_settings(CLIENT).offers_sign_in
    with pytest.raises(ConfigError, match="PLAYGROUND_REQUIRE_SIGN_IN needs a Space with sign-in"):
        load_settings({"PLAYGROUND_REQUIRE_SIGN_IN": "true", **CLIENT})
