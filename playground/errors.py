"""What can go wrong, in one tree; foreign errors are translated into it at the edge.

PlaygroundError
 +-- ConfigError        the owner's settings or catalog are wrong: every problem at once
 +-- ProviderError      a call failed; `kind` says how:
      asked wrongly     bad_request, unsupported_param, context_length, blocked, not_found
      not allowed       auth, permission, quota
      try again later   rate_limit, overloaded, timeout
      broken upstream   connection, protocol, truncated, server
 +-- ArenaError, SweepError, BadFileError ...: one for each part that can refuse, defined where it is raised
"""

from __future__ import annotations

from typing import Literal, get_args

ErrorKind = Literal[
    "auth",
    "permission",
    "not_found",
    "rate_limit",
    "quota",
    "overloaded",
    "bad_request",
    "unsupported_param",
    "context_length",
    "blocked",
    "timeout",
    "connection",
    "truncated",
    "protocol",
    "server",
]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)


class PlaygroundError(Exception):
    """Root of everything this project raises on purpose."""


class ConfigError(PlaygroundError):
    """Settings or catalog cannot be used. `problems` has one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ProviderError(PlaygroundError):
    """A model call failed. The message is for people: what happened, whose fault, what to do.

    It never holds a key or a provider's raw body. `retry_after_s` is in seconds, None when unknown;
    `param` is the request parameter the provider refused, where it named one.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.param = param
