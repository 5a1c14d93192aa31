"""A conversation as a tree: nothing is lost by retrying, editing, undoing or forking."""

from dataclasses import replace

import pytest

from playground.conversation.archive import Conversation, joined
from playground.conversation.growing import Reply
from playground.conversation.records import dump, load
from playground.types import Message, TokenLogprob, Usage


def said(*texts):
    """Questions and answers in turn."""
    conversation = Conversation("c1")
    for at, text in enumerate(texts):
        role = "assistant" if at % 2 else "user"
        reply = Reply("m", text, usage=Usage(10, 5), finish_reason="stop", cost=0.5) if at % 2 else None
        conversation = conversation.said(Message(role, text), reply, under=conversation.leaf)
    return conversation


def texts(conversation):
    return [message.content for message in conversation.messages()]


def test_another_answer_stands_beside_the_first_and_both_can_be_switched_to():
    first = said("Q1", "A1", "Q2", "A2")
    again = first.said(Message("assistant", "B1"), under=0)
    assert texts(again) == ["Q1", "B1"]
    assert again.siblings(4) == [1, 4]
    back = again.switched(4, -1)
    assert texts(back) == ["Q1", "A1", "Q2", "A2"]
    assert texts(back.switched(1, 1)) == ["Q1", "B1"]
    assert texts(back.switched(1, -1)) == ["Q1", "B1"], "the first one's neighbour is the last"


def test_an_edited_first_question_is_a_sibling_of_the_first():
    edited = said("Q1", "A1").said(Message("user", "Q1 better"), under=None)
    assert texts(edited) == ["Q1 better"]
    assert edited.siblings(2) == [0, 2]
    assert texts(edited.switched(2, 1)) == ["Q1", "A1"]


def test_a_fork_has_the_branch_up_to_a_turn_and_leaves_the_original_alone():
    original = said("Q1", "A1", "Q2", "A2").said(Message("assistant", "B2"), under=2)
    fork = original.forked(4, "c2")
    assert (fork.id, texts(fork)) == ("c2", ["Q1", "A1", "Q2", "B2"])
    assert texts(fork.said(Message("user", "Q3"), under=fork.leaf)) == ["Q1", "A1", "Q2", "B2", "Q3"]
    assert texts(original.forked(2, "c3")) == ["Q1", "A1", "Q2"]
    assert len(original.turns) == 5


def test_an_answer_that_failed_before_its_first_word_is_not_sent_again():
    failed = said("Q1", "").said(Message("user", "Q2"), under=1)
    assert texts(failed) == ["Q1", "Q2"]


def test_totals_count_every_answer_that_was_paid_for_and_say_which_have_no_price():
    conversation = said("Q1", "A1").said(Message("assistant", "B1"), Reply("m", "B1", usage=Usage(3, 4)), under=0)
    totals = conversation.totals()
    assert (totals.answers, totals.usage, totals.cost, totals.unpriced) == (2, Usage(13, 9), 0.5, 1)


def test_totals_count_what_a_continued_answer_took_once():
    conversation = said("Q1")
    cut = Reply("m", "One, ", usage=Usage(10, 3), finish_reason="length", cost=0.25)
    further = Reply("m", "two, ", usage=Usage(20, 2), finish_reason="length", cost=0.5)
    more = joined(cut, further)
    whole = joined(more, Reply("m", "three.", usage=Usage(30, 1), finish_reason="stop", cost=1.0))
    for reply in (cut, more, whole):
        conversation = conversation.said(Message("assistant", reply.text), reply, under=0)
    totals = load(dump(conversation)).totals()
    assert (totals.answers, totals.usage, totals.cost) == (1, Usage(60, 6), 1.75)
    other = joined(cut, Reply("m", "too.", usage=Usage(7, 7), finish_reason="stop", cost=0.0))
    again = conversation.said(Message("assistant", other.text), other, under=0).totals()
    assert (again.answers, again.usage, again.cost) == (2, Usage(67, 13), 1.75), "it went on in two ways"
    twice = conversation.said(Message("assistant", cut.text), cut, under=0).totals()
    assert (twice.answers, twice.usage) == (2, Usage(70, 9)), "another try that was cut at the same word was paid for"


def test_the_title_is_what_was_given_or_what_the_first_question_begins_with():
    assert said("What  is\nthis?").name == "What is this?"
    assert len(said("word " * 40).name) <= 60
    assert Conversation("x").name == "New conversation"


def test_a_continued_answer_is_one_answer_with_both_parts_figures():
    cut = Reply("m", "One, ", "Hmm", Usage(10, 3), "length", ttft_s=0.2, thinking_s=0.1, duration_s=1.0, cost=0.1)
    rest = Reply("m", "two.", usage=Usage(20, 2), finish_reason="stop", ttft_s=0.9, duration_s=0.5, cost=0.2)
    whole = joined(cut, rest)
    assert (whole.text, whole.thinking, whole.finish_reason) == ("One, two.", "Hmm", "stop")
    assert (whole.usage, whole.ttft_s, whole.duration_s) == (Usage(30, 5), 0.2, 1.5)
    assert abs(whole.cost - 0.3) < 1e-9
    assert joined(cut, Reply("m", usage=Usage(1, 1), cost=None)).cost is None


def test_a_continued_answer_has_the_tokens_of_all_its_text_or_none():
    one, two = (TokenLogprob(text, -0.1) for text in ("One, ", "two."))
    cut, rest = Reply("m", "One, ", tokens=(one,)), Reply("m", "two.", tokens=(two,), finish_reason="stop")
    assert joined(cut, rest).tokens == (one, two)
    assert joined(replace(cut, tokens=()), rest).tokens == (), "only its end has probabilities"
    assert joined(cut, replace(rest, tokens=())).tokens == (), "only its beginning has probabilities"
    assert joined(cut, Reply("m")).tokens == (one,), "nothing has come yet"


def test_what_is_wrong_with_a_cut_answer_is_wrong_no_more_once_more_has_come():
    cut = Reply("m", '{"a": ', violations=("The answer is not JSON.",))
    assert joined(cut, Reply("m", "1}", violations=(), finish_reason="stop")).violations == ()
    assert joined(cut, Reply("m", "1", violations=("Still none.",), finish_reason="length")).violations == (
        "Still none.",
    )
    assert joined(cut, Reply("m")).violations == cut.violations


def test_totals_say_how_fast_the_answers_came():
    conversation = said("Q1")
    for ttft_s, duration_s, usage in ((0.2, 1.2, Usage(1, 11)), (0.4, 2.4, Usage(1, 51)), (3.0, 3.0, Usage(1, 1))):
        reply = Reply("m", "A", usage=usage, ttft_s=ttft_s, duration_s=duration_s, cost=0.0)
        conversation = conversation.said(Message("assistant", "A"), reply, under=0)
    totals = conversation.totals()
    assert totals.ttft_s == 0.4
    assert totals.tokens_per_s == pytest.approx((10 + 50) / (1.0 + 2.0))
    nothing = said("Q1", "A1").totals()
    assert (nothing.ttft_s, nothing.tokens_per_s) == (None, None)


@pytest.mark.parametrize(
    ("cost", "estimated", "said_so"), [(0.5, True, True), (0.5, False, False), (0.0, True, False), (None, True, False)]
)
def test_a_total_is_estimated_where_a_part_of_the_cost_is(cost, estimated, said_so):
    reply = Reply("m", "B1", usage=Usage(3, 4, estimated=estimated), cost=cost)
    assert said("Q1", "A1").said(Message("assistant", "B1"), reply, under=0).totals().cost_estimated is said_so
