"""Conversations to files and back, files of others, and what is said of files that are no conversation."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from playground.conversation import exchange, records
from playground.conversation.archive import Conversation
from playground.conversation.exchange import from_messages, read_file, to_markdown
from playground.conversation.growing import Reply
from playground.conversation.records import UnreadableError
from playground.errors import ProviderError
from playground.types import Contender, Message, SamplingParams, Usage

from ..pictures import PNG

ADDRESS = f"data:image/png;base64,{b64encode(PNG.data).decode()}"
PICTURE = {"type": "image_url", "image_url": {"url": ADDRESS}}
REPLY = Reply(
    "gpt-4o",
    "    code\n\ttab",
    "Hmm",
    Usage(10, 20, 3, 4, True),
    "length",
    "said",
    0.5,
    0.4,
    1.5,
    0.25,
    ProviderError("timeout", "Too slow."),
    ("seed",),
    2,
)
FULL = (
    Conversation("abc", "Title", contender=Contender("gpt-4o", "Be brief.", SamplingParams(0.0, stop=("a", "b"))))
    .said(Message("user", "Q\n<!-- user -->\n## You"), under=None)
    .said(Message("assistant", REPLY.text), REPLY, under=0)
    .said(Message("assistant", "B"), Reply("gpt-4o", "B", finish_reason="stop", cost=0.0), under=0)
    .said(Message("user", "Q2"), under=1)
)


def without_error(conversation):
    turns = [replace(turn, reply=turn.reply and replace(turn.reply, error=None)) for turn in conversation.turns]
    return replace(conversation, turns=tuple(turns))


def test_json_holds_every_branch_and_figure():
    back = read_file(records.to_json(FULL), "abc")
    assert without_error(back) == without_error(FULL)
    assert str(back.turns[1].reply.error.message) == "Too slow."
    assert records.load(json.loads(records.to_json(Conversation("x")))) == Conversation("x")


def test_markdown_is_read_back_as_the_branch_in_view():
    back = read_file(to_markdown(FULL), "new")
    assert back.messages() == FULL.messages()
    assert (back.title, back.contender.system_prompt) == ("Title", "Be brief.")


@pytest.mark.parametrize("wrapped", [False, True])
def test_lists_of_messages_as_openai_takes_them_are_read(wrapped):
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hel"}, PICTURE, {"type": "input_text", "text": "lo"}]},
        {"role": "assistant", "content": "Hi"},
    ]
    read = read_file(json.dumps({"messages": messages} if wrapped else messages), "id1")
    assert [(message.role, message.content) for message in read.messages()] == [("user", "Hello"), ("assistant", "Hi")]
    assert read.contender.system_prompt == "Be brief."
    assert read.messages()[0].images == (PNG,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]', "Message 2 has the role 'tool'"),
        ('[{"role": "user", "content": null}]', "Message 1 has no text"),
        ('[{"role": "user", "content": [{"type": "input_audio"}]}]', "Message 1 has a part of type 'input_audio'"),
        ('[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b"}}]}]', "only data:"),
        (json.dumps([{"role": "assistant", "content": [PICTURE]}]), "Message 1 has an image"),
        ('["hello"]', "Message 1 must be an object"),
        ('[{"role": "system", "content": "a"}]', "no message from a user"),
        ('{"a": 1}', "nothing in it is a conversation"),
        ('{"messages": ', "not valid JSON: line 1"),
        ("", "empty"),
        ("# Shopping\n- milk", "no message has a mark"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"role": ' + "1" * 5_000 + "}]", "a number too long"),
        ('[{"role": "user", "content": "half \\ud83d"}]', "Message 1 contains half a character"),
    ],
)
def test_what_is_no_conversation_is_refused_with_the_place(text, said):
    with pytest.raises(UnreadableError, match=said):
        read_file(text, "id1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turns": [{"parent": None, "role": "robot", "content": ""}]}, "Turn 1, role"),
        ({"turns": [{"parent": 0, "role": "user", "content": ""}]}, "Turn 1 answers turn 1"),
        ({"turns": [{"parent": None, "role": "user"}]}, "Turn 1, content"),
        ({"title": "x" * 300}, "title"),
        ({"created": float("nan")}, "created"),
        ({"sampling": {"top_k": 10**20}}, "sampling.top_k"),
    ],
)
def test_a_broken_file_of_ours_is_refused_with_the_place(change, said):
    with pytest.raises(UnreadableError, match=said):
        read_file(json.dumps({**records.dump(Conversation("abc")), **change}), "id1")


def test_an_imported_conversation_gets_an_id_of_its_own():
    assert read_file(records.to_json(FULL), "new").id == "new"


def test_a_message_may_hold_our_own_marks_escaped_or_not():
    for text in ("<!-- user -->", "\\<!-- user -->", "\\\\<!-- assistant: m -->"):
        conversation = from_messages([{"role": "user", "content": text}], "x")
        assert exchange.read_file(to_markdown(conversation), "x").messages()[0].content == text
