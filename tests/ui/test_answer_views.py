"""What the chat page says of a request before it is sent and of an answer once it is there: values, no component."""

import pytest

from playground.conversation.archive import Totals
from playground.conversation.growing import Reply
from playground.conversation.meter import Reading
from playground.conversation.records import MOST_IMAGE_BYTES, dump, load
from playground.conversation.room import MOST_TOKENS
from playground.conversation.snippet import Snippet
from playground.errors import ProviderError
from playground.models.catalog import load_catalog
from playground.settings import load_settings
from playground.types import Image, Message, Options, TokenLogprob, Usage
from playground.ui import history_view, marks_view, meter, probabilities, variables
from playground.ui.answer_options import ALTERNATIVES, AnswerOptions
from playground.ui.chat_session import Session, new_conversation
from playground.ui.code_panel import chosen_of
from playground.ui.sampling import FIELDS, Sampling

from ..pictures import PNG

CATALOG = load_catalog(load_settings({}))


def answer_options(**given):
    values = {"json_mode": False, "json_schema": "", "logprobs": False, "strategy": None, **given}
    return AnswerOptions(None, None, None, None).read_named(values)


@pytest.mark.parametrize(
    ("reading", "line"),
    [
        (Reading(1200, True, 4096, cost_to_send=0, cost_at_most=0), "prompt 1,200 / 4,096 tokens (29.3%) · free"),
        (Reading(10, False, None), "prompt ≈ 10 tokens · price unknown"),
        (
            Reading(2000, False, 8000, 1, 0.02, 0.5),
            "prompt ≈ 2,000 / 8,000 tokens (25.0%) · 1 message will be left out · ≈ $0.0200 to send · at most $0.50",
        ),
        (Reading(9000, True, 8000, too_long=True), "prompt 9,000 / 8,000 tokens (112.5%) · too long for this model"),
    ],
)
def test_the_meter_says_how_sure_it_is_what_is_left_out_and_what_it_costs(reading, line):
    assert meter.line(reading).startswith(line)
    assert ('class="over"' in meter.html(reading)) == (reading.left_out > 0 or reading.too_long)


def test_a_variable_keeps_its_value_wherever_it_goes_and_a_broken_prompt_says_so():
    assert variables.form_of("{{ b }} and {{ a }}").names == ("b", "a")
    assert variables.carried(("a", "b"), ("1", "2"), ("b", "c", "a")) == ["2", "", "1"]
    assert "not a template" in variables.form_of("{{ a").problem
    many = " ".join(f"{{{{ v{at} }}}}" for at in range(variables.MOST + 1))
    assert f"use at most {variables.MOST}" in variables.form_of(many).problem


def test_a_token_is_coloured_by_its_probability_and_holds_no_tag():
    html = probabilities.tokens_html([TokenLogprob("<b>", -0.01, (("</b>", -5.0),)), TokenLogprob("x\n", -3.0)])
    assert 'class="odds-0"' in html
    assert 'class="odds-4"' in html
    assert html.endswith("<br></span>")
    assert "<b>" not in html
    assert "&#60;b&#62;" in html
    assert probabilities.percent(-0.6931) == "50.0%"
    assert probabilities.percent(-20) == "< 0.1%"


def test_marks_say_what_is_wrong_with_json_where_it_comes_from_and_what_is_hidden():
    key = "sk-proj-" + "a1B2" * 8
    reply = Reply(
        "m", text=f"See [1] [2].\n\n[1] Tides: https://a.example/x\n\n{key}", violations=("city is *missing*",)
    )
    titles = [message["metadata"]["title"] for message in marks_view.shown(reply)]
    bodies = [message["content"][0]["text"] for message in marks_view.shown(reply)]
    assert titles[0] == "The JSON is not as asked: 1 problem"
    assert "\\*missing\\*" in bodies[0]
    assert titles[1] == "1 source; none listed for \\[2\\]"
    assert bodies[1] == "- \\[1\\] Tides: https://a.example/x"
    assert "1 key was hidden" in titles[2].replace("\\", "")
    assert key not in "".join(bodies)


def test_the_program_stays_in_its_language_when_the_vendor_changes():
    found = [Snippet(name, "code", "python") for name in ("Python (anthropic)", "Python (openai)", "curl")]
    assert chosen_of(found, "curl").name == "curl"
    assert chosen_of(found, "Python (google-genai)").name == "Python (anthropic)"
    assert chosen_of(found, None).name == "Python (anthropic)"


def test_options_ask_only_for_what_is_switched_on_and_refuse_a_schema_that_is_none():
    assert answer_options(json_schema="{") == Options()
    asked = answer_options(json_mode=True, json_schema='{"type": "object"}', logprobs=True, strategy="stop")
    assert asked == Options({"type": "object"}, True, ALTERNATIVES, "stop")
    with pytest.raises(ProviderError, match="schema"):
        answer_options(json_mode=True, json_schema='{"type": "objekt"}')


def test_a_model_gets_the_nearest_value_it_takes_and_what_it_refused_is_off_with_the_reason():
    accordion = Sampling(dict.fromkeys(FIELDS), dict.fromkeys(FIELDS))
    model = CATALOG.get("smollm2-135m-instruct")
    held, learned = {"max_tokens": 100_000}, {"top_k": "refused by Desk before"}
    changes = accordion.updates(model, [True] * len(FIELDS), None, held, learned)
    switches, values = (
        dict(zip(FIELDS, half, strict=True)) for half in (changes[: len(FIELDS)], changes[len(FIELDS) :])
    )
    assert values["max_tokens"]["value"] == model.max_output_tokens
    assert (switches["top_k"]["value"], switches["top_k"]["interactive"]) == (False, False)
    assert switches["top_k"]["info"] == "Refused by Desk before."
    assert values["top_k"]["visible"] is False
    assert switches["top_p"]["interactive"] is True


def asked_with(*images):
    return Session(new_conversation().said(Message("user", "What?", images), under=None)).conversation


def test_pictures_and_probabilities_are_kept_and_what_is_too_large_is_said():
    tokens = (TokenLogprob("Yes", -0.1234, (("No", -2.5),)),)
    conversation = asked_with(PNG).said(Message("assistant", "Yes"), Reply("m", text="Yes", tokens=tokens), under=0)
    kept = load(dump(conversation))
    assert kept.turns[0].message == conversation.turns[0].message
    assert kept.turns[1].reply.tokens == tokens
    many = asked_with().said(Message("assistant", ""), Reply("m", tokens=tokens * (MOST_TOKENS + 1)), under=0)
    assert "too many to be kept after a reload" in str(history_view.drawn(many, lambda _: None))
    assert "tokens" not in dump(many)["turns"][1]["reply"]
    assert "2,001 tokens) were too many to be kept" in str(history_view.drawn(load(dump(many)), lambda _: None))

    large = asked_with(Image("image/png", b"x" * (MOST_IMAGE_BYTES + 1), 1, 1))
    assert "too large to be kept" in str(history_view.drawn(large, lambda _: None))
    again = load(dump(large))
    assert (again.turns[0].message.images, again.turns[0].lost_images) == ((), 1)
    assert "attach it again to ask about it" in str(history_view.drawn(again, lambda _: None))
    assert dump(again)["turns"][0]["lost_images"] == 1


def test_no_key_of_an_answer_is_in_the_marks_under_it():
    key = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"
    text = f"See https://x.example/?key={key} and [{key}](https://y.example/{key})."
    reply = Reply("m", text=text, violations=(f"url: '{key}' is too long.",), finish_reason="stop")
    shown = marks_view.shown(reply)
    assert key not in str(shown)
    titles = [message["metadata"]["title"] for message in shown]
    assert titles[1:] == ["2 sources", "3 keys were hidden in this answer"]
    bodies = [message["content"][0]["text"] for message in shown]
    assert bodies[0] == "- url: '\\[key hidden\\]' is too long."
    assert "- `https://x.example/?key=[key hidden]`" in bodies[1], "a link would lead to another address"
    assert bodies[1].splitlines()[0] == "- \\[key 2 hidden\\]: `https://y.example/[key 3 hidden]`"


@pytest.mark.parametrize(
    ("totals", "line"),
    [
        (Totals(1, Usage(1200, 300), 0.0123), "1 answer · 1,200 in · 300 out · $0.0123"),
        (
            Totals(2, Usage(1200, 300, 400, 50), 0.0123),
            "2 answers · 1,200 in · 300 out · 400 cached · 50 thinking · $0.0123",
        ),
        (
            Totals(2, Usage(1200, 300, 0, 50, estimated=True), 0.0123, 1, cost_estimated=True),
            "2 answers · ≈ 1,200 in · ≈ 300 out · ≈ 50 thinking · ≈ $0.0123 · 1 of unknown price",
        ),
        (Totals(2, Usage(1, 3, estimated=True), 0.0123), "2 answers · ≈ 1 in · ≈ 3 out · $0.0123"),
        (Totals(), ""),
    ],
)
def test_the_totals_name_every_kind_of_token_that_there_was_and_mark_what_is_estimated(totals, line):
    assert history_view.totals_line(totals) == line


def test_the_totals_say_on_hover_how_fast_the_answers_came():
    title = history_view.totals_html(Totals(3, Usage(1, 3), 0.0, ttft_s=0.4, tokens_per_s=48.2))
    assert "First token after 0.40 s (median). 48 tok/s over all answers." in title
    assert "First token" not in history_view.totals_html(Totals(1, Usage(1, 3)))
