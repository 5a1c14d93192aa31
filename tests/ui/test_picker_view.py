"""The picker's entries and the keys that open more of them."""

import json
from dataclasses import replace

from playground.models.catalog import load_catalog
from playground.providers.listing import MOST, Listing
from playground.settings import clean_key, load_settings
from playground.ui import keys, picker_view

CATALOG = load_catalog(load_settings({"OPENAI_API_KEY": "sk-x"}))


def entries(catalog=CATALOG, own=(), served=None):
    return {
        model["id"]: {**model, "group": group["label"]}
        for group in picker_view.groups(catalog, own, served or {})
        for model in group["models"]
    }


def test_an_entry_says_price_window_what_it_takes_and_what_is_missing():
    found = entries()
    mini = found["gpt-4o-mini"]
    assert (mini["group"], mini["facts"], mini["why"]) == ("OpenAI", "$0.15 / $0.6 per M · 128K", "")
    assert [badge for badge, _ in mini["badges"] if badge != "images"] == ["JSON", "sampling"]
    assert found["claude-opus-5-5"]["why"] == "needs ANTHROPIC_API_KEY"
    assert entries(own={"anthropic"})["claude-opus-5-5"]["why"] == ""


def test_who_can_answer_stands_first():
    labels = [group["label"] for group in picker_view.groups(CATALOG, (), {})]
    assert labels[:2] == ["This machine", "OpenAI"]
    assert [group["label"] for group in picker_view.groups(CATALOG, {"google"}, {})][2] == "Google"


def test_models_that_are_served_and_not_listed_can_be_chosen_with_nothing_optional():
    catalog = replace(CATALOG, served={"openai": ("gpt-4o", "mystery-9")})
    found = entries(catalog)
    assert found["openai:mystery-9"]["why"] == ""
    assert found["openai:mystery-9"]["badges"] == []
    assert "openai:gpt-4o" not in found, "the catalog's own entry is enough"
    assert catalog.get("openai:mystery-9").family.accepts == frozenset()
    assert not catalog.get("openai:gpt-secret").available, "the owner's key is not lent to unknown models"


def test_what_a_readers_key_reaches_is_listed_for_that_reader_alone():
    own = entries(own={"anthropic"}, served={"anthropic": ("claude-private",)})
    assert own["anthropic:claude-private"]["why"] == ""
    assert "anthropic:claude-private" not in entries(own={"anthropic"})


def test_a_refresh_says_what_it_found_and_what_failed():
    found = {"openai": Listing(("a", "b")), "google": Listing(problem="refuses the key")}
    assert picker_view.listing_note(CATALOG, found) == "OpenAI: 2 models · Google: refuses the key"
    assert "add a key" in picker_view.listing_note(CATALOG, {})


def test_keys_are_cleaned_hidden_and_read_back_only_for_known_providers():
    assert clean_key(" 'sk-1'\n") == "sk-1"
    assert "sk-1" not in repr(keys.Taken({"openai": "sk-1"}))
    remembered = json.dumps({"openai": "sk-1", "nobody": "x", "google": 5, "anthropic": "two words"})
    assert keys.read(remembered, {"openai": 0, "google": 0, "anthropic": 0}) == {"openai": "sk-1"}
    assert keys.read("{", {"openai": 0}) == keys.read("[]", {"openai": 0}) == {}


def test_a_model_that_its_provider_does_not_list_is_marked_and_can_be_chosen():
    assert entries()["gpt-4o"]["note"] == "", "nobody was asked"
    found = entries(replace(CATALOG, served={"openai": ("gpt-4o", "gpt-4o-mini-2026-05-01")}))
    assert (found["gpt-4o"]["note"], found["gpt-4o-mini"]["note"]) == ("", "")
    assert (found["gpt-5.5"]["note"], found["gpt-5.5"]["why"]) == ("not listed by OpenAI", "")
    assert found["smollm2-135m-instruct"]["note"] == ""
    assert found["claude-opus-5-5"]["note"] == ""


def test_a_models_name_is_no_version_of_another_and_a_list_that_was_cut_off_marks_nobody():
    catalog = replace(CATALOG, served={"openai": ("gpt-5.4-mini", "gpt-5-mini-2025-08-07")})
    found = entries(catalog)
    assert found["gpt-5.4"]["note"] == "not listed by OpenAI"
    assert found["gpt-5-mini"]["note"] == ""
    cut_off = tuple(f"model-{at}" for at in range(MOST))
    assert entries(replace(CATALOG, served={"openai": cut_off}))["gpt-4o"]["note"] == ""


def test_what_a_readers_key_lists_marks_models_for_that_reader():
    own = entries(own={"anthropic"}, served={"anthropic": ("claude-haiku-4-5-20251001",)})
    assert own["claude-haiku-4-5"]["note"] == ""
    assert own["claude-opus-5-5"]["note"] == "not listed by Anthropic"
    assert entries()["claude-opus-5-5"]["note"] == ""
