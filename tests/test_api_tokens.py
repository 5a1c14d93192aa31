"""POST /tokens and /next-token as the contract has them, over a model of six tokens."""

import json
import math

import httpx2
import pytest
from fastapi import FastAPI

from playground.api.tokens import build_router
from playground.lab.token_lab import TokenLab

from .lab.model import LOADING, TinyModel


def post(path, body, model=None):
    app = FastAPI(routes=build_router(TokenLab(model or TinyModel())).routes)
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test")
    content = body if isinstance(body, str) else json.dumps(body)
    return http.post(path, content=content, headers={"content-type": "application/json"})


async def test_tokens_have_the_fields_of_the_contract():
    response = await post("/tokens", {"text": "お誕 a", "encoding": "cl100k_base"})
    assert response.status_code == 200
    assert response.json() == {
        "encoding": "cl100k_base",
        "count": 4,
        "tokens": [
            {"id": 33334, "text": "お", "bytes": list("お".encode()), "start": 0, "end": 1},
            {"id": 45918, "text": "\ufffd", "bytes": [0xE8, 0xAA], "start": 1, "end": 2},
            {"id": 243, "text": "\ufffd", "bytes": [0x95], "start": 1, "end": 2},
            {"id": 264, "text": " a", "bytes": [32, 97], "start": 2, "end": 4},
        ],
    }


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
async def test_bytes_add_up_to_the_text_and_offsets_cover_it(encoding):
    text = "👩‍👩‍👧 cafe\u0301 שלום\tعالم 日本語\n\r\n  x" * 50
    found = (await post("/tokens", {"text": text, "encoding": encoding})).json()
    assert found["count"] == len(found["tokens"])
    assert bytes(byte for token in found["tokens"] for byte in token["bytes"]).decode() == text
    assert found["tokens"][0]["start"] == 0
    assert found["tokens"][-1]["end"] == len(text)
    for token in found["tokens"]:
        if "\ufffd" not in token["text"]:
            assert text[token["start"] : token["end"]] == token["text"]


async def test_tokens_of_the_embedded_model_and_of_nothing():
    found = (await post("/tokens", {"text": "ab", "encoding": "local"})).json()
    assert [token["id"] for token in found["tokens"]] == [1, 2]
    assert (await post("/tokens", {"text": "", "encoding": "o200k_base"})).json()["tokens"] == []


async def test_the_next_token_has_the_fields_of_the_contract():
    response = await post("/next-token", {"prefix": "a", "top_k": 2, "temperature": 0.5, "n": 3})
    found = response.json()
    assert set(found) == {"tokens", "entropy_bits", "kept", "kept_mass"}
    assert [token["id"] for token in found["tokens"]] == [2, 0, 1]
    assert found["tokens"][0] == {
        "id": 2,
        "text": "b",
        "logprob": pytest.approx(math.log(0.5)),
        "p": pytest.approx(0.5),
        "p_after": pytest.approx(0.25 / 0.26),
    }
    assert found["tokens"][2]["p_after"] == 0
    assert (found["kept"], found["kept_mass"]) == (2, pytest.approx(0.6))
    assert found["entropy_bits"] == pytest.approx(0.5 + 0.5 * math.log2(10))


async def test_unset_filters_leave_p_as_it_is_and_n_has_a_default():
    found = (await post("/next-token", {"prefix": "a", "temperature": None})).json()
    assert len(found["tokens"]) == 6
    assert all(token["p_after"] == pytest.approx(token["p"]) for token in found["tokens"])


async def test_a_chat_prefix_is_a_question():
    model = TinyModel()
    await post("/next-token", {"prefix": "a", "chat": True}, model)
    assert ("next", (3, 1, 3)) in model.asked


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/tokens", {"text": "a", "encoding": "gpt2"}, 400, "must be one of"),
        ("/tokens", '{"text": "a\\ud800", "encoding": "o200k_base"}', 400, "position 1"),
        ("/tokens", {"text": "a"}, 422, "encoding"),
        ("/tokens", {"text": 1, "encoding": "local"}, 422, "text"),
        ("/tokens", {"text": "a", "encoding": "local", "model": "x"}, 422, "model"),
        ("/next-token", {"prefix": ""}, 400, "empty"),
        ("/next-token", {"prefix": "  ", "chat": True}, 400, "empty"),
        ("/next-token", '{"prefix": "\\udc00"}', 400, "position 0"),
        ("/next-token", {"prefix": "a", "temperature": -1}, 400, "temperature"),
        ("/next-token", '{"prefix": "a", "top_p": NaN}', 400, "top_p"),
        ("/next-token", '{"prefix": "a", "min_p": Infinity}', 400, "min_p"),
        ("/next-token", {"prefix": "a", "top_k": -5}, 400, "top_k"),
        ("/next-token", {"prefix": "a", "top_k": 1.5}, 422, "top_k"),
        ("/next-token", {"prefix": "a", "n": 0}, 422, "n"),
        ("/next-token", {"prefix": "a" * 99}, 400, "shorten"),
        ("/next-token", "{", 422, "JSON"),
    ],
)
async def test_bad_input_is_refused_in_the_contracts_shape(path, body, status, says):
    response = await post(path, body)
    error = response.json()["error"]
    assert response.status_code == status
    assert set(error) == {"kind", "message", "retry_after_s"}
    assert says in error["message"]


@pytest.mark.parametrize(
    ("path", "body"), [("/next-token", {"prefix": "a"}), ("/tokens", {"text": "a", "encoding": "local"})]
)
async def test_while_the_model_loads_it_is_overloaded(path, body):
    response = await post(path, body, TinyModel(LOADING))
    assert response.status_code == 503
    assert response.json()["error"]["kind"] == "overloaded"
    assert response.headers["retry-after"] == "3"
