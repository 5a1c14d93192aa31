"""Puts settings, catalog, providers and arena together. The one place that knows every adapter; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from socket import gethostname
from typing import TYPE_CHECKING

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
from .models.catalog import Catalog, ProviderSpec, load_catalog
from .ops.bucket import HfBucket
from .ops.durable import Durable, Keeping
from .ops.gate import Gate
from .ops.guard import BUDGETED_OUTPUT_TOKENS, Guard, Rules
from .ops.rates import Rates
from .providers.anthropic import AnthropicProvider
from .providers.base import Endpoint, Provider
from .providers.google import GoogleProvider
from .providers.listing import Listings
from .providers.local import LocalModel
from .providers.local_lab import LocalLab
from .providers.openai import OpenAIProvider
from .settings import PUBLIC_LOCAL_RATE, PUBLIC_RATE, Settings

if TYPE_CHECKING:
    from .arena.database import Database
    from .arena.votes import Votes

OWN_WIRE = {"anthropic": AnthropicProvider, "google": GoogleProvider}
MOST_CONNECTIONS = 1000
ADDRESS_SESSIONS = 5


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
    guard = Guard(_rules(catalog, settings, public), rates)
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
    durable = _durable(settings)
    arena = Arena(backends, partial(open_votes, settings, guard, durable), accounts_only=settings.require_sign_in)
    return Composition(
        backends=backends,
        local=local,
        arena=arena,
        standings=Standings(arena.store, lambda: arena.listed),
        sweeps=Sweeps(backends, Runs(settings.data_dir / "experiments")),
        token_lab=TokenLab(LocalLab(local) if local else None),
        shelf=Shelf(settings.data_dir / "conversations") if settings.conversations == "server" else None,
        listings=Listings(providers, catalog.served),
        guard=guard,
        gate=Gate(one_each=public),
        rates=rates,
        open_ledger=partial(_open_ledger, settings, guard),
        keeping=partial(_keeping, settings, durable),
        copies_votes=durable is not None,
        offers_sign_in=settings.offers_sign_in,
        admin_token=settings.admin_token,
    )


def open_votes(
    settings: Settings, guard: Guard | None = None, durable: Durable | None = None, *, beside: bool = False
) -> Votes:
    """The store of this process; a process that takes its place on host and port cleans up after it.

    The budget of `guard` is kept in the same database. With a bucket its votes are read back first, and copied there
    from now on. `beside`: for a command, which leaves alone what the page's process is running. Raises ConfigError.
    """
    from .arena.copies import Copies
    from .arena.votes import Votes  # late: the database's library takes longer to load than the page

    database = _open_database(settings)
    if guard is not None:
        _hand_ledger(settings, guard, database)
    durable = durable or _durable(settings)
    if durable is not None:
        try:
            durable.restore(Copies(database))
        except BaseException:
            database.close()
            raise
        durable.start()
    return Votes(database, f"{gethostname()}:{'command' if beside else settings.port}", durable)


def check_database(settings: Settings) -> None:
    """Opens the database and lets go of it. Raises ConfigError."""
    _open_database(settings).close()


def check_bucket(settings: Settings) -> None:
    """Looks into the bucket, where there is one. Raises ConfigError."""
    if (durable := _durable(settings)) is not None:
        durable.check()


def rate_of(settings: Settings, public: bool) -> str:
    """How often an address may ask, "" for as often as it likes."""
    return _rate(settings.rate_limit, PUBLIC_RATE if public else "")


def owner_keys(catalog: Catalog, settings: Settings) -> list[str]:
    """The variables with keys that are set, for which the owner pays."""
    named = {spec.api_key_env for spec in catalog.providers.values() if spec.api_key_env}
    return sorted(name for name in named if settings.key(name))


def secrets_of(catalog: Catalog, settings: Settings) -> list[str]:
    """Everything that may be in no log."""
    own = (
        settings.admin_token,
        settings.database_url,
        settings.redis_url,
        settings.hf_token,
        settings.bucket_token,
        settings.oauth_client_secret,
    )
    keys = [key for name in owner_keys(catalog, settings) if (key := settings.key(name))]
    return [*keys, *(one.get_secret_value() for one in own if one)]


def _rate(given: str | None, default: str) -> str:
    return "" if given == "off" else given or default


def _rules(catalog: Catalog, settings: Settings, public: bool) -> Rules:
    local_rate = _rate(settings.local_rate_limit, PUBLIC_LOCAL_RATE if public else "")
    paid = {name for name, spec in catalog.providers.items() if spec.api_key_env and settings.key(spec.api_key_env)}
    counted = bool(rate_of(settings, public) or local_rate)
    return Rules(frozenset(paid), local_rate, settings.has_budget, counted)


def _open_ledger(settings: Settings, guard: Guard) -> None:
    if settings.has_budget:
        _hand_ledger(settings, guard, _open_database(settings))


def _hand_ledger(settings: Settings, guard: Guard, database: Database) -> None:
    from .ops.budget import Caps, Ledger

    session = settings.session_budget_usd
    # Whoever needs a fresh session needs no fresh address: without a word from the owner it has five times as much.
    address = settings.address_budget_usd or (session and ADDRESS_SESSIONS * session)
    guard.open(Ledger(database, Caps(settings.daily_budget_usd, address, session)))


def _open_database(settings: Settings) -> Database:
    from .arena.database import Database

    url = settings.database_url.get_secret_value() if settings.database_url else ""
    return Database(url, settings.data_dir)


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
