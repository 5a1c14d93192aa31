"""What the words of vendors' errors mean: tables, and nothing that reads them."""

from __future__ import annotations

import re
from dataclasses import fields

from ..errors import ErrorKind
from ..types import SamplingParams

BY_STATUS: dict[int, ErrorKind] = {
    400: "bad_request",
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "context_length",
    422: "bad_request",
    429: "rate_limit",
    500: "server",
    502: "server",
    503: "server",
    504: "timeout",
    529: "overloaded",
}

# Words that say more than the status does: looked for in type, code, status and reason (exact words).
BY_WORD: dict[str, ErrorKind] = {
    "authentication_error": "auth",
    "invalid_api_key": "auth",
    "API_KEY_INVALID": "auth",
    "UNAUTHENTICATED": "auth",
    "permission_error": "permission",
    "PERMISSION_DENIED": "permission",
    "not_found_error": "not_found",
    "model_not_found": "not_found",
    "NOT_FOUND": "not_found",
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "billing_hard_limit_reached": "quota",
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "overloaded_error": "overloaded",
    "server_is_overloaded": "overloaded",
    "slow_down": "overloaded",
    "context_length_exceeded": "context_length",
    "exceed_context_size_error": "context_length",
    "string_above_max_length": "context_length",
    "request_too_large": "context_length",
    "unsupported_parameter": "unsupported_param",
    "unsupported_value": "unsupported_param",
    "unknown_parameter": "unsupported_param",
    "content_policy_violation": "blocked",
    "content_filter": "blocked",
    "invalid_prompt": "blocked",
    "invalid_request_error": "bad_request",
    "INVALID_ARGUMENT": "bad_request",
    "FAILED_PRECONDITION": "bad_request",
    "api_error": "server",
    "server_error": "server",
    "internal_error": "server",
    "INTERNAL": "server",
    "timeout_error": "timeout",
    "DEADLINE_EXCEEDED": "timeout",
}

# Phrases of the message, where a vendor has no word for it.
BY_PHRASE: tuple[tuple[str, ErrorKind], ...] = (
    ("maximum context length", "context_length"),
    ("prompt is too long", "context_length"),
    ("input token count", "context_length"),
    ("exceeds the available context size", "context_length"),
    ("credit balance is too low", "quota"),
    ("exceeded your current quota", "quota"),
    ("overloaded", "overloaded"),
)
OF_A_BAD_REQUEST: frozenset[ErrorKind] = frozenset({"bad_request", "server", "protocol", "rate_limit"})
GENERAL = frozenset({"invalid_request_error", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"})

REFUSES = re.compile(
    r"(not support|unsupported|not (be )?(allowed|permitted)|deprecat|unexpected|unknown|unrecognized|extra inputs)",
    re.I,
)
SECRET = re.compile(r"(sk-|AIza|hf_|gsk_|Bearer\s+)[\w\-.]{4,}")
PARAM_ALIASES = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens",
    "topP": "top_p",
    "topK": "top_k",
    "stop_sequences": "stop",
    "stopSequences": "stop",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "reasoning_effort": "effort",
    "reasoning.effort": "effort",
    "output_config.effort": "effort",
    "thinking_level": "effort",
    "thinking_budget": "effort",
    "response_format": "json_schema",
    **{field.name: field.name for field in fields(SamplingParams)},
}
REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id")
LONGEST_EXCERPT = 240
