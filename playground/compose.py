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
from .models.catalog import Catalog, ProviderSpec, load_catalog
from .ops.bucket import HfBucket
from .ops.durable import Durable, Keeping
from .providers.anthropic import AnthropicProvider
from .providers.base import Endpoint, Provider
from .providers.google import GoogleProvider
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

    `keeping` says how far votes outlive this process, which changes where it `copies_votes`.
    """

    backends: Backends
    local: LocalModel | None
    arena: Arena
    standings: Standings
    keeping: Callable[[], Keeping]
    copies_votes: bool


def compose(settings: Settings) -> Composition:
    """Everything up to the first call, with nothing connected and nothing downloaded. Raises ConfigError."""
    catalog = load_catalog(settings)
    http = _shared_client()
    local = None
    if settings.local != "off":
        local = LocalModel(settings.local, settings.cache_dir, lambda endpoint: OpenAIProvider(endpoint, http), http)
    backends = Backends(
        catalog,
        _providers(catalog, settings, http, local),
        counters={"local": local.sizes} if local else {},
        limits=Limits(settings.max_input_tokens, settings.max_output_tokens),
    )
    durable = _durable(settings)
    arena = Arena(backends, partial(open_votes, settings, durable))
    return Composition(
        backends,
        local,
        arena,
        Standings(arena.store, lambda: arena.listed),
        partial(_keeping, settings, durable),
        copies_votes=durable is not None,
    )


def open_votes(settings: Settings, durable: Durable | None = None) -> Votes:
    """The store of this process; a process that takes its place on host and port cleans up after it.

    With a bucket its votes are read back first, and copied there from now on. Raises ConfigError.
    """
    from .arena.copies import Copies
    from .arena.database import Database
    from .arena.votes import Votes  # late: the database's library takes longer to load than the page

    url = settings.database_url.get_secret_value() if settings.database_url else ""
    database = Database(url, settings.data_dir)
    durable = durable or _durable(settings)
    if durable is not None:
        try:
            durable.restore(Copies(database))
        except BaseException:
            database.close()
            raise
        durable.start()
    return Votes(database, f"{gethostname()}:{settings.port}", durable)


def _durable(settings: Settings) -> Durable | None:
    if settings.bucket is None:
        return None
    token = settings.bucket_token or settings.hf_token
    return Durable(HfBucket(settings.bucket, token.get_secret_value() if token else None))


def _keeping(settings: Settings, durable: Durable | None) -> Keeping:
    if durable is not None:
        return Keeping(durable=True, unsaved=durable.unsaved)
    return Keeping(durable=settings.space_id is None or settings.database_url is not None)


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
