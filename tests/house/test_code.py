"""The house's own measures: files and functions of a size one can read, settings and commands that are written down."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [ROOT / "config.py", ROOT / "wsgi.py", *sorted(path for room in ("webapp", "worker") for path in (ROOT / room).rglob("*.py"))]
LINES, STATEMENT_LINES = 300, 40


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            documented = ast.get_docstring(node) is not None
            body = node.body[1:] if documented and len(node.body) > 1 else node.body
            assert node.end_lineno - body[0].lineno < STATEMENT_LINES, node.name


def test_every_setting_is_in_the_example_and_in_the_documentation():
    names = set(re.findall(r'env(?:str|bool|int|list|limit|secret)\(\s*"([A-Z_]+)"', (ROOT / "config.py").read_text()))
    assert len(names) > 20
    for place in (".env.example", "docs/configuration.md"):
        said = (ROOT / place).read_text()
        assert {name for name in names if name not in said} == set(), place


def test_every_command_is_documented(app):
    commands = {name for name in app.cli.commands if name not in ("db", "run", "shell", "routes")}
    said = (ROOT / "docs/configuration.md").read_text()
    assert {name for name in commands if f"`{name}" not in said and f" {name}" not in said} == set()


def test_every_asked_for_job_has_somebody_who_does_it():
    from webapp.rooms import JOBS

    asked = {name for path in CODE for name in re.findall(r'\bask\(\s*"([a-z_.]+)"', path.read_text())}
    assert asked
    assert asked <= set(JOBS)
