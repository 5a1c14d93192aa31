"""Trimming: what stays, what goes, and how many went."""

from playground.conversation.context import trim
from playground.types import Message


def conversation(*roles):
    return [Message(role, f"{role} {at}") for at, role in enumerate(roles)]


def kept(messages, sizes, budget):
    return [message.content for message in trim(messages, sizes, budget).messages]


def test_what_fits_is_left_alone():
    messages = conversation("system", "user", "assistant", "user")
    trimmed = trim(messages, [10, 10, 10, 10], 40)
    assert list(trimmed.messages) == messages
    assert trimmed.left_out == 0


def test_the_oldest_turns_go_and_the_system_message_stays():
    messages = conversation("system", "user", "assistant", "user", "assistant", "user")
    trimmed = trim(messages, [10] * 6, 40)
    assert [m.content for m in trimmed.messages] == ["system 0", "user 3", "assistant 4", "user 5"]
    assert trimmed.left_out == 2


def test_what_is_kept_starts_with_a_question():
    messages = conversation("user", "assistant", "user")
    assert kept(messages, [10, 10, 10], 20) == ["user 2"]


def test_the_newest_message_stays_whatever_its_size():
    messages = conversation("user", "assistant", "user")
    trimmed = trim(messages, [1, 1, 1000], 10)
    assert [m.content for m in trimmed.messages] == ["user 2"]
    assert trimmed.left_out == 2


def test_a_long_turn_ends_the_history_even_if_older_ones_would_fit():
    messages = conversation("user", "assistant", "user", "assistant", "user")
    assert kept(messages, [1, 1, 1, 1000, 1], 10) == ["user 4"]


def test_a_conversation_that_starts_with_an_answer_is_kept_when_it_fits():
    messages = conversation("assistant", "user")
    assert len(trim(messages, [1, 1], 10).messages) == 2


def test_the_first_exchange_can_be_kept_with_the_newest_turns():
    messages = conversation("system", "user", "assistant", "user", "assistant", "user", "assistant", "user")
    trimmed = trim(messages, [10] * 8, 60, "middle")
    assert [m.content for m in trimmed.messages] == [
        "system 0",
        "user 1",
        "assistant 2",
        "user 5",
        "assistant 6",
        "user 7",
    ]
    assert (trimmed.left_out, trimmed.tokens) == (2, 60)
    assert list(trim(messages, [10] * 8, 80, "middle").messages) == messages


def test_a_first_exchange_that_has_no_room_goes_like_any_other():
    messages = conversation("user", "assistant", "user", "assistant", "user")
    trimmed = trim(messages, [10, 100, 10, 10, 10], 40, "middle")
    assert [m.content for m in trimmed.messages] == ["user 2", "assistant 3", "user 4"]


def test_whoever_wants_nothing_left_out_gets_all_of_it_and_its_size():
    messages = conversation("system", "user", "assistant", "user")
    assert trim(messages, [10] * 4, 20, "stop").messages == tuple(messages)
    assert trim(messages, [10] * 4, 20, "stop").tokens == 40
