"""Puts settings, catalog, providers and arena together. The one place that knows every adapter; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from urllib.request import getproxies

import httpx2
from pydantic import SecretStr

from .arena.battle import Arena
from .arena.standings import Standings
from .conversation.prepare import Limits
from .conversation.reply import Backends
from .conversation.shelf import Shelf
from .conversation.snippet_http import Target
from .lab.running import Sweeps
from .lab.runs import Runs
from .lab.token_lab import TokenLab
from .lab.watched import Watched
from .models.catalog import Catalog, ProviderSpec, load_catalog
from .ops.durable import Keeping
from .ops.gate import Gate
from .ops.guard import BUDGETED_OUTPUT_TOKENS, Guard
from .ops.rates import Rates
from .owner import most_votes_of, rules_of
from .providers.anthropic import AnthropicProvider
from .providers.base import Endpoint, Provider
from .providers.google import GoogleProvider
from .providers.listing import Listings
from .providers.local import LocalModel
from .providers.local_lab import LocalLab
from .providers.openai import OpenAIProvider
from .providers.transport import Lines
from .settings import Settings
from .stored import durable_of, keeping_of, open_ledger, open_votes

OWN_WIRE = {"anthropic": AnthropicProvider, "google": GoogleProvider}
MOST_CONNECTIONS = 1000
PROXIED = {"http", "https", "all"}
# It looks at all idle ones with each request, which takes longer than a new one does once they are many.
KEPT_BY_HTTPX = 20
# Idle lines are given up before llama.cpp and uvicorn do so, after 5 s: a question sent just then would be lost.
KEPT_S = 4.0


@dataclass(frozen=True)
class Composition:
    """What app.py and the Python functions need; `local` is the embedded model unless it is off.

    `guard`, `gate` and `rates` say who may ask; `open_ledger` opens the budget where no arena does.
    `shelf` keeps conversations on the server, None where each browser keeps its own.
    `admin_token` is the owner's, None when there is none: then nothing is the owner's alone.
    `keeping` says how far votes outlive this process, which changes where it `copies_votes`.
    """

    backends: Backends
    local: LocalModel | None
    arena: Arena
    standings: Standings
    sweeps: Sweeps
    token_lab: TokenLab
    guard: Guard
    gate: Gate
    rates: Rates
    open_ledger: Callable[[], None]
    shelf: Shelf | None
    listings: Listings
    keeping: Callable[[], Keeping]
    copies_votes: bool
    offers_sign_in: bool
    admin_token: SecretStr | None = None

    def target(self, provider: str) -> Target:
        """Where a provider's requests go, for a program that sends them itself."""
        if provider == "local":
            return Target(self.local.address if self.local else None)
        spec = self.backends.catalog.providers[provider]
        return Target(spec.base_url, spec.api_key_env)


def compose(settings: Settings, *, public: bool = False) -> Composition:
    """Everything up to the first call, with nothing connected and nothing downloaded. Raises ConfigError.

    `public`: strangers can reach the page.
    """
    catalog = load_catalog(settings)
    http = _shared_client()
    local = None
    if settings.local != "off":
        local = LocalModel(settings.local, settings.cache_dir, lambda endpoint: OpenAIProvider(endpoint, http), http)
    rates = Rates(settings.redis_url.get_secret_value() if settings.redis_url else "")
    guard, gate = Guard(rules_of(catalog, settings, public), rates), Gate(one_each=public)
    providers = _providers(catalog, settings, http, local)
    backends = Backends(
        catalog,
        providers,
        counters={"local": local.sizes} if local else {},
        exact_now={"local": lambda: local.state.stage == "ready"} if local else {},
        limits=Limits(
            settings.max_input_tokens,
            settings.max_output_tokens or (BUDGETED_OUTPUT_TOKENS if settings.has_budget else None),
        ),
        allowance=guard,
    )
    durable = durable_of(settings)
    opening = partial(open_votes, settings, guard, durable, most_daily=most_votes_of(settings, public))
    arena = Arena(backends, opening, accounts_only=settings.require_sign_in)
    return Composition(
        backends=backends,
        local=local,
        arena=arena,
        standings=Standings(arena.store, lambda: arena.listed),
        sweeps=Sweeps(
            backends,
            Runs(settings.data_dir / "experiments"),
            usd_left=guard.left_to_asker,
            ending=lambda: gate.draining,
        ),
        token_lab=TokenLab(Watched(LocalLab(local), guard) if local else None),
        shelf=Shelf(settings.data_dir / "conversations") if settings.conversations == "server" else None,
        listings=Listings(providers, catalog.served),
        guard=guard,
        gate=gate,
        rates=rates,
        open_ledger=partial(open_ledger, settings, guard),
        keeping=partial(keeping_of, settings, durable),
        copies_votes=durable is not None,
        offers_sign_in=settings.offers_sign_in,
        admin_token=settings.admin_token,
    )


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
            # Who is behind a proxy needs what httpx2 brings for it.
            transport=None if getproxies().keys() & PROXIED else Lines(MOST_CONNECTIONS, KEPT_S),
            limits=httpx2.Limits(
                max_connections=MOST_CONNECTIONS, max_keepalive_connections=KEPT_BY_HTTPX, keepalive_expiry=KEPT_S
            ),
            timeout=httpx2.Timeout(None, connect=10.0, write=30.0),
            follow_redirects=True,
        )

    return client
