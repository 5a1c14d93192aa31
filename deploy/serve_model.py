"""The embedded model as a server of its own, OpenAI-compatible, for any number of playgrounds beside it.

python -m deploy.serve_model --port 8081 [--model on|FILE.gguf|hf://owner/repository/file.gguf]
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from playground.providers import weights
from playground.providers.local import CHATML, serve
from playground.settings import load_settings


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.serve_model", description="Serve one model on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", default="on", help="as PLAYGROUND_LOCAL; default: the embedded one")
    arguments = parser.parse_args(argv)
    try:
        path = asyncio.run(weights.fetch(arguments.model, load_settings().cache_dir, lambda *_: None))
        served = serve(path, CHATML if arguments.model == "on" else "", arguments.port)
    except (weights.WeightsError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path.name} on {served.base_url}/v1", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main())
