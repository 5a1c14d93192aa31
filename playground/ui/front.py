"""What stands before every route of a served page. Knows no tab and no provider."""

from __future__ import annotations

from typing import Any

from starlette.middleware import Middleware

from ..compose import Composition
from ..ops.doors import DoorRules, Doors
from ..ops.headers import SecurityHeaders
from ..ops.limits import BodyLimit
from ..owner import rate_of
from ..settings import Settings
from .gate import streams, takes_files


def middleware_of(settings: Settings, composition: Composition, page: Any, *, share: bool) -> list[Middleware]:
    """Outermost first; `share` opens the page to strangers."""
    rules = DoorRules(
        rate=rate_of(settings, share or settings.is_public),
        hops=settings.trusted_proxy_hops,
        hosts=frozenset({settings.space_host.lower()} if settings.space_host else ()),
        streaming=streams(page),
        uploads=takes_files(page),
    )
    return [
        Middleware(SecurityHeaders, framed=bool(settings.space_id)),
        Middleware(BodyLimit),
        Middleware(Doors, rules, composition.rates, composition.gate),
    ]
