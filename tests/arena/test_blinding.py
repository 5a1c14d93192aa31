"""What is released of two answers: the same amount at the same moments, whoever is faster."""

import itertools

import pytest

from playground.arena.blinding import Pane, Release, Seen, settled

A, B = "a" * 400, "b" * 300
TICK_S = 0.05


def stream(text, speed, start_s=0.0, **end):
    """What the server has of an answer at a moment, written at `speed` characters a second."""

    def at(now_s):
        length = max(0, int((now_s - start_s) * speed))
        return Seen(text[:length], length >= len(text), **(end if length >= len(text) else {}))

    return at


def shown(a, b, kept=(), until_s=60.0):
    """(time, panes) of every tick until both are whole."""
    release, history = Release(frozenset(kept)), []
    now_s = -TICK_S
    while not (history and settled(history[-1][1])):
        now_s += TICK_S
        panes = release.panes(now_s, {"a": a(now_s), "b": b(now_s)})
        history.append((now_s, panes))
        assert now_s < until_s, "never released"
    return history


def lengths(history):
    return [(len(panes["a"].text), len(panes["b"].text)) for _, panes in history]


@pytest.mark.parametrize(("speed_a", "speed_b"), [(40, 200), (200, 40), (100, 100), (3000, 60)])
def test_both_panes_hold_the_same_amount_at_every_moment(speed_a, speed_b):
    for a, b in lengths(shown(stream(A, speed_a), stream(B, speed_b))):
        assert b == min(a, len(B))


def test_who_is_faster_cannot_be_seen():
    one = lengths(shown(stream(A, 40, 0.5), stream(A.upper(), 250)))
    other = lengths(shown(stream(A, 250), stream(A.upper(), 40, 0.5)))
    assert one == other


def test_nothing_is_shown_before_both_have_begun():
    for now_s, panes in shown(stream(A, 500), stream(B, 100, start_s=3.0)):
        if now_s < 3:
            assert panes == {"a": Pane(), "b": Pane()}


@pytest.mark.parametrize("gap_s", [0.1, 0.15, 0.2])
def test_the_rhythm_of_the_slower_one_is_not_seen(gap_s):
    """It sends piece by piece, as providers do; both panes grow evenly all the same, held back as they are."""

    def pieces(now_s):
        length = int(max(now_s, 0) / gap_s + 1e-9) * int(100 * gap_s)
        return Seen(A[:length], length >= len(A))

    history = shown(pieces, stream(A.upper(), 300))
    growing = [
        len(later["a"].text) - len(earlier["a"].text)
        for (now_s, earlier), (_, later) in itertools.pairwise(history)
        if 1 < now_s < 3.5
    ]
    assert len(growing) > 40
    assert max(growing) - min(growing) <= 2


def test_the_text_is_whole_and_in_order_at_the_end():
    history = shown(stream(A, 90), stream(B, 300))
    assert history[-1][1] == {"a": Pane(A, done=True), "b": Pane(B, done=True)}
    for (_, before), (_, after) in itertools.pairwise(history):
        for seat in "ab":
            assert after[seat].text.startswith(before[seat].text)


def test_the_pace_does_not_change_when_the_shorter_one_ends():
    """Else the longer answer's own speed would show."""
    seen = lengths(shown(stream(A, 900), stream(B[:100], 90)))
    steps = [(b, later - a) for (a, b), (later, _) in itertools.pairwise(seen)]
    during = [step for b, step in steps if 40 < b < 100]
    after = [step for b, step in steps if b == 100][1:-1]
    assert abs(sum(during) / len(during) - sum(after) / len(after)) < 1


def test_who_hurries_once_the_other_has_ended_is_not_shown_faster():
    def hurrying(now_s):
        length = int(now_s * 40 if now_s < 6 else 240 + (now_s - 6) * 800)
        return Seen(A[: max(0, length)], length >= len(A))

    seen = lengths(shown(hurrying, stream(B[:150], 200)))
    after = [later - a for (a, b), (later, _) in itertools.pairwise(seen) if b == 150][1:-1]
    assert len(after) > 80 and max(after) <= TICK_S * 40


def test_an_end_is_only_told_with_the_last_character():
    for _, panes in shown(stream(A, 5000), stream(B, 50)):
        for seat, whole in (("a", A), ("b", B)):
            assert panes[seat].ended == (len(panes[seat].text) == len(whole))


def test_a_failure_is_told_when_all_that_came_before_it_is_shown():
    history = shown(stream(A[:50], 500, failed=True), stream(B, 100))
    assert history[-1][1]["a"] == Pane(A[:50], failed=True)
    assert all(len(panes["a"].text) == 50 for _, panes in history if panes["a"].failed)


@pytest.mark.parametrize("broken", ["a", "b"])
def test_a_side_that_says_nothing_does_not_hold_the_other_back(broken):
    sides = {broken: stream("", 1, failed=True), "ab".replace(broken, ""): stream(B, 100)}
    history = shown(sides["a"], sides["b"])
    assert history[-1][1][broken] == Pane(failed=True)
    begun = next(now_s for now_s, panes in history if panes[broken].failed)
    assert begun == pytest.approx(len(B) / 100, abs=2 * TICK_S)


def test_two_sides_that_say_nothing_end_at_once():
    assert len(shown(stream("", 1, failed=True), stream("", 1, failed=True))) == 1


def test_an_answer_from_before_stays_while_a_newcomer_writes():
    history = shown(stream(A, 1e9), stream(B, 80), kept="a")
    assert all(panes["a"] == Pane(A, done=True) for _, panes in history[1:])
    assert history[-1][1]["b"] == Pane(B, done=True)


@pytest.mark.parametrize("speed", [20, 80, 5000])
def test_who_writes_alone_is_shown_at_a_pace_that_is_not_its_own(speed):
    """Quick or slow, and with pauses: all of it is there before any of it is shown."""
    history = shown(stream(A, 1e9), stream(B, speed), kept="a")
    seen = [(now_s, len(panes["b"].text)) for now_s, panes in history]
    assert not any(length for now_s, length in seen if now_s < len(B) / speed - TICK_S)
    growing = [
        later - earlier for (_, earlier), (_, later) in itertools.pairwise(seen) if earlier > 0 and later < len(B)
    ]
    assert max(growing) - min(growing) <= 1


def test_no_answer_overtakes_what_has_arrived():
    for now_s, panes in shown(stream(A, 20), stream(B, 700)):
        assert len(panes["a"].text) <= now_s * 20
