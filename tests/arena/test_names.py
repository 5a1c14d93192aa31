"""Answers that give their side away are found, and words that only look like names are not."""

import pytest

from playground.arena.names import Names
from playground.models.catalog import load_catalog
from playground.settings import load_settings

NAMES = Names.of(load_catalog(load_settings({})))


@pytest.mark.parametrize(
    "text",
    [
        "I am GPT-4o.",
        "I am chat gpt",
        "as GPT4, I cannot",
        "I was made by Anthropic!",
        "**Cl**aude here",
        "Clau\u200bde",
        "\uff23\uff4c\uff41\uff55\uff44\uff45",
        "my name is SmolLM2",
        "smol lm 2 135m",
        "Google's model",
        "trained by Open AI",
        "I'm LLaMA 3",
        "(Qwen)",
        "Hugging\nFace",
        "Meta built me",
        "claude-opus-5-5",
    ],
)
def test_a_name_is_found_however_it_is_written(text):
    assert NAMES.found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Egypt has pyramids.",
        "claudette",
        "metabolism and meta-analysis",
        "llamas spit",
        "The bard sang.",
        "open air",
    ],
)
def test_a_word_is_no_name(text):
    assert not NAMES.found_in(text)


def test_own_models_are_found_unless_they_are_called_like_a_word(tmp_path):
    (tmp_path / "own.toml").write_text(
        '[endpoints.lab]\nbase_url = "http://h/v1"\n[models."zebra-7b"]\nprovider = "lab"\nname = "Zebra 7B"\n'
        '[models.fast]\nprovider = "lab"\nname = "fast"\n'
    )
    names = Names.of(load_catalog(load_settings({"PLAYGROUND_CONFIG": str(tmp_path / "own.toml")})))
    assert names.found_in("I am Zebra 7B") and names.found_in("zebra7b")
    assert not names.found_in("a fast answer about a zebra")
