"""Results as a table for people, and as the page that is kept of them. Knows no benchmark."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from .result import Result

PAGE = Path(__file__).parent / "results.md"
# What stands below this line is written by hand and stays.
KEPT = "<!-- What stands below is kept when the table is measured again. -->"
VERSIONS = (
    "gradio",
    "fastapi",
    "uvicorn",
    "uvloop",
    "openai",
    "httpx2",
    "httptools",
    "xllamacpp",
    "numpy",
    "sqlalchemy",
)


def table(results: Sequence[Result]) -> str:
    """Fixed columns: name, value, unit, goal, whether it holds."""
    lines = []
    for result in results:
        mark = {None: "", True: "holds", False: "MISSED"}[result.holds]
        lines.append(f"{result.name:<62} {result.value:>9.2f} {result.unit:<8} {result.goal:<12} {mark}".rstrip())
    return "\n".join(lines)


def write(results: Sequence[Result], *, command: str, page: Path = PAGE) -> None:
    """Puts the table, its command, the machine, the versions and the date into `page`, above what is kept."""
    _, found, kept = page.read_text("utf-8").partition(KEPT) if page.exists() else ("", "", "")
    rows = [
        f"| {_indented(result.name)} | {result.value:.2f} {result.unit} | {result.goal} | "
        f"{ {None: '', True: 'holds', False: 'missed'}[result.holds] } |"
        for result in results
    ]
    text = "\n".join(
        [
            "# Results",
            "",
            f"Measured on {date.today().isoformat()} by `{command}`, everything in "
            "one run on one machine, with the scripted provider and the readers on it as well.",
            "",
            f"{_machine()}. Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in VERSIONS)
            + ".",
            "",
            "| measure | value | goal | |",
            "|---|---|---|---|",
            *rows,
            "",
            KEPT,
        ]
    )
    page.write_text(text + (kept if found else "\n"), "utf-8")


def _indented(name: str) -> str:
    """Spaces at the beginning of a cell are dropped where Markdown is shown; these are not."""
    return name.replace("  ", "&emsp;", 1) if name.startswith("  ") else name


def _machine() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text("utf-8").splitlines() if cpu.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    cores = os.cpu_count() or 0
    return f"{cores} cores{f' of {model}' if model else ''}, {platform.system()} {platform.machine()}"
