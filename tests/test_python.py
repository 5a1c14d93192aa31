"""The Python functions, and the article's experiments written with them, on the embedded model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.errors import ProviderError

from .conftest import CACHE_DIR, clean_environment

ROOT = Path(__file__).parent.parent
MODEL = "smollm2-135m-instruct"
HELLO = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory):
    """No key, the shared cache, a folder without a .env; restored afterwards."""
    before = dict(os.environ)
    here = Path.cwd()
    os.environ.clear()
    os.environ.update(clean_environment(PLAYGROUND_CACHE_DIR=str(CACHE_DIR)))
    os.chdir(tmp_path_factory.mktemp("python"))
    yield
    os.chdir(here)
    os.environ.clear()
    os.environ.update(before)


def test_chat_returns_content_and_usage():
    from playground import chat

    answer = chat(MODEL, HELLO, temperature=0.0, max_tokens=20)
    assert set(answer) == {"content", "usage"}
    assert "Paris" in answer["content"]
    assert set(answer["usage"]) == {"input_tokens", "output_tokens"}
    assert 0 < answer["usage"]["output_tokens"] <= 20


def test_stream_chat_yields_the_same_text_in_pieces():
    from playground import chat, stream_chat

    pieces = list(stream_chat(MODEL, HELLO, temperature=0.0, max_tokens=20))
    assert len(pieces) > 1
    assert "".join(pieces) == chat(MODEL, HELLO, temperature=0.0, max_tokens=20)["content"]


def test_leaving_a_stream_early_is_fine_and_the_next_call_works():
    from playground import chat, stream_chat

    for _ in stream_chat(MODEL, [{"role": "user", "content": "Tell a long story."}], max_tokens=2000):
        break
    assert chat(MODEL, HELLO, max_tokens=3)["content"]


def test_models_are_listed_by_id():
    from playground import MODELS

    assert MODELS[MODEL]["provider"] == "local"
    assert {"gpt-4o", "gpt-4o-mini", "gemini-2.5-flash"} <= set(MODELS)


def test_tokens_are_counted_per_model():
    from playground import count_tokens

    assert count_tokens("tiktoken is great!") == 6
    assert count_tokens("tiktoken is great!", "gpt-4o-mini") == 6
    assert count_tokens("Hello world", MODEL) == 2


def test_cost_is_estimated_and_unknown_is_none():
    from playground import estimate_cost

    assert estimate_cost("gpt-4o", 1_000_000, 1_000_000) == pytest.approx(12.5)
    assert estimate_cost(MODEL, 1000, 1000) == 0
    assert estimate_cost("moonshotai/Kimi-K3", 1000, 1000) is None


def test_context_keeps_the_system_message_and_the_newest_turns():
    from playground import count_tokens, manage_context

    turns = [{"role": ("user", "assistant")[n % 2], "content": f"turn {n} " + "word " * 50} for n in range(41)]
    kept = manage_context([{"role": "system", "content": "Be brief."}, *turns], max_tokens=300)
    assert kept[0]["role"] == "system"
    assert kept[-1] == turns[-1]
    assert kept[1]["role"] == "user"
    assert sum(count_tokens(message["content"]) for message in kept) <= 300
    short = [{"role": "user", "content": "Hi"}]
    assert manage_context(short) == short


def test_errors_say_what_to_do():
    from playground import chat

    with pytest.raises(ProviderError) as caught:
        chat("gpt-4o", HELLO)
    assert caught.value.kind == "auth"
    assert "OPENAI_API_KEY" in caught.value.message
    with pytest.raises(ProviderError, match="role"):
        chat(MODEL, [{"role": "robot", "content": "Hi"}])
    with pytest.raises(ProviderError, match="claude-haiku-5-5"):
        chat("claude-haiku-4-20250414", HELLO)


def test_the_temperature_experiment():
    from playground import chat

    prompt = [{"role": "user", "content": "Write one sentence about the sea."}]
    results = {}
    for temperature in [0.0, 0.7, 1.5]:
        results[temperature] = [chat(MODEL, prompt, temperature=temperature, max_tokens=20) for _ in range(3)]
    assert len({answer["content"] for answer in results[0.0]}) == 1
    assert len({answer["content"] for answer in results[1.5]}) > 1


def test_the_top_p_experiment():
    from playground import chat

    prompt = [{"role": "user", "content": "Name an animal."}]
    for top_p in [0.1, 0.5, 1.0]:
        answer = chat(MODEL, prompt, temperature=1.0, top_p=top_p, max_tokens=10)
        assert answer["content"]


def test_the_model_comparison_experiment():
    from playground import MODELS, chat, estimate_cost

    rows = []
    for model_id in [model_id for model_id, model in MODELS.items() if model["available"]]:
        answer = chat(model_id, HELLO, max_tokens=10)
        usage = answer["usage"]
        rows.append((model_id, estimate_cost(model_id, usage["input_tokens"], usage["output_tokens"])))
    assert rows == [(MODEL, 0.0)]


def test_a_script_runs_and_ends_by_itself(tmp_path):
    script = f"""
from playground import chat, stream_chat
print(chat("{MODEL}", [{{"role": "user", "content": "Hi"}}], max_tokens=5)["usage"]["output_tokens"])
for piece in stream_chat("{MODEL}", [{{"role": "user", "content": "Hi"}}], max_tokens=5):
    print(piece, end="")
"""
    environ = clean_environment(PYTHONPATH=str(ROOT))
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert 1 <= int(ran.stdout.splitlines()[0]) <= 5
    assert "Error" not in ran.stderr


def test_importing_loads_no_sdk_and_no_page():
    code = (
        "import playground, sys; print([m for m in ('gradio','openai','anthropic','google.genai') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == "[]"
