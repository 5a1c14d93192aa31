"""The architecture, held by reading the import statements and the map in ARCHITECTURE.md."""

import ast
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "playground"
FILES = sorted(PACKAGE.rglob("*.py"))

# Who may import whom: a layer sees itself and what stands before it.
LAYERS = {
    "types": 0,
    "errors": 0,
    "spreadsheet": 0,
    "settings": 1,
    "models": 2,
    "providers": 3,
    "conversation": 4,
    "arena": 5,
    "lab": 5,
    "ops": 5,
    "owner": 6,
    "stored": 6,
    "compose": 6,
    "checks": 7,
    "api": 6,
    "sync": 7,
    "ui": 7,
    "__init__": 8,
    "judge_command": 8,
    "__main__": 9,
}
ONE_FILE_EACH = {
    "openai": "playground/providers/openai.py",
    "anthropic": "playground/providers/anthropic.py",
    "google": "playground/providers/google.py",
    "xllamacpp": "playground/providers/local.py",
    "genai_prices": "playground/models/pricing.py",
    "httptools": "playground/providers/answer.py",
    "aiohappyeyeballs": "playground/providers/transport.py",
}

# They take no time to import.
QUICK = {"httptools", "aiohappyeyeballs"}

ROWS = {f"arena/{name}.py" for name in ("rows", "tally_rows", "exchange_rows", "judge_rows")}
STORE = {
    "arena/copies.py",
    "arena/daily.py",
    "arena/database.py",
    "arena/readings.py",
    "arena/votes.py",
    "ops/budget.py",
    *ROWS,
}


def imports_of(path: Path):
    """(absolute dotted name, is inside a function or for types only) for every import of a file."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    tree = ast.parse(path.read_text("utf-8"))
    late = (ast.FunctionDef, ast.AsyncFunctionDef)
    lazy = {
        child
        for node in ast.walk(tree)
        if isinstance(node, late) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node in lazy
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            for name in node.names:
                yield f"{module}.{name.name}", node in lazy


def layer_of(dotted: str) -> str:
    return dotted.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_inwards(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    own = parts[0]
    for name, _ in imports_of(path):
        if name.startswith("playground."):
            assert LAYERS[layer_of(name)] <= LAYERS[own], f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_sdk_lives_in_one_file_and_is_imported_late(path):
    for name, is_lazy in imports_of(path):
        top = name.split(".")[0]
        if top in ONE_FILE_EACH:
            assert str(path.relative_to(ROOT)) == ONE_FILE_EACH[top], f"{path} imports {name}"
            assert is_lazy or top in QUICK, f"{path} imports {name} at import time"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_lives_in_the_store_and_the_store_is_loaded_late(path):
    own = str(path.relative_to(PACKAGE))
    for name, is_lazy in imports_of(path):
        if name.split(".")[0] in {"sqlalchemy", "psycopg", "sqlite3"}:
            assert own in STORE, f"{path} imports {name}"
        if own not in STORE and name.removeprefix("playground.").startswith(
            ("arena.copies", "arena.daily", "arena.database", "arena.rows", "arena.votes", "ops.budget")
        ):
            assert is_lazy, f"{path} imports {name} at import time"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_gradio_is_only_known_to_the_page(path):
    if path.is_relative_to(PACKAGE / "ui"):
        return
    assert not any(name.split(".")[0] == "gradio" for name, _ in imports_of(path)), path


def test_tabs_do_not_import_tabs():
    tabs = {path.stem: path for path in (PACKAGE / "ui").glob("*_tab.py")}
    for stem, path in tabs.items():
        for name, _ in imports_of(path):
            assert not (set(name.split(".")) & (tabs.keys() - {stem})), f"{path} imports {name}"


def on_the_map():
    """(folder of the package, name or pattern) of every file that ARCHITECTURE.md puts there."""
    drawn = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("\nplayground/\n")[1].split("\ndocs/")[0]
    folder = ""
    for line in drawn.splitlines():
        if not line.startswith("    "):
            head = re.match(r"  (\w+)/ ", line)
            folder = head[1] if head else ""
            line = "" if head else line  # what a folder is, in words
        for name in re.findall(r"[\w*]+\.(?:py|js|html|css|toml)\b", line):
            yield folder, name


MAPPED = sorted(set(on_the_map()))


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__init__.py"], ids=lambda path: path.stem)
def test_every_module_is_on_the_map(path):
    folder = path.parent.relative_to(PACKAGE).as_posix().removeprefix(".")
    assert any(folder == place and fnmatchcase(path.name, name) for place, name in MAPPED), f"{path} is not there"


@pytest.mark.parametrize(("folder", "name"), MAPPED)
def test_the_map_names_nothing_that_is_gone(folder, name):
    assert [*(PACKAGE / folder).glob(name)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_does(path):
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
