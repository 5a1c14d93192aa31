"""Votes in a bucket: crashes between every two steps, restarts with an empty disk, undo, and a bucket that is away."""

import itertools
import logging

import pytest

from playground.errors import ConfigError
from playground.ops.durable import BucketError, Durable

from ..arena.conftest import database_url, postgres  # noqa: F401
from ..arena.records import tallied
from .machines import Crash, FakeBucket, Machine, crashing_at, fresh, in_bucket, started


def test_a_new_disk_gets_back_every_vote_with_its_battle_its_undo_and_its_voters(tmp_path):
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)
    kept, undone, changed = machine.vote("a"), machine.vote("b", a="y", b="z"), machine.vote("tie", category="code")
    machine.durable.save()
    machine.votes.undo(changed)
    machine.votes.cast(changed, "both_bad", "me")
    machine.durable.save()
    late = machine.vote("b")
    machine.durable.save()
    machine.votes.undo(late)
    machine.durable.save()
    before = machine.stored(), machine.votes.voter("somebody"), machine.votes.battle(changed)
    counts = tallied(machine.votes.counts()), machine.votes.longer(), machine.votes.battle(kept)
    machine.end()
    again = started(tmp_path, bucket)
    assert (again.stored(), again.votes.voter("somebody"), again.votes.battle(changed)) == before
    assert (tallied(again.votes.counts()), again.votes.longer(), again.votes.battle(kept)) == counts
    assert again.stored() == ({kept: ("a", 0), undone: ("b", 0), changed: ("both_bad", 1)}, 2)
    assert again.durable.unsaved == 0
    again.votes.cast(late, "a", "me")
    assert again.stored()[0][late] == ("a", 1)
    again.end()


def lives(machine, promised):
    """What a process does: votes, one upload, an undo and another vote, one more upload. `promised` notes it."""
    first, second = machine.vote("a"), machine.vote("b")
    promised |= {first: "a", second: "b"}
    machine.durable.save()
    machine.votes.undo(second)
    promised[second] = None
    third = machine.vote("tie")
    promised[third] = "tie"
    machine.durable.save()


def test_a_crash_between_any_two_steps_loses_nothing_that_was_saved_and_counts_nothing_twice(tmp_path):
    reached = set()
    for nth in itertools.count(1):
        bucket, promised = FakeBucket(), {}
        before = started(tmp_path, bucket)
        old = before.vote("a")
        before.durable.save()
        before.end()
        step, machine = crashing_at(nth), None
        try:
            machine = started(tmp_path, bucket, step)
            lives(machine, promised)
        except Crash:
            pass
        unsaved = machine.durable.unsaved if machine else 0
        if machine:
            machine.end()
        saved = in_bucket(bucket)
        after = started(tmp_path, bucket)
        votes, _ = after.stored()
        assert {one: outcome for one, (outcome, _) in votes.items()} == saved, step.last
        assert saved[old] == "a"
        # What was promised and is not in the bucket was said to be unsaved.
        differ = {one for one, outcome in promised.items() if saved.get(one) != outcome}
        assert len(differ) <= unsaved, step.last
        assert sum(row[3] for row in tallied(after.votes.counts())) == len(saved)
        after.end()
        if step.last is None:
            assert not differ
            break
        reached.add(step.last)
    assert reached >= {"before lines", "after lines", "before the upload", "after the upload", "before a file"}
    assert reached >= {
        "before listing",
        "before merge",
        "after merge",
        "before salt",
        "before how_far",
        "after how_far",
    }


def test_a_crash_on_a_disk_that_stays_is_made_good_at_the_next_start(database_url, tmp_path):  # noqa: F811
    for nth in itertools.count(1):
        bucket, promised = FakeBucket(), {}
        step = crashing_at(nth)
        url = database_url if nth == 1 else ""
        folder = fresh(tmp_path)
        machine = None
        try:
            machine = Machine(url, folder, bucket, step)
            lives(machine, promised)
        except Crash:
            pass
        if machine:
            machine.end()
        again = Machine(url, folder, bucket)
        expected = {one: outcome for one, outcome in promised.items() if outcome}
        here = {one: outcome for one, (outcome, _) in again.stored()[0].items()}
        assert expected.items() <= here.items()
        again.durable.save()
        assert again.durable.unsaved == 0
        assert in_bucket(bucket) == here
        again.end()
        if step.last is None:
            break
    assert nth > 10


def test_files_merge_in_any_order_and_twice(database_url, tmp_path):  # noqa: F811
    bucket = FakeBucket()
    machine = Machine(database_url, tmp_path, bucket)
    one = machine.vote("a")
    machine.durable.save()
    machine.votes.undo(one)
    machine.durable.save()
    machine.votes.cast(one, "b", "me")
    other = machine.vote("tie")
    machine.durable.save()
    expected = machine.stored(), tallied(machine.votes.counts())
    machine.end()
    contents = list(bucket.files.values())
    for order in itertools.permutations(range(3)):
        files = {f"{at}": contents[which] for at, which in enumerate((*order, order[0]))}
        again = started(tmp_path, FakeBucket(files))
        assert (again.stored(), tallied(again.votes.counts())) == expected
        assert set(again.stored()[0]) == {one, other}
        again.end()


def test_an_upload_that_fails_is_sent_again_unchanged_and_what_came_meanwhile_follows(tmp_path):
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)
    one = machine.vote("a")

    def away(where):
        raise BucketError("away")

    bucket.step = away
    with pytest.raises(BucketError):
        machine.durable.save()
    assert machine.durable.unsaved == 1
    machine.votes.undo(one)
    other = machine.vote("b")
    bucket.step = lambda where: None
    machine.durable.save()
    assert machine.durable.unsaved == 2
    assert in_bucket(bucket) == {one: "a"}
    machine.durable.save()
    assert machine.durable.unsaved == 0
    assert in_bucket(bucket) == {other: "b"}
    machine.end()


def test_the_background_copies_by_itself_and_the_end_copies_what_is_left(tmp_path):
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)
    failures = iter([BucketError("away")])

    def fails_once(where):
        for error in failures:
            raise error

    bucket.step = fails_once
    machine.durable.start()
    votes = {machine.vote("a") for _ in range(5)}
    machine.votes.close()
    assert set(in_bucket(bucket)) == votes
    assert machine.durable.unsaved == 0


def test_what_cannot_be_copied_before_the_end_is_said(tmp_path, caplog):
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)

    def away(where):
        raise BucketError("away")

    bucket.step = away
    machine.durable.start()
    machine.vote("a")
    with caplog.at_level(logging.WARNING):
        machine.votes.close()
    assert "1 votes could not be copied" in caplog.text


def test_a_bucket_that_nobody_may_read_stops_the_start_and_a_broken_file_does_not(tmp_path, caplog):
    bucket = FakeBucket()
    machine = started(tmp_path, bucket)
    one = machine.vote("a")
    machine.durable.save()
    machine.end()
    bucket.files |= {"0": b"\xff", "1": b"{}\n7\n", "2": b'{"battle": [{"id": "x"}]}\n', "3": b"no json\n"}
    again = started(tmp_path, bucket)
    assert set(again.stored()[0]) == {one}
    again.end()
    assert caplog.text.count("left out") == 4

    def refused(where):
        raise BucketError("the token is not known.", hopeless=True)

    with pytest.raises(ConfigError, match="PLAYGROUND_BUCKET cannot be used: the token is not known"):
        started(tmp_path, bucket, refused)
    with pytest.raises(ConfigError, match="the token is not known"):
        Durable(bucket).check()
