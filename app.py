"""Composes the playground and starts it. The entry point here and on a Space."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

# Read by Gradio when it is imported: no telemetry, and no summary of all past events after each one, nor their list.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
# Ours alone, because what lies in it for a day is deleted.
os.environ.setdefault("GRADIO_TEMP_DIR", str(Path(tempfile.gettempdir()) / "llm-playground"))
# Read by numpy when it is imported. Ratings are small: threads of its own wait for each other on a busy machine, and a
# leaderboard takes ten times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Read by the web server: it would believe any X-Forwarded-For from this machine. TRUSTED_PROXY_HOPS decides instead.
os.environ["FORWARDED_ALLOW_IPS"] = ""

from playground.checks import configured
from playground.compose import Composition
from playground.errors import ConfigError
from playground.ops import memory
from playground.ops.telemetry import start_logging
from playground.owner import secrets_of
from playground.settings import Settings, read_environment


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
    memory.begin()
    from playground.api import build_routes
    from playground.ui.blocks import build
    from playground.ui.front import middleware_of
    from playground.ui.launch import launch, serve

    start_logging(settings.log_level, secrets_of(composition.backends.catalog, settings))
    page = build(composition)
    routes = build_routes(composition)
    middleware = middleware_of(settings, composition, page, share=share)
    try:
        loop = launch(page, host=settings.host, port=settings.port, share=share, routes=routes, middleware=middleware)
    except OSError as error:
        print(f"Cannot start: {error}. Choose another port with --port.", file=sys.stderr)
        return 2
    loop.call_soon_threadsafe(memory.Tidying(loop, lambda: composition.backends.load.active).begin)
    # Only now, so that loading weights and opening the votes do not slow the page's first answer.
    if composition.local is not None:
        loop.call_soon_threadsafe(composition.local.start)
    composition.arena.open()
    serve(page, composition.gate, lambda: composition.guard.open_calls)
    composition.arena.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
