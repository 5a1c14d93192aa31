"""The catalog: what is listed, what an owner's file changes, and what is said when it is broken."""

import pytest

from playground.errors import ConfigError, ProviderError
from playground.models.catalog import load_catalog
from playground.settings import load_settings


def catalog(tmp_path=None, toml=None, **environ):
    if toml is not None:
        path = tmp_path / "own.toml"
        path.write_text(toml)
        environ["PLAYGROUND_CONFIG"] = str(path)
    return load_catalog(load_settings(environ))


def test_without_keys_only_the_embedded_model_is_available():
    models = catalog().models.values()
    assert [model.id for model in models if model.available] == ["smollm2-135m-instruct"]
    assert all(model.reason for model in models if not model.available)


def test_a_missing_key_is_the_reason_and_a_key_makes_it_available():
    assert catalog().get("gpt-4o").reason == "needs OPENAI_API_KEY"
    assert catalog(OPENAI_API_KEY="sk-x").get("gpt-4o").available
    assert not catalog(OPENAI_API_KEY="sk-x").get("claude-opus-5-5").available


def test_the_embedded_model_can_be_switched_off():
    model = catalog(PLAYGROUND_LOCAL="off").get("smollm2-135m-instruct")
    assert not model.available
    assert "PLAYGROUND_LOCAL" in model.reason


def test_prices_and_windows_are_filled_in_and_the_overlay_wins():
    models = catalog()
    assert (models.get("gpt-4o").input_price, models.get("gpt-4o").output_price) == (2.5, 10)
    assert models.get("gpt-4o").context_window == 128_000
    assert models.get("gpt-4.1").context_window == 1_047_576
    assert models.get("smollm2-135m-instruct").input_price == 0


@pytest.mark.parametrize("dead", ["claude-sonnet-4-20250514", "claude-haiku-4-20250414"])
def test_a_dead_id_names_its_successor(dead):
    models = catalog()
    with pytest.raises(ProviderError) as caught:
        models.get(dead)
    assert caught.value.kind == "not_found"
    assert models.successors[dead] in caught.value.message
    assert models.successors[dead] in models.models


@pytest.mark.parametrize(
    ("model_id", "family"),
    [
        ("gpt-4o-mini", "gpt-4o"),
        ("gpt-5-mini", "gpt-reasoning-only"),
        ("gpt-5.4", "gpt-5.1"),
        ("gpt-5.5", "gpt-5.5"),
        ("gpt-6-astra", "gpt-6-reasoning-only"),
        ("gpt-6.1-sol", "gpt-6-reasoning-only"),
        ("gpt-6.1-terra", "gpt-6"),
        ("gpt-6-luna", "gpt-6"),
        ("claude-sonnet-4-6", "claude-sampling"),
        ("claude-haiku-4-5", "claude-sampling"),
        ("claude-opus-5-5", "claude-effort"),
        ("claude-fable-5-2", "claude-effort"),
        ("gemini-2.5-flash", "gemini-2.5"),
        ("gemini-3.5-flash", "gemini-3"),
        ("gemini-3.8-flash", "gemini-no-sampling"),
        ("gemini-4-argon", "gemini-no-sampling"),
        ("openai/gpt-oss-120b", "compatible"),
        ("smollm2-135m-instruct", "local"),
    ],
)
def test_every_listed_model_has_its_family(model_id, family):
    assert catalog().get(model_id).family.name == family


@pytest.mark.parametrize(
    ("upstream", "provider", "family"),
    [
        ("gpt-5.2-pro", "openai", "gpt-reasoning-only"),
        ("gpt-5.3-chat-latest", "openai", "gpt-reasoning-only"),
        ("o3-mini", "openai", "gpt-reasoning-only"),
        ("gpt-7-unheard-of", "openai", "openai-unknown"),
        ("claude-opus-4-8", "anthropic", "claude-effort"),
        ("claude-3-5-haiku-latest", "anthropic", "claude-sampling"),
        ("claude-9", "anthropic", "anthropic-unknown"),
        ("gemini-3.5-flash-lite", "google", "gemini-no-sampling"),
        ("gemini-3-flash-preview", "google", "gemini-3"),
        ("palm-9", "google", "google-unknown"),
    ],
)
def test_an_id_the_owner_adds_finds_its_family(tmp_path, upstream, provider, family):
    models = catalog(tmp_path, f'[models."{upstream}"]\nprovider = "{provider}"\n')
    assert models.get(upstream).family.name == family


def test_one_file_adds_an_endpoint_and_a_model(tmp_path):
    models = catalog(
        tmp_path,
        """
        [endpoints.vllm]
        base_url = "http://127.0.0.1:8000/v1"
        api_key_env = "VLLM_KEY"

        [models]
        "my-model" = { provider = "vllm", context_window = 4096, input_price = 0.1, output_price = 0.2 }
        """,
        VLLM_KEY="x",
    )
    model = models.get("my-model")
    assert model.available
    assert (model.context_window, model.input_price, model.output_price) == (4096, 0.1, 0.2)
    assert "min_p" in model.family.accepts
    assert models.providers["vllm"].base_url == "http://127.0.0.1:8000/v1"


def test_rows_may_be_an_array_with_ids(tmp_path):
    models = catalog(
        tmp_path,
        """
        [[endpoints]]
        name = "ollama"
        base_url = "http://127.0.0.1:11434/v1"

        [[models]]
        id = "qwen3:8b"
        provider = "ollama"
        """,
    )
    assert models.get("qwen3:8b").available


def test_an_override_changes_only_the_fields_it_names(tmp_path):
    models = catalog(tmp_path, '[models."gpt-4o"]\ninput_price = 99\n')
    assert models.get("gpt-4o").input_price == 99
    assert models.get("gpt-4o").name == "GPT-4o"


def test_an_owners_family_is_tried_first(tmp_path):
    models = catalog(
        tmp_path,
        """
        [families.tamed]
        provider = "openai"
        match = ["gpt-4o"]
        accepts = ["max_tokens"]
        """,
    )
    assert models.get("gpt-4o").family.accepts == {"max_tokens"}


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("models = [", "not valid TOML"),
        ("[model]\n", "unknown section [model]"),
        ('[models]\n"x" = { provider = "nobody" }', "no provider or endpoint 'nobody'"),
        ('[models]\n"x" = { provder = "openai" }', "unknown provder"),
        ('[models]\n"x" = { provider = "openai", context_window = "wide" }', "models.x.context_window"),
        ('[models]\n"x" = "openai"', "models.x must be a table"),
        ('[endpoints]\ne = "http://127.0.0.1:8000/v1"', "endpoints.e must be a table"),
        ('[families]\nf = "chat"', "families.f must be a table"),
        ("[presets]\np = 7", "presets.p must be a table"),
        ('[models]\n"x" = { provider = "openai", family = "nothing" }', "no family 'nothing'"),
        ('[endpoints.e]\nbase_url = "file:///etc/passwd"', "base_url"),
        ('[families.f]\nprovider = "openai"\nwire = "smoke"', "families.f.wire"),
        ("[[models]]\nprovider = 'openai'", "needs an id"),
    ],
)
def test_a_broken_override_names_the_place(tmp_path, toml, words):
    with pytest.raises(ConfigError) as caught:
        catalog(tmp_path, toml)
    assert words in str(caught.value)


def test_every_problem_of_an_override_is_listed(tmp_path):
    with pytest.raises(ConfigError) as caught:
        catalog(tmp_path, '[models]\n"x" = { provider = "a" }\n"y" = { provider = "b" }')
    assert len(caught.value.problems) == 2


def test_a_missing_override_is_said_to_be_missing():
    with pytest.raises(ConfigError, match="does not exist"):
        catalog(PLAYGROUND_CONFIG="/nowhere/own.toml")
