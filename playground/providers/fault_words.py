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
    410: "not_found",
    413: "context_length",
    422: "bad_request",
    429: "rate_limit",
    500: "server",
    502: "server",
    503: "server",
    504: "timeout",
    529: "overloaded",
}

# Words that say more than the status does: looked for in reason, code, status and type (exact words).
BY_WORD: dict[str, ErrorKind] = {
    "authentication_error": "auth",
    "invalid_api_key": "auth",
    "API_KEY_INVALID": "auth",
    "UNAUTHENTICATED": "auth",
    "permission_error": "permission",
    "PERMISSION_DENIED": "permission",
    "not_found_error": "not_found",
    "model_not_found": "not_found",
    "model_not_supported": "not_found",
    "model_decommissioned": "not_found",
    "NOT_FOUND": "not_found",
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "billing_hard_limit_reached": "quota",
    "rate_limit_error": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
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
    "timeout_error": "timeout",
    "DEADLINE_EXCEEDED": "timeout",
}
# Words as wide as a status: they count only where there is none, as inside a stream that began with 200.
BY_WIDE_WORD: dict[str, ErrorKind] = {
    "invalid_request_error": "bad_request",
    "INVALID_ARGUMENT": "bad_request",
    "FAILED_PRECONDITION": "bad_request",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "api_error": "server",
    "server_error": "server",
    "internal_error": "server",
    "INTERNAL": "server",
}

# Phrases of the message, where a vendor has no word for it. They make a kind narrower that says little.
BY_PHRASE: tuple[tuple[str, ErrorKind], ...] = (
    ("context length", "context_length"),
    ("context window", "context_length"),
    ("context limit", "context_length"),
    ("context size", "context_length"),
    ("prompt is too long", "context_length"),
    ("input token count", "context_length"),
    ("request too large", "context_length"),
    ("credit balance is too low", "quota"),
    ("api usage limits", "quota"),
    ("insufficient balance", "quota"),
    ("overloaded", "overloaded"),
    ("high demand", "overloaded"),
    ("too busy", "overloaded"),
)
SAYS_LITTLE: frozenset[ErrorKind] = frozenset({"bad_request", "server", "rate_limit"})

REFUSES = re.compile(
    r"(not|n['’]t) (be )?(support|allow|permit|enable|accept)|unsupported|deprecat|unexpected|unknown|unrecogni[sz]ed"
    r"|extra inputs|cannot both",
    re.I,
)
OUR_NAMES = {
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
    "response_schema": "json_schema",
    "text.format": "json_schema",
    "logprobs": "logprobs",
    "top_logprobs": "logprobs",
    **{field.name: field.name for field in fields(SamplingParams)},
}
# Anything that looks like a key: by its prefix, or as a long run of letters and digits.
SECRET = re.compile(
    r"\b(?:(?:sk|pk|xai|nvapi)-|AIza|AQ\.|(?:hf|gsk|r8)_|(?i:bearer)\s+)[\w\-.*]{4,}|\b[A-Za-z0-9]{32,}"
)
