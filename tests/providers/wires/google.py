"""Gemini's generateContent as bytes."""

from playground.providers.google import GoogleProvider

from .base import Wire, sse


def candidate(parts, **more) -> dict:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, **more}]}


def google_close(reason: str, usage: bool) -> bytes:
    said = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 30,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 10,
        "totalTokenCount": 140,
    }
    why = {"stop": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[reason]
    return sse({**candidate([], finishReason=why), **({"usageMetadata": said} if usage else {})})


def google_error(kind: str, message: str) -> object:
    status, said, details = {
        "auth": ("INVALID_ARGUMENT", "API key not valid.", [{"reason": "API_KEY_INVALID"}]),
        "permission": ("PERMISSION_DENIED", message, []),
        "not_found": ("NOT_FOUND", message, []),
        "unsupported_param": ("INVALID_ARGUMENT", "temperature is not supported for this model", []),
        "context_length": ("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum (8).", []),
        "quota": (
            "RESOURCE_EXHAUSTED",
            message,
            [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerDay"}]}],
        ),
        "rate_limit": ("RESOURCE_EXHAUSTED", message, []),
        "overloaded": ("UNAVAILABLE", "The model is overloaded.", []),
        "bad_request": ("INVALID_ARGUMENT", message, []),
    }[kind]
    return {"error": {"code": 400, "message": said, "status": status, "details": details}}


WIRE = Wire(
    "google",
    "gemini-2.5-flash",
    GoogleProvider,
    b"",
    lambda text: sse(candidate([{"text": text}])),
    lambda text: sse(candidate([{"text": text, "thought": True}])),
    google_close,
    sse({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
    google_error,
    sse(candidate([{"text": "XX"}])).replace(b"XX", b"ab\xff"),
)
