"""Checks the lines at the top of README.md that make a checkout a Hugging Face Space: python -m deploy.front_matter.

Knows the rules of https://huggingface.co/docs/hub/spaces-config-reference and nothing of the app.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
HARDWARE = {"zero-a10g", "cpu-basic"}
# What one Space needs no setting for, or what only costs: a port and a disk of its own, headers, preloaded models.
NOT_HERE = {"app_port", "suggested_storage", "hardware", "custom_headers", "preload_from_hub"}
LONGEST_DESCRIPTION = 60
LICENSE_HEADS = {"mit": "MIT License"}

Rule = Callable[[Any, Path], str | None]


def problems(readme: Path) -> list[str]:
    """One sentence for each thing that a Space would refuse or show wrongly; an empty list is a Space."""
    found = re.match(r"---\n(.*?)\n---\n", readme.read_text("utf-8"), re.DOTALL)
    if found is None:
        return [f"{readme.name} does not start with lines between two ---."]
    try:
        values = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"the lines between --- are no YAML: {str(error).splitlines()[0]}."]
    if not isinstance(values, Mapping):
        return ["the lines between --- are no names with values."]
    said = [f"{name} is missing." for name in RULES if name not in values]
    said += [f"{name} does not belong here." for name in sorted(NOT_HERE & set(values))]
    said += [f"{name} is not known." for name in sorted(set(values) - set(RULES) - NOT_HERE - set(OPTIONAL))]
    for name, rule in {**RULES, **OPTIONAL}.items():
        if name in values and (problem := rule(values[name], readme.parent)):
            said.append(f"{name} {problem}.")
    return said


def one_of(*allowed: Any) -> Rule:
    return lambda value, _: None if value in allowed else f"must be one of {', '.join(sorted(map(str, allowed)))}"


def text(longest: int) -> Rule:
    def check(value: Any, _: Path) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return "must be text"
        return f"has {len(value)} characters, {longest} are allowed" if len(value) > longest else None

    return check


def emoji(value: Any, _: Path) -> str | None:
    is_one = isinstance(value, str) and 0 < len(value) <= 8 and all(ord(character) > 0x2000 for character in value)
    return None if is_one else "must be one emoji"


def app_file(value: Any, root: Path) -> str | None:
    return None if isinstance(value, str) and (root / value).is_file() else "names no file of this checkout"


def sdk_version(value: Any, root: Path) -> str | None:
    """The Space installs exactly this one beside requirements.txt, so both must agree."""
    try:
        version = Version(str(value))
    except InvalidVersion:
        return "must be a version"
    lines = (root / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line.startswith("gradio")]
    if not wanted or not all(one.specifier.contains(version) for one in wanted):
        return f"{version} is not what requirements.txt allows"
    return None


def python_version(value: Any, root: Path) -> str | None:
    if not isinstance(value, str):
        return "must be in quotes: 3.10 without them is the number 3.1"
    project = (root / "pyproject.toml").read_text("utf-8")
    least = re.search(r'requires-python = ">=([\d.]+)"', project)
    if least and Version(value) < Version(least[1]):
        return f"is older than {least[1]}, which pyproject.toml asks for"
    return None if value in {"3.10", "3.12"} else "must be one that ZeroGPU offers: 3.12"


def license_name(value: Any, root: Path) -> str | None:
    head = LICENSE_HEADS.get(value)
    if head is None:
        return f"must be one of {', '.join(LICENSE_HEADS)}"
    return None if (root / "LICENSE").read_text("utf-8").startswith(head) else "is not what LICENSE says"


def tags(value: Any, _: Path) -> str | None:
    fine = (
        isinstance(value, list)
        and value
        and all(isinstance(tag, str) and re.fullmatch(r"[\w-]+", tag) for tag in value)
    )
    return None if fine else "must be a list of words"


RULES: dict[str, Rule] = {
    "title": text(60),
    "emoji": emoji,
    "colorFrom": one_of(*COLORS),
    "colorTo": one_of(*COLORS),
    "sdk": one_of("gradio"),
    "sdk_version": sdk_version,
    "python_version": python_version,
    "app_file": app_file,
    "short_description": text(LONGEST_DESCRIPTION),
    "license": license_name,
    "tags": tags,
    "pinned": one_of(False),
    "suggested_hardware": one_of(*HARDWARE),
}
OPTIONAL: dict[str, Rule] = {
    "hf_oauth": one_of(True),
    "hf_oauth_expiration_minutes": lambda value, _: None if isinstance(value, int) else "must be a number",
}


def main() -> int:
    """Checks the checkout's own README; returns 0, or 1 with every problem on standard error."""
    said = problems(Path(__file__).parent.parent / "README.md")
    print(
        *said or ["The lines at the top of README.md make a Space."], sep="\n", file=sys.stderr if said else sys.stdout
    )
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
