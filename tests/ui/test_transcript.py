"""The chatbot's messages as values: what is shown of a reply, and what a model gets back of it."""

from dataclasses import replace

from playground.conversation.growing import Reply
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Usage
from playground.ui import transcript

MODEL = load_catalog(load_settings({})).get("smollm2-135m-instruct")
DONE = Reply(MODEL.id, "Hello", "Hmm", Usage(10, 20), "stop", "", ttft_s=0.5, thinking_s=0.4, duration_s=1.5, cost=0.0)


def titles(shown):
    return [(message.get("metadata") or {}).get("title") for message in shown]


def text(message):
    return message["content"][0]["text"]


def question(content="Hi"):
    return {"role": "user", "content": [{"type": "text", "text": content}]}


def test_a_finished_turn_is_thinking_answer_and_figures():
    shown = transcript.turn(DONE, MODEL)
    assert titles(shown) == [
        "Thought",
        None,
        "SmolLM2 135M · first token 0.50 s · 19 tok/s · 10 in · 20 out · free · finished",
    ]
    assert text(shown[1]) == "Hello"


def test_text_is_passed_as_blocks_so_that_indentation_survives():
    shown = transcript.turn(Reply(MODEL.id, "    indented\n\ttab"), MODEL)
    assert shown[0]["content"] == [{"type": "text", "text": "    indented\n\ttab"}]


def test_before_the_first_token_it_says_what_is_waited_for():
    assert titles(transcript.turn(Reply(MODEL.id), MODEL)) == ["Waiting for the first token"]
    loading = transcript.turn(Reply(MODEL.id, status="Loading the embedded model"), MODEL)
    assert titles(loading) == ["Loading the embedded model"]
    assert loading[0]["metadata"]["status"] == "pending"


def test_an_error_stands_below_the_text_that_came():
    failed = Reply(MODEL.id, "Hel", error=ProviderError("connection", "The line dropped."), usage=Usage(1, 1))
    shown = transcript.turn(failed, MODEL)
    assert text(shown[0]) == "Hel"
    assert titles(shown)[1] == '<span class="wrong">The line dropped.</span>'
    assert "stopped by an error" in titles(shown)[2]


def test_words_of_a_provider_are_shown_as_they_are():
    failed = Reply(MODEL.id, error=ProviderError("bad_request", "<b>`*x*`</b> [a](http://b)"))
    assert titles(transcript.turn(failed, MODEL)) == [
        r'<span class="wrong">\<b\>\`\*x\*\`\</b\> \[a\](http://b)</span>'
    ]


def test_messages_left_out_are_counted_above_the_answer():
    shown = transcript.turn(Reply(MODEL.id, "Hi", left_out=3), MODEL)
    assert titles(shown)[0].startswith("The 3 oldest messages were left out")


def test_dropped_parameters_and_thinking_tokens_are_in_the_details():
    reply = Reply(
        MODEL.id, "Hi", usage=Usage(5, 9, 2, 4), finish_reason="stop", dropped=("temperature", "seed"), cost=None
    )
    figures = transcript.turn(reply, MODEL)[-1]
    assert "temperature, seed" in text(figures)
    assert "2 of the input tokens" in text(figures)
    assert "4 of the output tokens were thinking" in text(figures)
    assert "price unknown" in figures["metadata"]["title"]


def test_an_estimate_is_marked():
    reply = Reply(MODEL.id, "Hi", usage=Usage(5, 9, estimated=True), finish_reason="stop", cost=0.0)
    assert "≈ 5 in · ≈ 9 out · free" in titles(transcript.turn(reply, MODEL))[-1]
    assert "≈ 5 in · ≈ 9 out · ≈ $0.0031" in titles(transcript.turn(replace(reply, cost=0.0031), MODEL))[-1]
    reported = replace(reply, usage=Usage(5, 9), cost=0.0031)
    assert "5 in · 9 out · $0.0031" in titles(transcript.turn(reported, MODEL))[-1]


def test_an_answer_without_a_word_says_why_and_what_to_do_and_what_it_took():
    thought = Reply(MODEL.id, "", "Hmm", Usage(1, 2), "stop", cost=0.0)
    assert "The model finished without writing an answer." in titles(transcript.turn(thought, MODEL))
    cut = titles(transcript.turn(replace(thought, finish_reason="length"), MODEL))
    thinking = "Cut off at the output limit while the model was still thinking: "
    assert f"{thinking}raise Max tokens or lower Effort, and ask again." in cut
    unseen = Reply(MODEL.id, usage=Usage(1, 900, thinking_tokens=900), finish_reason="length", cost=0.0)
    shown = titles(transcript.turn(unseen, MODEL))
    assert shown[0].startswith(thinking)
    assert "900 out" in shown[1]
    short = titles(transcript.turn(replace(unseen, usage=Usage(1, 1)), MODEL))
    assert short[0] == "Cut off at the output limit before a word of the answer: raise Max tokens, and ask again."


def test_stop_leaves_nothing_spinning_and_says_so():
    waiting = [question(), *transcript.turn(Reply(MODEL.id), MODEL)]
    assert titles(transcript.stopped(waiting)) == [None, "Stopped."]
    thinking = [question(), *transcript.turn(Reply(MODEL.id, "", "Hmm"), MODEL)]
    after = transcript.stopped(thinking)
    assert after[1]["metadata"]["status"] == "done"
    writing = [question(), *transcript.turn(Reply(MODEL.id, "Hel"), MODEL)]
    assert titles(transcript.stopped(writing))[-1] == "Stopped. What had arrived is kept."


def test_stop_after_the_end_changes_nothing():
    finished = [question(), *transcript.turn(DONE, MODEL)]
    assert transcript.stopped(finished) == finished
    assert transcript.stopped([]) == []
