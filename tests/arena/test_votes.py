"""The store of battles and votes, over SQLite and over Postgres: what is written, and what is refused."""

from dataclasses import replace

import pytest

from playground.arena.database import Database
from playground.arena.records import Answer, ArenaError, Turn
from playground.arena.selection import Selection
from playground.arena.style import Style
from playground.arena.votes import ORPHANED_AFTER_S, Votes

from .records import ANSWER, CONTENDERS, battle, tallied

STYLES = {"a": Style(10, 1, 2, 3), "b": Style(20, 4, 5, 6)}


def refused(kind, call, *arguments, **options):
    with pytest.raises(ArenaError) as caught:
        call(*arguments, **options)
    assert caught.value.kind == kind, caught.value.message
    assert caught.value.message
    return caught.value


def test_a_battle_comes_back_as_it_was(votes):
    turns = (Turn("One\n\x00 🌍", ANSWER, Answer("", error="timeout", error_message="Too slow.")), Turn("Two"))
    written = battle(turns=turns, status="running", leaked=("b",))
    votes.add_battle(written)
    assert votes.battle("b1") == written


@pytest.mark.parametrize("battle_id", ["nobody", "", "b1\x00", "b" * 10_000, "é", "\ud800", "b1'--"])
def test_what_is_no_battle_is_not_found(votes, battle_id):
    votes.add_battle(battle())
    refused("not_found", votes.battle, battle_id)
    refused("not_found", votes.cast, battle_id, "a", "me")
    refused("not_found", votes.undo, battle_id)


def test_a_vote_counts_once_and_the_second_is_told_the_first(votes):
    votes.add_battle(battle())
    ballot = votes.cast("b1", "b", "me")
    assert (ballot.outcome, ballot.revised) == ("b", False)
    assert refused("conflict", votes.cast, "b1", "a", "me").outcome == "b"
    assert refused("conflict", votes.cast, "b1", "a", "somebody else").outcome == "b"
    assert tallied(votes.counts()) == [("x", "y", "b", 1)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [("running", "too_early"), ("failed", "too_early"), ("interrupted", "conflict"), ("replaced", "conflict")],
)
def test_a_vote_needs_a_battle_that_is_ready(votes, status, kind):
    votes.add_battle(battle(status=status))
    refused(kind, votes.cast, "b1", "a", "me")
    assert tallied(votes.counts()) == []


@pytest.mark.parametrize("outcome", ["c", "", "A", "a ", "model_a", "a\x00"])
def test_an_unknown_outcome_is_refused_and_the_battle_stays_open(votes, outcome):
    votes.add_battle(battle())
    assert "both_bad" in refused("bad_request", votes.cast, "b1", outcome, "me").message
    votes.cast("b1", "both_bad", "me")


def test_a_named_comparison_is_no_battle_to_vote_on(votes):
    votes.add_comparison(CONTENDERS, [(battle("s1", kind="side_by_side"), "a")], "me")
    refused("conflict", votes.cast, "s1", "a", "me")
    votes.add_battle(battle("s2", kind="side_by_side"))
    refused("not_found", votes.cast, "s2", "a", "me")


def test_undo_makes_the_vote_a_revision_and_the_next_one_does_not_count(votes, database):
    votes.add_battle(battle())
    votes.cast("b1", "a", "me")
    assert votes.undo("b1") == "a"
    assert tallied(votes.counts()) == []
    refused("conflict", votes.undo, "b1")
    assert votes.cast("b1", "tie", "me").revised is True
    assert tallied(votes.counts()) == []
    assert tallied(votes.tally("me")) == [("x", "y", "tie", 1)]
    assert votes.undo("b1") == "tie"
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT revision, outcome FROM vote_revision ORDER BY revision").all()
    assert [tuple(row) for row in rows] == [(1, "a"), (2, "tie")]


def test_undo_ends_with_the_voters_next_battle(votes):
    votes.add_battle(battle("b1"))
    votes.cast("b1", "a", "me")
    votes.add_battle(battle("b2", voter="somebody else"))
    votes.undo("b1")
    votes.cast("b1", "a", "me")
    votes.add_battle(battle("b3"))
    refused("conflict", votes.undo, "b1")
    assert tallied(votes.tally("me")) == [("x", "y", "a", 1)]


def test_a_vote_on_answers_that_gave_a_name_away_is_stored_and_not_counted(votes):
    votes.add_battle(battle(leaked=("a",)))
    votes.cast("b1", "a", "me")
    assert tallied(votes.counts()) == []
    assert tallied(votes.tally("me")) == [("x", "y", "a", 1)]


def test_votes_are_added_up_by_seat_and_outcome(votes):
    for at, (seats, outcome) in enumerate([("xy", "a"), ("xy", "a"), ("yx", "a"), ("xz", "both_bad")]):
        votes.add_battle(battle(f"b{at}", seats[0], seats[1]))
        votes.cast(f"b{at}", outcome, "me")
    assert tallied(votes.counts()) == [("x", "y", "a", 2), ("x", "z", "both_bad", 1), ("y", "x", "a", 1)]
    assert (
        tallied(votes.counts(Selection(kind="side_by_side"))) == tallied(votes.counts(Selection(source="judge"))) == []
    )


def with_turn(before, prompt="More"):
    return replace(before, turns=(*before.turns, Turn(prompt)), status="running")


def test_a_further_prompt_is_written_before_it_is_answered(votes):
    first = battle()
    votes.add_battle(first)
    votes.open_turn(first, with_turn(first))
    assert votes.battle("b1").prompts[-1] == "More"
    refused("too_early", votes.cast, "b1", "a", "me")


def test_no_further_prompt_after_a_vote_or_an_undo_or_in_another_window(votes):
    first = battle()
    votes.add_battle(first)
    refused("conflict", votes.open_turn, with_turn(first), with_turn(with_turn(first)))
    votes.cast("b1", "a", "me")
    refused("conflict", votes.open_turn, first, with_turn(first))
    votes.undo("b1")
    refused("conflict", votes.open_turn, first, with_turn(first))
    assert votes.battle("b1") == first


def test_closing_a_turn_keeps_answers_status_leaks_and_style(votes, database):
    first = battle(status="running", turns=(Turn("Hi"),))
    votes.add_battle(first)
    closed = replace(first.with_answers(0, {"a": ANSWER, "b": ANSWER}), status="ready", leaked=("a", "b"))
    votes.close_turn(closed, STYLES)
    assert votes.battle("b1") == closed
    with database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT a_tokens, a_headers, a_lists, a_bold, b_tokens, b_headers, b_lists, b_bold FROM battle"
        ).one()
    assert tuple(row) == (10, 1, 2, 3, 20, 4, 5, 6)


def test_a_failed_battle_goes_on_once_with_another_opponent(votes):
    votes.add_battle(battle("b1", status="failed"))
    votes.add_battle(battle("b2", b="z", status="running"), "b1")
    assert votes.battle("b1").status == "replaced"
    refused("conflict", votes.add_battle, battle("b3", b="z"), "b1")
    refused("not_found", votes.battle, "b3")


def test_a_battle_that_was_voted_on_does_not_go_on(votes):
    votes.add_battle(battle("b1"))
    votes.cast("b1", "a", "me")
    refused("conflict", votes.add_battle, battle("b2", b="z"), "b1")
    votes.undo("b1")
    refused("conflict", votes.add_battle, battle("b2", b="z"), "b1")


def test_a_comparison_is_stored_whole_or_not_at_all(votes):
    pairs = [(battle("s1", kind="side_by_side"), "a"), (battle("s2", "x", "z", kind="side_by_side"), "tie")]
    votes.add_comparison(CONTENDERS, pairs, "me")
    assert tallied(votes.counts(Selection(kind="side_by_side"))) == [("x", "y", "a", 1), ("x", "z", "tie", 1)]
    assert tallied(votes.counts()) == tallied(votes.tally("me")) == []
    refused("conflict", votes.add_comparison, CONTENDERS, [(battle("s3", kind="side_by_side"), "a"), pairs[0]], "me")
    refused("not_found", votes.battle, "s3")
    assert tallied(votes.counts(Selection(kind="side_by_side"))) == [("x", "y", "a", 1), ("x", "z", "tie", 1)]


def test_contenders_that_left_the_catalog_stay_listed_as_retired(votes):
    x, y, z = CONTENDERS
    votes.publish([x, replace(y, name="Renamed")])
    known = votes.contenders()
    assert {name: one.retired for name, one in known.items()} == {"x": False, "y": False, "z": True}
    assert known["y"].name == "Renamed"
    assert known["z"].contender == z.contender
    votes.publish(CONTENDERS)
    assert votes.contender("z").retired is False
    with pytest.raises(KeyError):
        votes.contender("nobody")


def test_after_a_crash_what_was_running_is_recognisable(database, database_url, tmp_path):
    before = Votes(database, "host:1")
    before.publish(CONTENDERS)
    other = Votes(database, "host:2")
    for votes, name in [(before, "mine"), (other, "theirs"), (other, "old")]:
        votes.add_battle(battle(name, status="running"))
    before.add_battle(battle("done"))
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE battle SET updated = updated - {ORPHANED_AFTER_S} WHERE id = 'old'")
        connection.exec_driver_sql("UPDATE battle SET updated = 4e9 WHERE id = 'theirs'")
    again_on = Database(database_url, tmp_path)
    again = Votes(again_on, "host:1")
    statuses = {name: again.battle(name).status for name in ("mine", "theirs", "old", "done")}
    again_on.close()
    assert statuses == {"mine": "interrupted", "theirs": "running", "old": "interrupted", "done": "ready"}
    assert again.interrupted == 2


def test_a_voter_is_the_same_after_a_restart_and_another_elsewhere(votes, database, database_url, tmp_path):
    again = Votes(database, "host:1")
    elsewhere_on = Database("", tmp_path / "elsewhere")
    elsewhere = Votes(elsewhere_on, "host:1")
    assert votes.voter("me") == again.voter("me") != votes.voter("you")
    assert elsewhere.voter("me") != votes.voter("me")
    assert "me" != votes.voter("me\ud800") != votes.voter("me")
    elsewhere_on.close()
