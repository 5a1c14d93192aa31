"""Everything that is wrong with a configuration, found before anything starts and told at once. Knows no page."""

from __future__ import annotations

from collections.abc import Mapping

from .compose import Composition, compose
from .errors import ConfigError
from .models.catalog import Catalog
from .owner import owner_keys
from .settings import Settings, read_settings
from .stored import check_bucket, check_database


def configured(environ: Mapping[str, str], *, share: bool, with_database: bool) -> tuple[Settings, Composition]:
    """Settings and what is composed of them. Raises ConfigError with every problem of settings, catalog and database.

    The database is opened here only `with_database`, or to list its problem beside others.
    """
    settings, problems = read_settings(environ)
    composition: Composition | None = None
    try:
        composition = compose(settings, public=share or settings.is_public)
        problems += _unguarded(composition.backends.catalog, settings, share)
    except ConfigError as error:
        problems += error.problems
    if with_database or problems:
        for check in (check_database, check_bucket):
            try:
                check(settings)
            except ConfigError as error:
                problems += error.problems
    if problems or composition is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return settings, composition


def _unguarded(catalog: Catalog, settings: Settings, share: bool) -> list[str]:
    """A public page that spends its owner's money without an end is not started."""
    keys = owner_keys(catalog, settings)
    if settings.daily_budget_usd or not keys or not (share or settings.space_id):
        return []
    where = "A Space" if settings.space_id else "A public link (--share)"
    return [
        f"{where} lets strangers spend what {', '.join(keys)} can pay for: set PLAYGROUND_DAILY_BUDGET_USD to the most "
        "that may be spent in a day (as in PLAYGROUND_DAILY_BUDGET_USD=2), or remove the keys."
    ]
