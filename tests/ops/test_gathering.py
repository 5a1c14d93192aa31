"""Many small files in the bucket become few: nothing is lost at any crash, and writers beside it stay right."""

import contextlib
import itertools
import json

import pytest

from playground.ops.durable import BucketError
from playground.ops.gathering import GATHERED_BYTES, MANY, SMALL_BYTES, Small, groups

from .machines import Crash, FakeBucket, crashing_at, started

VOTES = 7


@pytest.fixture
def full(tmp_path):
    """(bucket with a file for each of some votes and for an undo, what a start makes of it)."""
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)
    for at in range(VOTES):
        last = machine.vote(("a", "b", "tie")[at % 3])
        machine.durable.save()
    machine.votes.undo(last)
    machine.durable.save()
    machine.end()
    assert len(bucket.files) == VOTES + 1
    return bucket, restored(tmp_path, bucket)


def restored(tmp_path, bucket):
    """Votes, revisions and the voters' salt that a start on an empty disk has from the bucket."""
    machine = started(tmp_path, FakeBucket(dict(bucket.files)))
    found = machine.stored(), machine.votes.voter("somebody")
    assert machine.durable.unsaved == 0
    machine.end()
    return found


def gathered(tmp_path, bucket, step=lambda where: None):
    """A start that meets many files, and what its background does then."""
    machine = started(tmp_path, bucket, step, many=5)
    try:
        machine.durable.gather()
    finally:
        machine.end()


def test_many_files_become_one_that_says_the_same(full, tmp_path):
    bucket, before = full
    bucket.files["0-broken.jsonl"] = b"no json\n"
    gathered(tmp_path, bucket)
    assert len(bucket.files) == 2
    assert bucket.files["0-broken.jsonl"] == b"no json\n", "what was not understood is left alone"
    assert restored(tmp_path, bucket) == before
    names = set(bucket.files)
    gathered(tmp_path, bucket)
    assert set(bucket.files) == names, "a few files are left as they are"


def test_a_few_files_are_left_as_they_are(full, tmp_path):
    bucket, _ = full
    names = set(bucket.files)
    machine = started(tmp_path, bucket, many=VOTES + 2)
    machine.durable.gather()
    machine.end()
    assert set(bucket.files) == names


def test_a_crash_between_any_two_steps_loses_no_vote(full, tmp_path):
    bucket, before = full
    reached = set()
    for nth in itertools.count(1):
        files = FakeBucket(dict(bucket.files))
        step = crashing_at(nth)
        with contextlib.suppress(Crash):
            gathered(tmp_path, files, step)
        files.step = lambda where: None
        assert restored(tmp_path, files) == before, step.last
        gathered(tmp_path, files)
        assert restored(tmp_path, files) == before, step.last
        if step.last is None:
            break
        reached.add(step.last)
    assert reached >= {"before the upload", "after the upload", "before the removal", "after the removal"}


def test_two_that_gather_at_once_and_one_that_writes_lose_nothing(full, tmp_path):
    bucket, _ = full
    one, two, writer = (started(tmp_path, bucket, many=many) for many in (5, 5, 100))
    late = writer.vote("a")
    writer.durable.save()
    one.durable.gather()
    two.durable.gather()  # its files have gone already, and it has written them together once more
    writer.votes.undo(late)
    writer.votes.cast(late, "tie", "me")
    writer.durable.save()
    expected = writer.stored()
    for machine in (one, two, writer):
        machine.end()
    assert restored(tmp_path, bucket)[0] == expected
    assert len(bucket.files) <= 4


def test_a_bucket_that_takes_nothing_now_is_left_as_it_is(full, tmp_path, caplog):
    bucket, before = full
    names = set(bucket.files)

    def away(where):
        if where == "before the upload":
            raise BucketError("away")

    gathered(tmp_path, bucket, away)
    bucket.step = lambda where: None
    assert set(bucket.files) == names
    assert "left as they are: away" in caplog.text
    assert restored(tmp_path, bucket) == before


def test_thousands_of_files_become_a_few_of_a_good_size():
    small, bucket = Small(), FakeBucket()
    line = json.dumps({"x": "y" * 3000}).encode()
    for at in range(5000):
        name = f"{at:013}-x.jsonl"
        bucket.files[name] = line if at % 2 else line + b"\n"
        small.note(name, bucket.files[name])
    large = b"z" * SMALL_BYTES
    bucket.files["large"] = large
    small.note("large", large)
    small.gather(bucket, lambda: True)
    assert bucket.files.pop("large") == large
    assert 3 <= len(bucket.files) <= 5
    assert all(len(content) < GATHERED_BYTES + SMALL_BYTES for content in bucket.files.values())
    found = b"".join(content for _, content in sorted(bucket.files.items())).splitlines()
    assert found == [line] * 5000


def test_told_to_end_it_stops_between_two_groups():
    small, bucket = Small(), FakeBucket()
    for at in range(MANY):
        bucket.files[f"{at:03}"] = b"x" * (SMALL_BYTES - 1)
        small.note(f"{at:03}", bucket.files[f"{at:03}"])
    go_on = iter([True, False])
    small.gather(bucket, lambda: next(go_on))
    assert MANY > len(bucket.files) > MANY / 2
    assert len(list(groups([("a", b"x")]))) == 0
