"""Composes the playground and starts it. The entry point here and on a Space."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from playground.checks import configured
from playground.compose import Composition, rate_of, secrets_of
from playground.errors import ConfigError
from playground.ops.telemetry import start_logging
from playground.settings import Settings, read_environment

# Read by Gradio when it is imported: no telemetry, and no summary of all past events after each one.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
# Read by the web server: it would believe any X-Forwarded-For from this machine. TRUSTED_PROXY_HOPS decides instead.
os.environ["FORWARDED_ALLOW_IPS"] = ""


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, or 2 when the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="python app.py", description="LLM Playground: chat with any language model.")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1, or GRADIO_SERVER_NAME)")
    parser.add_argument("--port", help="port to listen on (default 7860, or GRADIO_SERVER_PORT)")
    parser.add_argument("--share", action="store_true", help="also open a public Gradio link")
    parser.add_argument("--check", action="store_true", help="check the configuration, list every problem, and exit")
    arguments = parser.parse_args(argv)
    options = {"GRADIO_SERVER_NAME": arguments.host, "GRADIO_SERVER_PORT": arguments.port}
    environ = {**read_environment(), **{name: value for name, value in options.items() if value}}
    try:
        settings, composition = configured(environ, share=arguments.share, with_database=arguments.check)
        if arguments.check:
            print("The configuration is fine.")
            return 0
        return _serve(settings, composition, share=arguments.share)
    except ConfigError as error:
        print("The configuration cannot be used:", *error.problems, sep="\n  - ", file=sys.stderr)
        return 2


def _serve(settings: Settings, composition: Composition, *, share: bool) -> int:
    from playground.api import build_routes
    from playground.ui.blocks import build
    from playground.ui.launch import launch, serve

    start_logging(settings.log_level, secrets_of(composition.backends.catalog, settings))
    page = build(composition)
    routes = build_routes(
        composition.backends,
        composition.arena,
        composition.standings,
        composition.guard,
        composition.gate,
        settings.admin_token,
    )
    middleware = _middleware(settings, composition, page, share=share)
    try:
        loop = launch(page, host=settings.host, port=settings.port, share=share, routes=routes, middleware=middleware)
    except OSError as error:
        print(f"Cannot start: {error}. Choose another port with --port.", file=sys.stderr)
        return 2
    # Only now, so that loading weights and opening the votes do not slow the page's first answer.
    if composition.local is not None:
        loop.call_soon_threadsafe(composition.local.start)
    composition.arena.open()
    serve(page, composition.gate)
    composition.arena.close()
    return 0


def _middleware(settings: Settings, composition: Composition, page: Any, *, share: bool) -> list[Any]:
    """Outermost first."""
    from starlette.middleware import Middleware

    from playground.ops.doors import DoorRules, Doors
    from playground.ops.headers import SecurityHeaders
    from playground.ops.limits import BodyLimit
    from playground.ui.gate import streams, takes_files

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


if __name__ == "__main__":
    sys.exit(main())
