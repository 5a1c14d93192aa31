"""Puts settings, catalog, providers and arena together. The one place that knows every adapter; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from socket import gethostname
from typing import TYPE_CHECKING

import httpx2

from .arena.battle import Arena
from .arena.standings import Standings
from .conversation.prepare import Limits
from .conversation.reply import Backends
from .conversation.shelf import Shelf
from .conversation.snippet_http import Target
from .models.catalog import Catalog, ProviderSpec, load_catalog
from .providers.anthropic import AnthropicProvider
from .providers.base import Endpoint, Provider
from .providers.google import GoogleProvider
from .providers.listing import Listings
from .providers.local import LocalModel
from .providers.openai import OpenAIProvider
from .settings import Settings

if TYPE_CHECKING:
    from .arena.votes import Votes

OWN_WIRE = {"anthropic": AnthropicProvider, "google": GoogleProvider}
MOST_CONNECTIONS = 1000


@dataclass(frozen=True)
class Composition:
    """What app.py and the Python functions need; `local` is the embedded model unless it is off.

    `shelf` keeps conversations on the server, None where each browser keeps its own.
    """

    backends: Backends
    local: LocalModel | None
    arena: Arena
    standings: Standings
    shelf: Shelf | None
    listings: Listings

    def target(self, provider: str) -> Target:
        """Where a provider's requests go, for a program that sends them itself."""
        if provider == "local":
            return Target(self.local.address if self.local else None)
        spec = self.backends.catalog.providers[provider]
        return Target(spec.base_url, spec.api_key_env)


def compose(settings: Settings) -> Composition:
    """Everything up to the first call, with nothing connected and nothing downloaded. Raises ConfigError."""
    catalog = load_catalog(settings)
    http = _shared_client()
    local = None
    if settings.local != "off":
        local = LocalModel(settings.local, settings.cache_dir, lambda endpoint: OpenAIProvider(endpoint, http), http)
    providers = _providers(catalog, settings, http, local)
    backends = Backends(
        catalog,
        providers,
        counters={"local": local.sizes} if local else {},
        exact_now={"local": lambda: local.state.stage == "ready"} if local else {},
        limits=Limits(settings.max_input_tokens, settings.max_output_tokens),
    )
    arena = Arena(backends, partial(open_votes, settings))
    shelf = Shelf(settings.data_dir / "conversations") if settings.conversations == "server" else None
    return Composition(
        backends, local, arena, Standings(arena.store, lambda: arena.listed), shelf, Listings(providers, catalog.served)
    )


def open_votes(settings: Settings) -> Votes:
    """The store of this process; a process that takes its place on host and port cleans up after it."""
    from .arena.database import Database
    from .arena.votes import Votes  # late: the database's library takes longer to load than the page

    url = settings.database_url.get_secret_value() if settings.database_url else ""
    return Votes(Database(url, settings.data_dir), f"{gethostname()}:{settings.port}")


def _providers(
    catalog: Catalog, settings: Settings, http: Callable[[], httpx2.AsyncClient], local: LocalModel | None
) -> dict[str, Provider]:
    providers: dict[str, Provider] = {
        name: OWN_WIRE.get(name, OpenAIProvider)(_endpoint(spec, settings), http)
        for name, spec in catalog.providers.items()
        if name != "local"
    }
    return providers if local is None else {**providers, "local": local}


def _endpoint(spec: ProviderSpec, settings: Settings) -> Endpoint:
    key = settings.key(spec.api_key_env) if spec.api_key_env else None
    return Endpoint(spec.label, spec.api_key_env, key, spec.base_url)


def _shared_client() -> Callable[[], httpx2.AsyncClient]:
    """One connection pool for every SDK, made on first use because it belongs to the loop that uses it.

    No read time-out: the driver's own deadlines are the rule, and a slow thinker is not a broken line.
    """

    @cache
    def client() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=10.0, write=30.0),
            limits=httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=100),
            follow_redirects=True,
        )

    return client
