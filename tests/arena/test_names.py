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
        "Cl\ufe0faude",
        "\u6211\u662fClaude\uff0c\u4f60\u597d",
        "\u6211\u662f\u963f\u91cc\u4e91\u5f00\u53d1\u7684Qwen\u6a21\u578b",
        "\u6211\u662f\u901a\u4e49\u5343\u95ee",
        "\u79c1\u306fGPT-4\u3067\u3059",
        "\uc800\ub294 Gemini\uc785\ub2c8\ub2e4",
        "\u0e09\u0e31\u0e19\u0e04\u0e37\u0e2dClaude\u0e04\u0e23\u0e31\u0e1a",
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
        "claud\u00e9",
        "\u0430claude\u0430",
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
