"""Open WebUI, a chat product that many people run, asked over its own API. Measured only where it is installed.

It needs an environment of its own, for it pins other versions of what this project uses:
`python3.11 -m venv webui && webui/bin/pip install open-webui` and `BENCH_OPEN_WEBUI=webui/bin/open-webui`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from ..load.drive import Load, reading
from ..load.wire import Connection
from ..processes import running

INSTALL = (
    "open-webui is not measured: pip install open-webui in an environment of its own, and name its executable in "
    "BENCH_OPEN_WEBUI"
)
CHAT = "/api/chat/completions"
START_S = 300  # a first start imports torch and makes a database
# Nothing but the chat: no login, no other model server, no network, no model of its own, no second question to the
# upstream for a title.
SETTINGS = {
    "DATA_DIR": ".",  # the folder that the server runs in, which is gone afterwards
    "DATABASE_URL": "sqlite:///webui.db",
    "WEBUI_AUTH": "False",
    "WEBUI_SECRET_KEY": "bench",
    "OPENAI_API_KEYS": "bench",
    "ENABLE_OLLAMA_API": "False",
    "OFFLINE_MODE": "True",
    "HF_HUB_OFFLINE": "1",
    "RAG_EMBEDDING_ENGINE": "openai",
    "BYPASS_EMBEDDING_AND_RETRIEVAL": "True",
    "ENABLE_TITLE_GENERATION": "False",
    "ENABLE_TAGS_GENERATION": "False",
    "ENABLE_FOLLOW_UP_GENERATION": "False",
    "ENABLE_OTEL": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
    "GLOBAL_LOG_LEVEL": "ERROR",
}


def load(upstream_url: str, readers: int) -> Load | None:
    """`readers` answers at once of the model "bench" at `upstream_url` (with its /v1), after a first one that warms.

    None, with a line on standard error, where open-webui is not installed.
    """
    executable = shutil.which(os.environ.get("BENCH_OPEN_WEBUI", "open-webui"))
    if executable is None:
        print(INSTALL, file=sys.stderr)
        return None
    command = [str(Path(executable).absolute()), "serve", "--host", "127.0.0.1"]
    with running(command, {**SETTINGS, "OPENAI_API_BASE_URLS": upstream_url}, START_S) as server:
        token = asyncio.run(_token(server.url))
        for many in (1, readers):
            with reading("http", server.url, many, target=CHAT, token=token) as group:
                seen = group.ask(server)
    return seen


async def _token(url: str) -> str:
    """What the API wants of a program; without a login anybody gets it. Asks for the models as the product's page
    does when it opens, which makes them known."""
    connection = Connection(url)
    signed_in = await connection.json("POST", "/api/v1/auths/signin", {"email": "", "password": ""})
    connection.close()
    known = Connection(url, signed_in["token"])
    models = await known.json("GET", "/api/models")
    known.close()
    if "bench" not in [model["id"] for model in models["data"]]:
        raise RuntimeError(f"open-webui does not know the upstream's model: {models}")
    return signed_in["token"]
