"""Each promise in SECURITY.md names tests, and they exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("| ").rsplit(" | ", 1)
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("| Promise", "|---"))
]


def functions_in(file: Path) -> set[str]:
    """Return the names of a file's test functions."""
    if not file.is_file():
        return set()
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    functions = [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {function.name for function in functions}


def missing(cell: str) -> list[str]:
    """Return the tests in a cell that don't exist."""
    named = re.findall(r"`([^`]+)::(\w+)`", cell)
    return [f"{file}::{name}" for file, name in named if name not in functions_in(ROOT / file)]


@pytest.mark.parametrize(("promise", "cell"), ROWS, ids=[promise[:40] for promise, _ in ROWS])
def test_each_promise_is_held_by_tests_that_exist(promise, cell):
    assert "::test_" in cell
    assert missing(cell) == []


def test_the_check_itself():
    assert len(ROWS) > 15
    assert missing("`tests/docs/test_security.py::test_the_check_itself`") == []
    assert missing("`tests/docs/test_security.py::test_gone`") != []
    assert missing("`tests/no_file.py::test_gone`") != []


def test_the_commands_exist():
    for module in re.findall(r"python -m (tests[\w.]+)", PAGE.replace("\n", " ")):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
