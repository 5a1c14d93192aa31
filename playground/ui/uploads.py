"""What readers have uploaded leaves the disk after a day, whatever became of it. Knows Gradio's folder, no page.

Gradio deletes the files that it took over, while it runs. Of what a broken-off upload has left, and of what was there
when the process was killed, it does not know.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path

from gradio.utils import get_upload_folder

log = logging.getLogger(__name__)

EVERY_S, AGE_S = 3600.0, 24 * 3600.0


async def clearing() -> None:
    """Clears the folder now and every hour, until it is cancelled."""
    while True:
        found = await asyncio.to_thread(clear, Path(get_upload_folder()), time.time() - AGE_S)
        if found:
            log.info("old uploads deleted", extra={"counts": {"files": found}})
        await asyncio.sleep(EVERY_S)


def clear(folder: Path, before: float) -> int:
    """Deletes files last written `before` that time (seconds since the epoch), and old empty folders; blocking.

    Returns how many files. What cannot be deleted stays for the next time.
    """
    found = 0
    for path in sorted(folder.rglob("*"), reverse=True):  # what a folder holds comes before it
        with suppress(OSError):
            if path.lstat().st_mtime >= before:
                continue
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
                found += 1
    return found
