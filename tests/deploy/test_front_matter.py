"""The README makes a Space, and each way to spoil its first lines is told."""

import re
import shutil

import pytest

from deploy.front_matter import problems

from ..conftest import ROOT

SPOILED = {
    "short_description: .*": ("short_description: " + "x" * 61, "short_description has 61 characters"),
    "colorFrom: .*": ("colorFrom: teal", "colorFrom must be one of"),
    "app_file: .*": ("app_file: main.py", "app_file names no file"),
    "sdk_version: .*": ("sdk_version: 5.49.1", "sdk_version 5.49.1 is not what requirements.txt allows"),
    'python_version: "3.12"': ("python_version: 3.12", "python_version must be in quotes"),
    'python_version: "3.1."': ('python_version: "3.10"', "python_version is older than 3.11"),
    "emoji: .*": ("emoji: hi", "emoji must be one emoji"),
    "license: .*": ("license: apache-2.0", "license must be one of"),
    "suggested_hardware: .*": ("suggested_hardware: a100-large", "suggested_hardware must be one of"),
    "pinned: false": ("pinned: true", "pinned must be one of"),
    "title: .*\n": ("", "title is missing"),
    "sdk: gradio": ("sdk: gradio\napp_port: 7860", "app_port does not belong here"),
    "sdk: gradi.": ("sdk: gradio\ncolour: red", "colour is not known"),
    "tags:": ("tags: [", "no YAML"),
    "---\ntitle": ("title", "does not start"),
}


def test_the_readme_makes_a_space():
    assert problems(ROOT / "README.md") == []


@pytest.mark.parametrize("pattern", SPOILED)
def test_a_spoiled_line_is_told(pattern, tmp_path):
    replacement, said = SPOILED[pattern]
    for name in ("app.py", "requirements.txt", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    text = (ROOT / "README.md").read_text("utf-8")
    spoiled = re.sub(pattern, replacement, text, count=1)
    assert spoiled != text
    (tmp_path / "README.md").write_text(spoiled, "utf-8")
    found = problems(tmp_path / "README.md")
    assert len(found) == 1
    assert said in found[0]
