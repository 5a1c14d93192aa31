"""How large a conversation may become: the newest probabilities are kept, and what goes out comes in again."""

import json
from dataclasses import replace

import pytest

from playground.conversation import records, room
from playground.conversation.archive import Conversation
from playground.conversation.exchange import read_file
from playground.conversation.growing import Reply
from playground.conversation.records import MOST_IMAGE_BYTES, dump, is_full, load, size, to_json, unkept_tokens
from playground.ops.limits import MAX_BODY_BYTES
from playground.types import Contender, Image, Message, TokenLogprob

TOKEN = TokenLogprob(' "word"\n', -0.1234, tuple((f" “other” {at}", -2.5 - at) for at in range(5)))


def talk(answers, tokens=1_000, text="Hello"):
    conversation = Conversation("c1")
    for _ in range(answers):
        conversation = conversation.said(Message("user", "Again?"), under=conversation.leaf)
        reply = Reply("m", text, finish_reason="stop", tokens=(TOKEN,) * tokens)
        conversation = conversation.said(Message("assistant", text), reply, under=conversation.leaf)
    return conversation


def kept(conversation):
    return [at for at, turn in enumerate(dump(conversation)["turns"]) if turn.get("reply", {}).get("tokens")]


def posted(text):
    """What the page's script sends of a file or a record."""
    return len(json.dumps({"text": text}, ensure_ascii=False).encode())


def test_probabilities_of_the_newest_answers_are_kept_and_the_others_counted():
    conversation = talk(14)
    newest = kept(conversation)
    assert 0 < len(newest) < 14
    assert newest == list(range(1, 28, 2))[-len(newest) :]
    assert unkept_tokens(conversation) == {at: 1_000 for at in range(1, 28, 2) if at not in newest}
    turns = dump(conversation)["turns"]
    assert [turn.get("lost_tokens") for turn in turns[:4]] == [None, 1_000, None, 1_000]
    assert sum(room.size(turns[at]["reply"]["tokens"]) for at in newest) <= room.MOST_ODDS_BYTES


def test_what_was_left_out_stays_counted_and_a_few_probabilities_are_all_kept():
    again = load(json.loads(to_json(talk(14))))
    assert again.turns[1].lost_tokens == 1_000
    assert dump(again) == dump(talk(14)) | {"turns": dump(again)["turns"]}
    assert dump(again)["turns"][1]["lost_tokens"] == 1_000
    assert unkept_tokens(talk(3)) == {}
    assert load(dump(talk(3))).turns[1].reply.tokens == (TOKEN,) * 1_000


def test_one_answer_with_too_many_takes_no_room_from_the_others():
    conversation = talk(1).said(Message("user", "More"), under=1)
    reply = Reply("m", "x", tokens=(TOKEN,) * (room.MOST_TOKENS + 1))
    assert kept(conversation.said(Message("assistant", "x"), reply, under=2)) == [1]


def test_what_an_answer_has_lost_it_does_not_get_back_when_more_is_said():
    conversation, lost = talk(14), set()
    for end in range(2, 29, 2):
        now = set(unkept_tokens(replace(conversation, turns=conversation.turns[:end], leaf=end - 1)))
        assert lost <= now
        lost = now


@pytest.mark.parametrize(
    "text",
    ["word " * 600_000, '"' * 900_000, "\n" * 1_200_000, "ü😀" * 600_000, "\\" * 900_000],
    ids=["words", "quotes", "breaks", "signs", "backslashes"],
)
def test_our_own_file_is_never_too_large_to_be_imported(text):
    full = talk(14, text="Hello").said(Message("user", text), under=27)
    assert size(full) <= room.MOST_BYTES
    file = to_json(full)
    assert len(file.encode()) <= posted(file) <= room.LARGEST_FILE
    assert read_file(file, "c1").messages() == full.messages()


def test_pictures_text_and_probabilities_have_room_together():
    pictures = tuple(Image("image/png", b"x" * (MOST_IMAGE_BYTES // 5), 1, 1) for _ in range(5))
    full = talk(14).said(Message("user", "What?" * 60_000, pictures), under=27)
    assert size(full) <= room.MOST_BYTES
    assert posted(to_json(full)) <= room.LARGEST_FILE


def test_the_servers_limit_has_room_for_all_that_is_opened_and_imported():
    assert room.LARGEST_FILE + 100_000 <= MAX_BODY_BYTES
    # One more answer than fits: a hundred thousand tokens of text.
    assert room.MOST_BYTES + 900_000 <= room.LARGEST_FILE


def test_the_size_is_that_of_json_within_json():
    value = {"a": 'ü"\n\\', "b": [1.5, None]}
    inner = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert room.size(value) == len(json.dumps(inner, ensure_ascii=False).encode()) - 2
    assert records.size(talk(2)) == records.size(talk(2, tokens=0)), "probabilities make room"


@pytest.mark.parametrize("sign", ["a", '"', "\x01", "😀"], ids=["letter", "quote", "control", "emoji"])
def test_a_conversation_is_full_exactly_where_its_size_says_so(sign):
    room_left = room.MOST_BYTES - size(talk(3))
    each = room.size(sign * 100) - room.size("")
    fits, full = ((room_left + more) * 100 // each for more in (-2_000, 2_000))
    said = [talk(3).said(Message("user", sign * count), under=5) for count in (fits, full)]
    assert [is_full(conversation) for conversation in said] == [False, True]
    assert [size(conversation) > room.MOST_BYTES for conversation in said] == [False, True]


def test_pictures_and_the_prompt_of_who_answers_can_fill_a_conversation_too():
    picture = Image("image/png", b"x" * MOST_IMAGE_BYTES, 1, 1)
    pictured = talk(1, tokens=0).said(Message("user", "What?", (picture,)), under=1)
    assert not is_full(pictured)
    assert is_full(pictured.said(Message("user", "x" * 500_000), under=2))
    assert is_full(replace(pictured, contender=Contender("m", "x" * 500_000)))
