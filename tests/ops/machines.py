"""A bucket in memory, and machines that copy their votes to it and may be gone between any two steps."""

import itertools
import json

from sqlalchemy import text

from playground.arena.copies import Copies
from playground.arena.database import Database
from playground.arena.style import Style
from playground.arena.votes import Votes
from playground.ops.durable import BucketError, Durable

from ..arena.records import CONTENDERS, battle

STYLES = {"a": Style(tokens=9), "b": Style(tokens=4)}
IDS = (f"b{at}" for at in itertools.count())


class Crash(BaseException):
    """The process is gone: nothing after it runs."""


class FakeBucket:
    """Files in memory; `step` is called before and after whatever is done to one, and may end the process or fail."""

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


def crashing_at(nth):
    """A step that ends the process at the `nth` one; `.last` is where that was."""

    def step(where):
        step.passed += 1
        if step.passed == nth:
            step.last = where
            raise Crash(where)

    step.passed, step.last = 0, None
    return step
