"""The bucket over a fake of the library's calls, whose signatures are held against the library that is installed."""

import inspect
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from playground.ops.bucket import HfBucket
from playground.ops.durable import BucketError


class FakeApi:
    """Ten lines of HfApi: each call must fit the real one's signature."""

    def __init__(self, error=None):
        self.files, self.error, self.tokens = {"other/file.txt": b"not ours"}, error, set()

    def __getattr__(self, name):
        def call(*arguments, **named):
            inspect.signature(getattr(HfApi, name)).bind(self, *arguments, **named)
            if self.error:
                raise self.error
            self.tokens.add(named["token"])
            return getattr(self, f"_{name}")(*arguments, **named)

        return call

    def _batch_bucket_files(self, bucket_id, *, token, add=(), delete=()):
        self.files |= {path: content for content, path in add}
        for path in delete:
            del self.files[path]

    def _list_bucket_tree(self, bucket_id, *, recursive, token):
        folders = [SimpleNamespace(type="directory", path="votes/x")]
        return iter([*folders, *(SimpleNamespace(type="file", path=path) for path in self.files)])

    def _download_bucket_files(self, bucket_id, files, *, raise_on_missing_files, token):
        for remote, local in files:
            local.write_bytes(self.files[remote.path])


def test_files_come_back_in_order_and_nobody_elses():
    api = FakeApi()
    bucket = HfBucket("me/votes", "hf_token", api)
    bucket.put("2.jsonl", b"two")
    bucket.put("1.jsonl", b"one")
    assert list(bucket.read()) == [("1.jsonl", b"one"), ("2.jsonl", b"two")]
    assert api.tokens == {"hf_token"}


def test_what_is_removed_is_gone_and_nothing_else():
    api = FakeApi()
    bucket = HfBucket("me/votes", "hf_token", api)
    for name in ("1.jsonl", "2.jsonl", "3.jsonl"):
        bucket.put(name, b"x")
    bucket.remove(["1.jsonl", "3.jsonl"])
    assert set(api.files) == {"other/file.txt", "votes/2.jsonl"}


def test_a_file_that_went_away_between_listing_and_fetching_is_no_reason_to_give_up():
    class Changing(FakeApi):
        def _download_bucket_files(self, *arguments, **named):
            error = RuntimeError("no such file")
            error.response = SimpleNamespace(status_code=404)
            raise error

    api = Changing()
    bucket = HfBucket("me/votes", None, api)
    bucket.put("1.jsonl", b"x")
    with pytest.raises(BucketError) as caught:
        list(bucket.read())
    assert not caught.value.hopeless


def test_more_files_than_a_page_are_all_read():
    api = FakeApi()
    api.files |= {f"votes/{at:05}": str(at).encode() for at in range(1203)}
    assert [content for _, content in HfBucket("me/votes", None, api).read()] == [
        str(at).encode() for at in range(1203)
    ]


@pytest.mark.parametrize(
    ("status", "hopeless", "word"),
    [
        (401, True, "PLAYGROUND_BUCKET_TOKEN"),
        (403, True, "write"),
        (404, True, "hf buckets create"),
        (503, False, "503"),
    ],
)
def test_what_the_library_raises_becomes_a_sentence_without_the_token(status, hopeless, word):
    error = RuntimeError("hf_canary in https://user:canary@host/")
    error.response = SimpleNamespace(status_code=status)
    bucket = HfBucket("me/votes", "hf_canary", FakeApi(error))
    for call in (lambda: bucket.put("1", b"x"), lambda: list(bucket.read())):
        with pytest.raises(BucketError, match=word) as caught:
            call()
        assert caught.value.hopeless is hopeless
        assert "canary" not in str(caught.value)
