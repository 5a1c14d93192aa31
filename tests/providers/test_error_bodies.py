"""What vendors' error answers say, in each vendor's own words: the kind, the parameter, the pause."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from playground.errors import ERROR_KINDS
from playground.providers import faults

from .harness import OPENAI, REQUEST, openai_says, told

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)
# The names that are looked at, holding anything.
BODIES = some.dictionaries(
    some.sampled_from(["error", "message", "code", "type", "status", "param", "details", "detail", "loc", "msg"]),
    JSON | some.dictionaries(some.sampled_from(["message", "code", "details", "detail", "retryDelay", "@type"]), JSON),
)


def anthropic_says(kind, message):
    return {"type": "error", "error": {"type": kind, "message": message}}


def gemini_says(message, status, *details, code=400):
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota_failure(quota_id):
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id}]}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "permission"),
        (404, "not_found"),
        (408, "timeout"),
        (410, "not_found"),
        (413, "context_length"),
        (418, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "server"),
        (504, "timeout"),
        (522, "server"),
        (529, "overloaded"),
    ],
)
@pytest.mark.parametrize("body", [None, "", "<html>Oops</html>", {}, []])
def test_a_status_has_a_kind_of_its_own(status, kind, body):
    assert told(status, body).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, openai_says("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), "quota"),
        (429, openai_says("Rate limit reached for requests", "rate_limit_exceeded", "requests"), "rate_limit"),
        (429, openai_says("Request too large: Limit 30000, Requested 31000", None, "tokens"), "context_length"),
        (400, openai_says("Too long", "context_length_exceeded"), "context_length"),
        (400, openai_says("This model's maximum context length is 8192 tokens."), "context_length"),
        (400, openai_says("Flagged.", "content_policy_violation"), "blocked"),
        (404, openai_says("No such model.", None, "api_error"), "not_found"),
        (400, openai_says("Not on any provider you enabled.", "model_not_supported", param="model"), "not_found"),
        (503, openai_says("Slow down.", "slow_down", "server_error"), "overloaded"),
        (400, {"object": "error", "message": "maximum context length", "type": "BadRequestError", "code": 400},
         "context_length"),
        (400, {"error": {"code": 400, "message": "too big", "type": "exceed_context_size_error"}}, "context_length"),
        (503, {"error": "Model too busy, unable to get response in less than 60 seconds"}, "overloaded"),
        (400, anthropic_says("invalid_request_error", "Your credit balance is too low to access the API."), "quota"),
        (400, anthropic_says("invalid_request_error", "You have reached your specified API usage limits."), "quota"),
        (400, anthropic_says("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), "context_length"),
        (400, anthropic_says("invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 8 > 9"),
         "context_length"),
        (529, anthropic_says("overloaded_error", "Overloaded"), "overloaded"),
        (413, anthropic_says("request_too_large", "Request exceeds the maximum size"), "context_length"),
        (400, gemini_says("API key not valid.", "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), "auth"),
        (400, [gemini_says("API key not valid.", "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"})], "auth"),
        (429, gemini_says("You exceeded your current quota.", "RESOURCE_EXHAUSTED", quota_failure("PerDayPerModel")),
         "quota"),
        (429, gemini_says("You exceeded your current quota.", "RESOURCE_EXHAUSTED", quota_failure("PerMinute")),
         "rate_limit"),
        (400, gemini_says("The input token count (9) exceeds the maximum (8).", "INVALID_ARGUMENT"), "context_length"),
        (503, gemini_says("The model is overloaded. Please try again later.", "UNAVAILABLE"), "overloaded"),
        (503, gemini_says("The service is currently unavailable.", "UNAVAILABLE"), "server"),
        (429, gemini_says("Slow down.", "RESOURCE_EXHAUSTED", {"@type": "Help", "description": "See PerDay"}),
         "rate_limit"),
        (401, openai_says("Keys are overloaded.", "invalid_api_key"), "auth"),
        (400, gemini_says("User location is not supported for the API use.", "FAILED_PRECONDITION"), "bad_request"),
    ],
)  # fmt: skip
def test_a_body_says_more_than_its_status(status, body, kind):
    assert told(status, body).kind == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": 429, "message": "Slower, please."}, "rate_limit"),
        ({"code": "402", "message": "No credits."}, "quota"),
        ({"code": 7, "message": "Sorry."}, "server"),
        ({"code": "4" * 5000, "message": "Sorry."}, "server"),
        ({"type": "server_error", "message": "Sorry."}, "server"),
        ({"type": "invalid_request_error", "message": "No."}, "bad_request"),
        ({"message": "Sorry."}, "server"),
    ],
)
def test_inside_a_stream_that_began_well_only_the_body_speaks(body, kind):
    assert told(200, {"error": body}).kind == kind


@pytest.mark.parametrize(
    ("status", "body", "param"),
    [
        (400, openai_says("Not with this model.", "unsupported_value", param="temperature"), "temperature"),
        (400, openai_says("Use another one.", "unsupported_parameter", param="max_tokens"), "max_tokens"),
        (400, openai_says("Unsupported.", "unsupported_value", param="reasoning.effort"), "effort"),
        (400, openai_says("Unsupported.", param="generation_config.min_p"), "min_p"),
        (400, openai_says("Unrecognized request argument supplied: top_k"), "top_k"),
        (400, anthropic_says("invalid_request_error", "temperature: Extra inputs are not permitted"), "temperature"),
        (400, anthropic_says("invalid_request_error", "`top_k` is deprecated for this model."), "top_k"),
        (400, anthropic_says("invalid_request_error", "`temperature` and `top_p` cannot both be specified."),
         "temperature"),
        (400, gemini_says('Unknown name "topK" at \'generation_config\'.', "INVALID_ARGUMENT"), "top_k"),
        (422, {"detail": [{"loc": ["body", "min_p"], "msg": "Extra inputs are not permitted"}]}, "min_p"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_refused_is_named_as_people_know_it(status, body, param):
    error = told(status, body)
    assert (error.kind, error.param) == ("unsupported_param", param)
    assert f"does not accept {param}" in error.message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (openai_says("max_tokens is too large: this model supports at most 16384.", param="max_tokens"), "max_tokens"),
        (anthropic_says("invalid_request_error", "temperature: range: 0..1"), "temperature"),
        (openai_says("Does not support 'system'.", "unsupported_value", param="messages[0].role"), None),
        (openai_says("Invalid value.", param="messages"), None),
        (openai_says("A temperature of 3 is too hot."), None),
    ],
)  # fmt: skip
def test_a_bad_value_is_no_unsupported_parameter(body, param):
    error = told(400, body)
    assert (error.kind, error.param) == ("bad_request", param)
    assert body["error"]["message"].rstrip(".") in error.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "300"}, 300),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "999999999"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_and_nonsense_is_not(headers, seconds):
    assert told(429, None, headers).retry_after_s == seconds


@pytest.mark.parametrize("zone", [UTC, None], ids=["GMT", "no zone"])
def test_retry_after_may_be_a_date(zone):
    date = (datetime.now(UTC) + timedelta(hours=2)).replace(tzinfo=zone)
    assert 7000 < told(429, None, {"retry-after": format_datetime(date)}).retry_after_s <= 7200


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (gemini_says("Slow down.", "RESOURCE_EXHAUSTED", {"@type": "RetryInfo", "retryDelay": "12.5s"}), 12.5),
        (openai_says("Limit 3, Used 3. Please try again in 350ms.", "rate_limit_exceeded"), 0.35),
        (gemini_says("Please retry in 7s.", "RESOURCE_EXHAUSTED"), 7),
        (gemini_says("Slow down.", "RESOURCE_EXHAUSTED", {"retryDelay": 5}), None),
    ],
)
def test_the_pause_may_stand_in_the_body(body, seconds):
    assert told(429, body).retry_after_s == seconds


def test_the_header_is_believed_before_the_body():
    assert told(429, openai_says("Please try again in 3s"), {"retry-after": "9"}).retry_after_s == 9


@settings(deadline=None)
@given(some.integers(200, 599), BODIES | JSON)
def test_no_body_is_too_strange(status, body):
    error = told(status, body)
    assert error.kind in ERROR_KINDS
    assert error.message
    assert isinstance(json.dumps(error.retry_after_s), str)


@settings(deadline=None)
@given(some.sampled_from(["retry-after", "retry-after-ms"]), some.text())
def test_no_header_is_too_strange(name, value):
    pause = faults.from_response(429, None, {name: value}, OPENAI, REQUEST).retry_after_s
    assert pause is None or 0 < pause <= 7 * 24 * 3600
