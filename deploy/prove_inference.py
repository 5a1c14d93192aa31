"""Proves that models scale apart from the page: python -m deploy.prove_inference

Two llama.cpp servers behind one nginx address (deploy/inference.nginx.conf), which a playground without a model of its
own knows as one endpoint (deploy/inference.toml). Both answer, and one is killed. Wants nginx-light.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx2

from . import machines
from .machines import DEPLOY, Machine, running, say

MODEL = "fleet/smollm2"
QUESTIONS = 8


async def answers(playground: Machine) -> list[str]:
    """What the fleet says to as many questions at once."""
    async with httpx2.AsyncClient(base_url=playground.url, timeout=300) as http:
        asked = [
            http.post(
                "/chat",
                json={"model": MODEL, "messages": [{"role": "user", "content": f"Count to {at}."}], "max_tokens": 16},
            )
            for at in range(2, 2 + QUESTIONS)
        ]
        said = await asyncio.gather(*asked)
    for one in said:
        assert one.status_code == 200 and one.json()["content"], one.text
    return [one.json()["content"] for one in said]


def prove(playground: Machine, proxy: Machine, servers: list[Machine]) -> None:
    """Raises AssertionError at the first thing that does not hold."""
    asyncio.run(answers(playground))
    shares = Counter(who for _, who, _ in machines.answered(proxy.folder))
    assert len(shares) == 2, f"only {shares} answered"
    say(f"{QUESTIONS} questions at once: {' and '.join(map(str, shares.values()))} went to each server")
    servers[0].kill()
    asyncio.run(answers(playground))
    left = servers[1].url.removeprefix("http://")
    last = [who.split(", ")[-1] for _, who, _ in machines.answered(proxy.folder)[-QUESTIONS:]]
    assert set(last) == {left}, f"after the kill {set(last)} answered"
    say(f"one server was killed: {QUESTIONS} more questions were all answered by the other")


def steps(stack: ExitStack, folder: Path) -> None:
    servers = [machines.model(folder, name) for name in ("first", "second")]
    for server in servers:
        stack.enter_context(running(server, "/health"))
    behind = machines.nginx(folder / "nginx", "inference.nginx.conf", servers)
    proxy = stack.enter_context(running(behind, "/v1/models"))
    (proxy.folder / "access.log").write_text("")
    config = folder / "inference.toml"
    config.write_text((DEPLOY / "inference.toml").read_text().replace("http://127.0.0.1:8000", proxy.url))
    playground = machines.replica(folder, "playground", PLAYGROUND_CONFIG=str(config), PLAYGROUND_LOCAL="off")
    stack.enter_context(running(playground, "/healthz"))
    print(f"two llama.cpp servers behind {proxy.url}/v1:", flush=True)
    prove(playground, proxy, servers)


if __name__ == "__main__":
    sys.exit(machines.prove(steps, "The models scale apart from the page.", "nginx"))
