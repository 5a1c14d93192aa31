"""A Hugging Face Storage Bucket as a place for files. Knows nothing of what is in them."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from .durable import BucketError

FOLDER = "votes/"
PAGE = 500
# What a status means for the owner; any other may pass by itself.
HOPELESS = {
    401: "the token is not known: set PLAYGROUND_BUCKET_TOKEN, or HF_TOKEN.",
    403: "the token may not write there: it needs write access to the bucket.",
    404: "there is no such bucket, or the token cannot see it: create it with `hf buckets create`.",
}

MAY_BE_GONE = {status: words for status, words in HOPELESS.items() if status != 404}


class HfBucket:
    """The files under `votes/` of the bucket `owner/name`. `api` is HfApi, or what stands in for it in a test."""

    def __init__(self, bucket_id: str, token: str | None, api: Any = None) -> None:
        self._bucket_id = bucket_id
        self._token = token
        self._api = api

    def read(self) -> Iterator[tuple[str, bytes]]:
        """As Bucket.read: listed once, then fetched a page at a time."""
        with _translated():
            listed = self._hub().list_bucket_tree(self._bucket_id, recursive=True, token=self._token)
            files = [one for one in listed if one.type == "file" and one.path.startswith(FOLDER)]
        files.sort(key=lambda one: one.path)
        for at in range(0, len(files), PAGE):
            page = files[at : at + PAGE]
            # Another process may have put files together meanwhile: then it is listed anew.
            with tempfile.TemporaryDirectory() as folder:
                pairs = [(one, Path(folder, str(number))) for one, number in zip(page, count(), strict=False)]
                with _translated(MAY_BE_GONE):
                    self._hub().download_bucket_files(
                        self._bucket_id, pairs, raise_on_missing_files=True, token=self._token
                    )
                    contents = [path.read_bytes() for _, path in pairs]
            yield from zip((one.path.removeprefix(FOLDER) for one in page), contents, strict=True)

    def put(self, name: str, content: bytes) -> None:
        with _translated():
            self._hub().batch_bucket_files(self._bucket_id, add=[(content, FOLDER + name)], token=self._token)

    def remove(self, names: Sequence[str]) -> None:
        with _translated():
            delete = [FOLDER + name for name in names]
            self._hub().batch_bucket_files(self._bucket_id, delete=delete, token=self._token)

    def _hub(self) -> Any:
        if self._api is None:
            import huggingface_hub
            from huggingface_hub.utils import disable_progress_bars

            disable_progress_bars()
            self._api = huggingface_hub.HfApi()
        return self._api


@contextmanager
def _translated(hopeless: Mapping[int, str] = HOPELESS) -> Generator[None]:
    """Whatever the library raises as a BucketError in words that hold no token and no address."""
    try:
        yield
    except Exception as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        known = hopeless.get(status) if isinstance(status, int) else None
        words = known or f"{type(error).__name__}{f' ({status})' if status else ''}."
        raise BucketError(words, hopeless=known is not None) from None
