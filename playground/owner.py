"""What the owner's settings say of money, rates and secrets. Knows no database and no page."""

from __future__ import annotations

from .models.catalog import Catalog
from .ops.guard import Rules
from .settings import PUBLIC_DAILY_VOTES, PUBLIC_LOCAL_RATE, PUBLIC_RATE, Settings


def rate_of(settings: Settings, public: bool) -> str:
    """How often an address may ask, "" for as often as it likes."""
    return _rate(settings.rate_limit, PUBLIC_RATE if public else "")


def most_votes_of(settings: Settings, public: bool) -> int | None:
    """How many votes one address or account may cast in a day, None for as many as it likes."""
    given = _rate(settings.daily_votes, str(PUBLIC_DAILY_VOTES) if public else "")
    return int(given) if given else None


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


def rules_of(catalog: Catalog, settings: Settings, public: bool) -> Rules:
    """What the guard goes by; `public`: strangers can reach the page."""
    local_rate = _rate(settings.local_rate_limit, PUBLIC_LOCAL_RATE if public else "")
    paid = {name for name, spec in catalog.providers.items() if spec.api_key_env and settings.key(spec.api_key_env)}
    keyless = {name for name, spec in catalog.providers.items() if not spec.api_key_env}
    counted = bool(rate_of(settings, public) or local_rate)
    return Rules(frozenset(paid), frozenset(keyless), local_rate, settings.has_budget, counted)


def _rate(given: str | None, default: str) -> str:
    return "" if given == "off" else given or default
