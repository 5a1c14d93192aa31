"""What is known of late."""

from playground.ui.recent import MOST, Recent


def test_the_first_note_holds_and_the_oldest_is_forgotten():
    recent = Recent()
    assert recent.note("a", 1) == 1
    assert recent.note("a", 2) == recent["a"] == 1
    for at in range(MOST):
        recent.note(at, at)
    assert len(recent) == MOST and "a" not in recent and MOST - 1 in recent
