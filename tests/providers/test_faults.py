"""What people are told of an error: a sentence of ours that never shows a key; and which errors are foreign."""

import json

import httpx2
import pytest

from playground.errors import ERROR_KINDS
from playground.providers import faults

from .harness import OPENAI, REQUEST, openai_says, told


@pytest.mark.parametrize("name", ["x-request-id", "request-id", "x-goog-request-id"])
def test_the_request_id_is_kept_for_support(name):
    assert told(500, None, {name: "req_1"}).request_id == "req_1"


def test_people_are_told_what_happened_whose_fault_it_is_and_what_to_do():
    assert told(401).message == "OpenAI says the key is wrong: check OPENAI_API_KEY."
    assert told(429, None, {"retry-after": "11.2"}).message.endswith("try again in 12 s.")
    assert "'gpt-4o'" in told(404).message


@pytest.mark.parametrize("kind", ERROR_KINDS)
def test_every_kind_has_a_sentence(kind):
    sentence = faults.sentence(kind, OPENAI, REQUEST)
    assert sentence.endswith(".")
    assert "OpenAI" in sentence or REQUEST.model.name in sentence


def test_over_a_readers_own_key_the_owners_is_not_spoken_of():
    own = faults.asked_with(OPENAI, "another-key")
    assert told(401, endpoint=own).message == "OpenAI says the key is wrong: check your key."
    assert "another-key" not in told(400, openai_says("Bad key another-key"), endpoint=own).message
    assert faults.asked_with(OPENAI, None) is OPENAI


@pytest.mark.parametrize(
    "secret",
    [
        "a-key-of-no-known-shape",
        "sk-proj-abcdef",
        "sk-ant-api03-xyz_1",
        "AIzaSyA1234567",
        "hf_abcdefgh",
        "Bearer abc.def.ghi",
        "bearer abcdef",
        "0123456789abcdef0123456789ABCDEF",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_what_looks_like_a_key_is_masked(secret, status):
    error = told(status, openai_says(f"Wrong key {secret}, sorry"))
    assert secret not in error.message
    assert secret.split()[-1] not in error.message


def test_words_that_only_look_a_little_like_keys_are_left():
    text = "This task-based, risk-averse model takes max_tokens"
    assert text in told(400, openai_says(text)).message


def test_an_excerpt_is_short_and_one_line():
    message = told(400, openai_says("line\n" * 1000)).message
    assert len(message) < 400
    assert "\n" not in message


def test_a_web_page_is_never_quoted():
    assert (
        told(400, "<html>Bad Request nginx</html>").message
        == "OpenAI refused the request: change the message or the parameters."
    )


def test_plain_text_is_quoted():
    assert "model is required" in told(400, "model is required").message
    assert "model is required" in told(400, {"detail": "model is required"}).message


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadTimeout("slow"), "timeout"),
        (httpx2.ConnectTimeout("slow"), "timeout"),
        (httpx2.ConnectError("refused"), "connection"),
        (httpx2.ReadError("reset"), "connection"),
        (httpx2.RemoteProtocolError("incomplete chunked read"), "connection"),
        (httpx2.LocalProtocolError("Illegal header value b'Bearer x\\n'"), "auth"),
        (httpx2.DecodingError("bad gzip"), "protocol"),
        (json.JSONDecodeError("bad", "{", 0), "protocol"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "protocol"),
        (UnicodeEncodeError("ascii", "Bearer schlüssel", 9, 10, "bad"), "auth"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "bad"), "bad_request"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_a_foreign_error_has_a_kind_wherever_it_is_nested(error, kind):
    outer = RuntimeError("the SDK's own")
    outer.__cause__ = error
    assert faults.from_exception(error, OPENAI, REQUEST).kind == kind
    assert faults.from_exception(outer, OPENAI, REQUEST).kind == kind


def test_a_mistake_of_ours_is_not_blamed_on_anyone():
    ours = KeyError("typo")
    ours.__context__ = httpx2.ReadError("reset")  # it happened while another error was being handled
    assert faults.from_exception(ours, OPENAI, REQUEST) is None
