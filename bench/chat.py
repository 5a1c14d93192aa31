"""A long conversation: one more answer on the chat page against a plain ChatInterface that holds the same messages.

The conversation has 200 messages (100 KB); the answer has 200 tokens at 50 tokens/s. Both servers have answered once
before. The delay of the last token counts from the question, so it holds the way to the provider, too.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from statistics import median

from .load.drive import Load, playground, reading, upstream
from .load.upstream import WORDS
from .processes import ROOT, serving
from .result import Result

TOKENS, RATE = 200, 50
IDEAL_S = TOKENS / RATE
MESSAGES, CHARACTERS = 200, 500
PLAIN = ROOT / "bench" / "peers" / "plain_chat.py"


def run(*, full: bool = False) -> list[Result]:
    """The median of some rounds, each of one answer in a page of its own."""
    rounds = 9 if full else 4
    with tempfile.TemporaryDirectory() as name, upstream(TOKENS, RATE) as url:
        folder = Path(name)
        said, record = _messages(), folder / "record.json"
        history = folder / "history.json"
        history.write_text(json.dumps(said), "utf-8")
        record.write_text(json.dumps(_record(said)), "utf-8")
        ours = _rounds(ROOT / "app.py", "composer", str(record), playground(folder, url), rounds)
        peer = {"OPENAI_BASE_URL": f"{url}/v1", "BENCH_HISTORY": str(history)}
        theirs = _rounds(PLAIN, "", "", peer, rounds)
    mine, plain = (median(load.cpu_s for load in loads) for loads in (ours, theirs))
    late_ms = 1000 * (max(load.last_s for load in ours) - IDEAL_S)
    return [
        Result("server CPU of 200 tokens after 200 messages", mine, "s"),
        Result("  a plain ChatInterface", plain, "s"),
        Result("  ours over theirs", mine / plain, "x", "<= 0.33"),
        Result("last token after the provider's schedule, slowest", late_ms, "ms", "<= 250"),
    ]


def _rounds(script: Path, target: str, record: str, environ: dict[str, str], rounds: int) -> list[Load]:
    loads: list[Load] = []
    with serving(script, **environ) as server:
        for _ in range(rounds + 1):
            with reading("page", server.url, 1, target=target, record=record) as group:
                loads.append(group.ask(server))
    return loads[1:]


def _messages() -> list[dict[str, str]]:
    text = " ".join(WORDS[at % len(WORDS)] for at in range(CHARACTERS))[:CHARACTERS]
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at in range(MESSAGES)]


def _record(said: list[dict[str, str]]) -> dict[str, object]:
    """The messages as the page keeps a conversation."""
    turns = [
        {**message, "parent": at - 1 if at else None, **({"reply": {"model": "bench"}} if at % 2 else {})}
        for at, message in enumerate(said)
    ]
    head = {"format": "llm-playground-conversation", "id": "bench", "model": "bench", "leaf": len(turns) - 1}
    return {**head, "turns": turns}
