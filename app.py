"""Composes the playground and starts it. The entry point here and on a Space."""

from __future__ import annotations

import argparse
import os
import sys

from playground.compose import Composition, compose
from playground.errors import ConfigError
from playground.settings import Settings, load_settings, read_environment

# Read by Gradio when it is imported: no telemetry, and no summary of all past events after each one.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, or 2 when the configuration cannot be used."""
    parser = argparse.ArgumentParser(prog="python app.py", description="LLM Playground: chat with any language model.")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1, or GRADIO_SERVER_NAME)")
    parser.add_argument("--port", help="port to listen on (default 7860, or GRADIO_SERVER_PORT)")
    parser.add_argument("--share", action="store_true", help="also open a public Gradio link")
    parser.add_argument("--check", action="store_true", help="check the configuration, list every problem, and exit")
    arguments = parser.parse_args(argv)
    options = {"GRADIO_SERVER_NAME": arguments.host, "GRADIO_SERVER_PORT": arguments.port}
    try:
        settings = load_settings({**read_environment(), **{name: value for name, value in options.items() if value}})
        composition = compose(settings)
        return _check(composition) if arguments.check else _serve(settings, composition, share=arguments.share)
    except ConfigError as error:
        print("The configuration cannot be used:", *error.problems, sep="\n  - ", file=sys.stderr)
        return 2


def _check(composition: Composition) -> int:
    composition.arena.open()
    composition.arena.close()
    print("The configuration is fine.")
    return 0


def _serve(settings: Settings, composition: Composition, *, share: bool) -> int:
    from starlette.middleware import Middleware

    from playground.api import build_routes
    from playground.ops.limits import BodyLimit
    from playground.ui.blocks import build
    from playground.ui.launch import launch

    page = build(composition)
    try:
        loop = launch(
            page,
            host=settings.host,
            port=settings.port,
            share=share,
            routes=build_routes(
                composition.backends,
                composition.arena,
                composition.standings,
                settings.admin_token,
                composition.shelf,
            ),
            middleware=[Middleware(BodyLimit)],
        )
    except OSError as error:
        print(f"Cannot start: {error}. Choose another port with --port.", file=sys.stderr)
        return 2
    # Only now, so that loading weights and opening the votes do not slow the page's first answer.
    if composition.local is not None:
        loop.call_soon_threadsafe(composition.local.start)
    composition.arena.open()
    page.block_thread()
    composition.arena.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
