"""The ledger on both databases: no cap is ever passed, whoever races, and every doubt counts as spent."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from playground.conversation.allowance import Visitor
from playground.ops.budget import CapReachedError, Caps, Ledger

from ..arena.conftest import database, database_url, postgres  # noqa: F401

ANN, BOB = Visitor("1.1.1.1", "ann"), Visitor("2.2.2.2", "bob")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return [NOON]


@pytest.fixture
def ledger(database, clock):  # noqa: F811
    return Ledger(database, Caps(1.0, 0.5, 0.2), lambda: clock[0])


def test_the_narrowest_account_refuses_and_nothing_is_taken_then(ledger):
    ledger.reserve(0.15, ANN)
    with pytest.raises(CapReachedError) as caught:
        ledger.reserve(0.1, ANN)
    assert caught.value.scope == "session"
    assert caught.value.left_usd == pytest.approx(0.05)
    assert ledger.taken() == pytest.approx(0.15)
    assert ledger.left(ANN) == pytest.approx({"global": 0.85, "address": 0.35, "session": 0.05})
    assert ledger.left(BOB) == pytest.approx({"global": 0.85, "address": 0.5, "session": 0.2})


def test_fresh_sessions_of_one_address_share_its_account(ledger):
    for at in range(2):
        ledger.reserve(0.2, Visitor("1.1.1.1", f"page {at}"))
    with pytest.raises(CapReachedError) as caught:
        ledger.reserve(0.2, Visitor("1.1.1.1", "page 3"))
    assert caught.value.scope == "address"


def test_the_cap_of_everyone_holds_whoever_asks(ledger):
    for at in range(5):
        ledger.reserve(0.2, Visitor(f"3.3.3.{at}", "x"))
    with pytest.raises(CapReachedError) as caught:
        ledger.reserve(0.000001, BOB)
    assert caught.value.scope == "global"
    assert caught.value.left_usd == 0


def test_settling_puts_what_was_spent_in_the_place_of_what_was_reserved(ledger):
    reserved = ledger.reserve(0.2, ANN)
    ledger.settle(reserved, 0.01)
    assert ledger.taken() == pytest.approx(0.01)
    ledger.settle(ledger.reserve(0.19, ANN), 0.0)
    assert ledger.left(ANN)["session"] == pytest.approx(0.19)


def test_a_first_request_over_the_cap_is_refused(ledger):
    with pytest.raises(CapReachedError):
        ledger.reserve(0.21, ANN)
    assert ledger.taken() == 0


def test_a_new_day_begins_at_midnight_utc_and_a_late_bill_goes_to_its_own_day(ledger, clock):
    reserved = ledger.reserve(0.2, ANN)
    clock[0] = NOON + timedelta(days=1)
    assert ledger.left(ANN)["session"] == pytest.approx(0.2)
    ledger.settle(reserved, 0.05)
    assert ledger.taken() == 0
    clock[0] = NOON
    assert ledger.taken() == pytest.approx(0.05)


def test_a_clock_that_jumps_back_and_forth_opens_no_budget_twice(ledger, clock):
    for jump in (0, 1, 0, 1, 0):
        clock[0] = NOON + timedelta(days=jump)
        for who in range(10):
            try:
                ledger.reserve(0.2, Visitor(f"4.4.{jump}.{who}", "x"))
            except CapReachedError:
                continue
        assert ledger.taken() <= 1.0


def test_what_a_killed_process_had_reserved_stays_taken(database, ledger, clock):  # noqa: F811
    ledger.reserve(0.2, ANN)
    successor = Ledger(database, Caps(1.0, 0.5, 0.2), lambda: clock[0])
    assert successor.left(ANN)["session"] == 0


def test_racing_threads_stop_exactly_at_the_cap(database):  # noqa: F811
    ledger = Ledger(database, Caps(everyone=1.0))
    start = threading.Barrier(8)
    highest = []

    def ask(worker):
        start.wait()
        taken = 0
        for at in range(40):
            try:
                ledger.reserve(0.01, Visitor(f"{worker}", f"{at % 5}"))
                taken += 1
            except CapReachedError:
                pass
            highest.append(ledger.taken())
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(ask, range(8)))
    assert taken == 100
    assert max(highest) == pytest.approx(1.0)


def test_no_address_is_written_down(database, ledger):  # noqa: F811
    from sqlalchemy import text

    ledger.reserve(0.1, ANN)
    with database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM spending")).all()
    assert len(rows) == 3
    assert "1.1.1.1" not in str(rows)
    assert "ann" not in str(rows)
