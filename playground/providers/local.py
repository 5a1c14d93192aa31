"""The embedded model: fetches weights, starts llama.cpp on loopback, then is one more OpenAI-compatible endpoint.

Knows no page and no wire format; the server runs in this process, on threads of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import httpx2

from ..errors import ProviderError
from ..types import Event, Message, Request, Waiting
from . import weights
from .base import Endpoint, Provider

Stage = Literal["waiting", "downloading", "loading", "ready", "failed"]

# Four requests at once, each with a window of its own: slots that share one window answer eight at once
# a third slower. The model is small, so a window of 4,096 tokens costs 94 MB a slot.
SLOTS = 4
WINDOW_TOKENS = 4096
THREADS = 2
# Where the reader sets no limit: so small a model, once it repeats itself, would go on to the end of its window.
DEFAULT_MAX_TOKENS = 1024
POLL_S = 0.1
MOST_SIZES = 4_096
PROBE = Message("user", "x")

# ChatML as SmolLM2 was trained on it, but without the system message that the file's own template puts before a
# conversation that has none: what is sent is what the reader wrote, and at four bits the model answers better so
# ("What is the capital of France?" gets Paris, instead of a song).
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MB = 1_000_000
BAR_WIDTH = 24


@dataclass(frozen=True, slots=True)
class LocalState:
    """How far the embedded model is. Bytes; `eta_s` in seconds, None when it cannot be said."""

    stage: Stage = "waiting"
    done_bytes: int = 0
    total_bytes: int | None = None
    eta_s: float | None = None
    message: str = ""

    @property
    def status(self) -> str:
        """One sentence for people."""
        match self.stage:
            case "downloading" if self.total_bytes and self.done_bytes >= self.total_bytes:
                return "Checking and unpacking the embedded model"
            case "downloading":
                return f"Downloading the embedded model: {self._amount()}"
            case "loading":
                return "Loading the embedded model"
            case "ready":
                return f"{self.message} ready on this machine"
            case "failed":
                return self.message
            case _:
                return "The embedded model starts in a moment"

    def _amount(self) -> str:
        done = f"{self.done_bytes / MB:.0f}"
        if not self.total_bytes:
            return f"{done} MB"
        left = "" if self.eta_s is None else f", about {max(self.eta_s, 1):.0f} s left"
        return f"{done} of {self.total_bytes / MB:.0f} MB{left}"


@dataclass(frozen=True)
class Served:
    """A running server: its address, and the object that keeps it running."""

    base_url: str
    server: Any


def serve(path: Path, chat_template: str = "", port: int = 0) -> Served:
    """Loads the weights and starts the server; blocks until it answers. Raises RuntimeError when llama.cpp does.

    An empty `chat_template` leaves the one in the file; port 0 is any that is free.
    """
    import xllamacpp  # pyright: ignore[reportMissingTypeStubs]

    llama: Any = xllamacpp
    params = llama.CommonParams()
    params.model.path = str(path)
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * WINDOW_TOKENS
    params.kv_unified = False
    params.cpuparams.n_threads = THREADS
    params.n_gpu_layers = 0
    params.n_predict = DEFAULT_MAX_TOKENS
    params.verbosity = -1
    params.port = port
    params.ui = False
    params.chat_template = chat_template
    server = llama.Server(params)
    return Served(str(server.listening_address).rstrip("/"), server)


class LocalModel:
    """Starts in the background, and lets whoever asks meanwhile see how far it is.

    `connect` turns the server's address into a Provider, `http` makes the client for what no provider offers
    (counting tokens). Used from one event loop.
    """

    def __init__(
        self,
        choice: str,
        cache_dir: Path,
        connect: Callable[[Endpoint], Provider],
        http: Callable[[], httpx2.AsyncClient],
        *,
        fetch: Callable[[str, Path, weights.Progress], Awaitable[Path]] = weights.fetch,
        serve: Callable[[Path, str], Served] = serve,
    ) -> None:
        self.state = LocalState()
        self._choice = choice
        self._cache_dir = cache_dir
        self._connect = connect
        self._http = http
        self._fetch = fetch
        self._serve = serve
        self._starting: asyncio.Task[None] | None = None
        self._served: Served | None = None
        self._provider: Provider | None = None
        self._shared: int | None = None
        self._sizes: dict[bytes, int] = {}

    @property
    def address(self) -> str:
        """Where this machine's programs reach the model; until it has started, where llama.cpp usually is."""
        return f"{self._served.base_url}/v1" if self._served else "http://127.0.0.1:8080/v1"

    def start(self) -> None:
        """Begins to fetch and load, unless that is under way or done. After a failure it tries again."""
        if self._provider is None and (self._starting is None or self._starting.done()):
            self.state = LocalState()
            self._starting = asyncio.get_running_loop().create_task(self._load())

    async def stream(self, request: Request, key: str | None = None) -> AsyncGenerator[Event]:
        """As Provider.stream; says Waiting until the model is loaded."""
        async for status in self._until_ready():
            yield Waiting(status)
        assert self._provider is not None
        async with contextlib.aclosing(self._provider.stream(request, key)) as events:
            async for event in events:
                yield event

    async def count(self, text: str) -> int:
        """Tokens of `text` in the model's own tokenizer."""
        return len(await self.tokenize(text))

    async def tokenize(self, text: str) -> list[tuple[int, bytes]]:
        """(id, bytes) of each token of `text`."""
        found = await self._post("/tokenize", {"content": text, "with_pieces": True})
        return [(token["id"], _bytes_of(token["piece"])) for token in found["tokens"]]

    async def sizes(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of each message in the chat template, the start of the reply counted with the first one.

        While the model is still loading they are estimated from the length, so that nobody waits for a count.
        """
        if self._provider is None:
            return [len(message.content) // 4 + 8 for message in messages]
        once = await self._shared_tokens()
        sizes = [await self._known_tokens(message) for message in messages]
        return [size + once if at == 0 else size for at, size in enumerate(sizes)]

    async def _known_tokens(self, message: Message) -> int:
        """As `_added_tokens`, each message asked for once: a history is counted again with every word typed."""
        key = blake2b(f"{message.role}\0{message.content}".encode("utf-8", "replace")).digest()
        if key not in self._sizes:
            if len(self._sizes) >= MOST_SIZES:
                self._sizes.pop(next(iter(self._sizes)))
            self._sizes[key] = await self._added_tokens(message)
        return self._sizes[key]

    async def _added_tokens(self, message: Message) -> int:
        """What a message adds to a conversation; measured between two questions: a last answer would be a start."""
        around = await self.count_messages([PROBE, PROBE])
        if message.role == "system":
            return await self.count_messages([message, PROBE, PROBE]) - around
        return await self.count_messages([PROBE, message, PROBE]) - around

    async def _shared_tokens(self) -> int:
        """What a conversation has once, however long it is: its start, and the start of the reply."""
        if self._shared is None:
            self._shared = 2 * await self.count_messages([PROBE]) - await self.count_messages([PROBE, PROBE])
        return self._shared

    async def count_messages(self, messages: Sequence[Message]) -> int:
        """Prompt tokens of a conversation, exactly as the server will report them."""
        listed = [{"role": message.role, "content": message.content} for message in messages]
        prompt = (await self._post("/apply-template", {"messages": listed}))["prompt"]
        return len((await self._post("/tokenize", {"content": prompt, "add_special": True}))["tokens"])

    async def _until_ready(self) -> AsyncGenerator[str]:
        self.start()
        shown = ""
        while self._provider is None:
            if self.state.stage == "failed":
                raise ProviderError("connection", self.state.message)
            if self.state.status != shown:
                shown = self.state.status
                yield shown
            await asyncio.sleep(POLL_S)

    async def ask(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        """The answer of one of llama.cpp's own routes, whatever its status; waits until the model is loaded."""
        async for _ in self._until_ready():
            pass
        assert self._served is not None
        address = self._served.base_url + path
        try:
            return await self._http().post(address, json=body)
        except httpx2.RemoteProtocolError:
            # llama.cpp hangs up on a line idle for 5 s, which can be just as the question goes out on it.
            # None of these routes changes anything, so asking again is safe.
            return await self._http().post(address, json=body)

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        response = await self.ask(path, body)
        response.raise_for_status()
        return response.json()

    async def _load(self) -> None:
        meter = _Meter(self)
        try:
            path = await self._fetch(self._choice, self._cache_dir, meter)
            self.state = LocalState("loading")
            served = await asyncio.to_thread(self._serve, path, CHATML if self._choice == "on" else "")
        except weights.WeightsError as error:
            self.state = LocalState("failed", message=str(error))
        except Exception as error:  # llama.cpp raises what it likes; the page must say something and live on
            why = f"The embedded model could not be loaded ({type(error).__name__}): {str(error)[:200]}"
            self.state = LocalState("failed", message=f"{why}. Set PLAYGROUND_LOCAL to another .gguf file, or to off.")
        else:
            self._served = served
            self._provider = self._connect(Endpoint("The embedded model", base_url=f"{served.base_url}/v1"))
            self.state = LocalState("ready", message="SmolLM2-135M" if self._choice == "on" else path.stem)
        finally:
            meter.end()


class _Meter:
    """Turns bytes into a state with a forecast, and into a line on the terminal."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._began = time.monotonic()
        self._printed = ""

    def __call__(self, done: int, total: int | None) -> None:
        taken_s = time.monotonic() - self._began
        eta_s = (total - done) * taken_s / done if total and done > MB and taken_s > 1 else None
        self._model.state = LocalState("downloading", done, total, eta_s)
        self._print(replace(self._model.state, eta_s=None).status)

    def end(self) -> None:
        if self._printed:
            print(file=sys.stderr)

    def _print(self, status: str) -> None:
        """A bar that is written over on a terminal; in a log, a line every ten megabytes."""
        if sys.stderr.isatty():
            print(f"\r{self._bar()} {status}   ", end="", file=sys.stderr, flush=True)
            self._printed = status
        elif (tens := str(self._model.state.done_bytes // (10 * MB))) != self._printed:
            print(status, file=sys.stderr, flush=True)
            self._printed = tens

    def _bar(self) -> str:
        state = self._model.state
        filled = int(BAR_WIDTH * state.done_bytes / state.total_bytes) if state.total_bytes else 0
        return f"[{'#' * filled}{' ' * (BAR_WIDTH - filled)}]"


def _bytes_of(piece: Any) -> bytes:
    """llama.cpp gives a piece as text, or as a list of bytes where it is not whole UTF-8."""
    return piece.encode("utf-8") if isinstance(piece, str) else bytes(piece)
