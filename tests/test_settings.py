"""Settings: read once, every problem at once, and no key in sight."""

import re
from pathlib import Path

import pytest

from playground.errors import ConfigError
from playground.owner import most_votes_of
from playground.settings import Settings, load_settings, read_environment


def test_defaults_need_nothing():
    settings = load_settings({})
    assert settings.local == "on"
    assert settings.port == 7860
    assert settings.key("OPENAI_API_KEY") is None


def test_every_problem_is_listed_and_no_value_is_repeated():
    with pytest.raises(ConfigError) as caught:
        load_settings(
            {
                "OPENAI_BASE_URL": "sk-canary-pasted-in-the-wrong-field",
                "PLAYGROUND_LOG_LEVEL": "LOUD",
                "GRADIO_SERVER_PORT": "http",
                "PLAYGROUND_LOCAL": "hf://only-an-owner",
                "PLAYGROUND_MAX_OUTPUT_TOKENS": "0",
            }
        )
    problems = caught.value.problems
    assert len(problems) == 5
    for name in (
        "OPENAI_BASE_URL",
        "PLAYGROUND_LOG_LEVEL",
        "GRADIO_SERVER_PORT",
        "PLAYGROUND_LOCAL",
        "PLAYGROUND_MAX_OUTPUT_TOKENS",
    ):
        assert any(problem.startswith(name) for problem in problems), name
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "public", "most"),
    [
        ("", True, 200),
        ("", False, None),
        ("7", False, 7),
        (" 0500 ", True, 500),
        ("OFF", True, None),
    ],
)
def test_votes_of_a_day_are_limited_where_strangers_can_reach_the_page(given, public, most):
    assert most_votes_of(load_settings({"PLAYGROUND_DAILY_VOTES": given}), public) == most


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5", "200/day"])
def test_what_is_no_number_of_votes_is_a_problem(given):
    with pytest.raises(ConfigError, match="PLAYGROUND_DAILY_VOTES must be a number of votes"):
        load_settings({"PLAYGROUND_DAILY_VOTES": given})


def test_a_key_pasted_with_quotes_and_a_line_break_is_cleaned():
    assert load_settings({"OPENAI_API_KEY": ' "sk-abc"\n'}).key("OPENAI_API_KEY") == "sk-abc"


def test_a_key_that_no_header_can_hold_is_a_problem_and_not_repeated():
    with pytest.raises(ConfigError) as caught:
        load_settings({"OPENAI_API_KEY": "sk-canary…"})
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_blank_variable_is_unset():
    settings = load_settings({"PLAYGROUND_CACHE_DIR": "", "PLAYGROUND_LOCAL": " ", "GRADIO_SERVER_PORT": ""})
    assert settings == load_settings({}).model_copy(update={"environ": settings.environ})


def test_variables_of_other_programs_are_not_ours():
    settings = load_settings({"HOST": "example.org", "PORT": "1", "LOCAL": "off", "CACHE_DIR": "/nowhere"})
    assert (settings.host, settings.port, settings.local) == ("127.0.0.1", 7860, "on")
    assert str(settings.cache_dir) != "/nowhere"


def test_an_empty_key_is_no_key():
    assert load_settings({"ANTHROPIC_API_KEY": "  "}).key("ANTHROPIC_API_KEY") is None


@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_google_takes_either_name(variable):
    assert load_settings({variable: "AIza-x"}).key("GOOGLE_API_KEY") == "AIza-x"


def test_an_endpoint_may_name_any_variable_for_its_key():
    assert load_settings({"MY_VLLM_KEY": "v"}).key("MY_VLLM_KEY") == "v"


def test_keys_are_in_no_repr():
    settings = load_settings({"OPENAI_API_KEY": "sk-canary", "MY_VLLM_KEY": "vllm-canary"})
    assert "canary" not in repr(settings)
    assert "canary" not in str(settings.model_dump())


def test_what_is_really_set_wins_over_the_env_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-file\nHF_TOKEN=hf-from-file\n")
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    settings = load_settings(read_environment(tmp_path))
    assert settings.key("OPENAI_API_KEY") == "from-environment"
    assert settings.key("HF_TOKEN") == "hf-from-file"


def test_the_example_lists_every_setting():
    written = (Path(__file__).parent.parent / ".env.example").read_text().upper()
    given_by_the_host = {"SPACE_ID", "SPACE_HOST", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "ENVIRON"}
    names = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    missing = {name for name in names - given_by_the_host if name not in re.findall(r"[A-Z][A-Z0-9_]+", written)}
    assert not missing
