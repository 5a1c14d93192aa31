"""Logs and figures: JSON lines with ids and counts, and no key in them by whatever way it came."""

import json
import logging
import subprocess
import sys

import pytest

from playground.ops.telemetry import HIDDEN, JsonLines, Redaction, exposition

from ..conftest import ROOT

KEYS = [
    "sk-proj-abcdefgh12345678",
    "sk-ant-api03-abcdefgh_12345678",
    "AIzaSyA1234567890abcdefghijklmnop",
    "hf_abcdefghijklmnop",
    "gsk_abcdefghijklmnop",
    *("SK-ABCDEFGH12345678", "pk_abcdefgh1234", "rk-abcdefgh1234", "xai-abcdefgh1234", "XAI_abcdefgh1234"),
    *("key-abcdefgh1234", "KEY_abcdefgh1234", "HF_abcdefgh1234", "gsk-abcdefgh1234"),
]


@pytest.mark.parametrize("key", KEYS)
def test_what_looks_like_a_key_is_hidden(key):
    for text in (key, f"key={key}", f"Incorrect API key provided: {key}.", f'{{"a":"{key}"}}', f"Bearer {key}"):
        said = Redaction()(text)
        assert key not in said
        assert HIDDEN in said


def test_what_follows_bearer_is_hidden_however_it_is_written():
    assert "abcdefgh" not in Redaction()("Authorization: bearer abcdefgh") + Redaction()("BEARER abcdefgh")


def test_a_known_secret_is_hidden_whatever_it_looks_like():
    hide = Redaction(["plain words as a token", "postgresql://me:pass@host/db", "x"])
    assert hide("a plain words as a token b x") == f"a {HIDDEN} b x"
    assert "pass" not in hide("cannot open postgresql://me:pass@host/db")
    assert "secret" not in Redaction()("redis://:secret@host:1 and https://u:secret@h/")


def test_ordinary_lines_stay():
    text = "battle abc-123: seat a failed (rate_limit) at http://127.0.0.1:7860/healthz, task-force 12"
    assert Redaction()(text) == text


def test_a_line_has_the_place_of_an_error_but_none_of_its_words():
    try:
        raise ValueError("what the reader wrote")
    except ValueError as error:
        raised = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("arena", logging.ERROR, "x", 1, "battle %s broke off", ("b1",), raised)
    line = json.loads(JsonLines(Redaction()).format(record))
    assert line["message"] == "battle b1 broke off"
    assert line["level"] == "error"
    assert line["error"] == "ValueError"
    assert any("test_telemetry.py" in place for place in line["at"])
    assert "reader" not in json.dumps(line)


def test_a_line_has_the_counts_of_its_record():
    record = logging.makeLogRecord({"msg": "answered", "counts": {"battle": "b1", "tokens_out": 7, "usd": None}})
    line = json.loads(JsonLines(Redaction()).format(record))
    assert (line["message"], line["battle"], line["tokens_out"], line["usd"]) == ("answered", "b1", 7, None)


def test_nothing_that_is_printed_or_raised_gets_past():
    program = (
        "import sys, traceback; from playground.ops.telemetry import start_logging; import logging\n"
        "start_logging('INFO', ['my own token'])\n"
        "print('print sk-canary-12345678'); print('my own token', file=sys.stderr)\n"
        "sys.stdout.writelines(['my own token', 'sk-canary-12345678'])\n"
        "logging.getLogger('x').info('id=%s', 'sk-canary-12345678')\n"
        "try: raise ValueError('sk-canary-12345678')\n"
        "except ValueError: traceback.print_exc(); logging.getLogger('x').exception('broken')\n"
        "raise RuntimeError('sk-canary-12345678')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 1
    assert "ValueError" in ran.stderr
    assert "canary" not in ran.stdout + ran.stderr
    assert "my own token" not in ran.stdout + ran.stderr


def test_figures_are_in_prometheus_form():
    text = exposition({"x_total": ("counter", "How many.", 3.0), "unknown": ("gauge", "Not known.", None)})
    assert text == "# HELP x_total How many.\n# TYPE x_total counter\nx_total 3\n"
