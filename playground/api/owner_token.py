"""What is the owner's alone, and the token that opens it. Knows no route."""

from __future__ import annotations

import hmac

from fastapi.responses import JSONResponse
from pydantic import SecretStr

from .wire import error_response


def is_token(given: str, token: SecretStr) -> bool:
    """Compares in constant time, so that nobody finds it out by the clock."""
    return hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.get_secret_value().encode())


def refusal(authorization: str, token: SecretStr | None, *, nothing: str, needed: str) -> JSONResponse | None:
    """The answer to whoever does not say the token as a Bearer, None for the owner.

    `nothing` is what is said where there is no token at all: then there is nothing here. `needed` is what needs one.
    """
    if token is None:
        return error_response("not_found", nothing)
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer" and is_token(given, token):
        return None
    refused = error_response("auth", f"{needed} the owner's token: Authorization: Bearer <token>.")
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused
