"""Votes in a bucket: crashes between every two steps, restarts with an empty disk, undo, and a bucket that is away."""

import itertools
import json
import logging

import pytest
from sqlalchemy import text

from playground.arena.copies import Copies
from playground.arena.database import Database
from playground.arena.style import Style
from playground.arena.votes import Votes
from playground.errors import ConfigError
from playground.ops.durable import BucketError, Durable

from ..arena.conftest import database_url, postgres  # noqa: F401
from ..arena.records import CONTENDERS, battle, tallied

STYLES = {"a": Style(tokens=9), "b": Style(tokens=4)}
IDS = (f"b{at}" for at in itertools.count())


class Crash(BaseException):
    """The process is gone: nothing after it runs."""


class FakeBucket:
    """Files in memory; `steps` are called before and after each, and may end the process or fail."""

    def __init__(self, files=None):
        self.files = {} if files is None else files
        self.step = lambda where: None

    def read(self):
        self.step("before listing")
        for name, content in sorted(self.files.items()):
            self.step("before a file")
            yield name, content
        self.step("after the last file")

    def put(self, name, content):
        self.step("before the upload")
        assert name not in self.files
        self.files[name] = content
        self.step("after the upload")

    def remove(self, names):
        self.step("before the removal")
        missing = [name for name in names if self.files.pop(name, None) is None]
        self.step("after the removal")
        if missing:
            raise BucketError("some were not there")


class Steps:
    """The same Copies, with a step before and after each of its calls."""

    def __init__(self, copies, step):
        self._copies = copies
        self._step = step

    def __getattr__(self, name):
        def call(*arguments):
            self._step(f"before {name}")
            result = getattr(self._copies, name)(*arguments)
            self._step(f"after {name}")
            return result

        return call


class Machine:
    """One life of a process: a database, and votes that are copied to `bucket`."""

    def __init__(self, url, folder, bucket, step=lambda where: None, many=100):
        self.database = Database(url, folder)
        bucket.step = step
        self.durable = Durable(bucket, batch_s=0, close_s=0.2, many=many)
        self.durable.restore(Steps(Copies(self.database), step))
        self.votes = Votes(self.database, "host:1", self.durable)
        self.votes.publish(CONTENDERS)

    def vote(self, outcome="a", **more):
        one = battle(next(IDS), **more)
        self.votes.add_battle(one)
        self.votes.close_turn(one, STYLES)
        self.votes.cast(one.id, outcome, "me")
        return one.id

    def stored(self):
        """{battle: (outcome, revised)} of every vote, and how many lines of revisions there are."""
        with self.database.reading() as connection:
            rows = connection.execute(text("SELECT battle, outcome, revised FROM vote")).all()
            revisions = connection.execute(text("SELECT count(*) FROM vote_revision")).scalar()
        assert len(rows) == len({row.battle for row in rows})
        return {row.battle: (row.outcome, row.revised) for row in rows}, revisions

    def end(self):
        self.database.close()


def fresh(tmp_path):
    """A folder whose database is empty."""
    folder = tmp_path / next(IDS)
    folder.mkdir()
    return folder


def started(tmp_path, bucket, step=lambda where: None, many=100):
    return Machine("", fresh(tmp_path), bucket, step, many)


def in_bucket(bucket):
    """The newest state of each battle's vote in the files, read without our own code."""
    found = {}
    for _, content in sorted(bucket.files.items()):
        for line in map(json.loads, content.decode().splitlines()):
            if "battle" in line:
                far = len(line["vote_revision"]), len(line["vote"])
                outcome = line["vote"][0]["outcome"] if line["vote"] else None
                found[line["battle"][0]["id"]] = max(found.get(line["battle"][0]["id"], ((0, 0), "")), (far, outcome))
    return {one: outcome for one, (_, outcome) in found.items() if outcome}


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


def crashing_at(nth):
    """A step that ends the process at the `nth` one; `.last` is where that was."""

    def step(where):
        step.passed += 1
        if step.passed == nth:
            step.last = where
            raise Crash(where)

    step.passed, step.last = 0, None
    return step


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
