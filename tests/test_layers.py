"""Imports run one way, and nothing imports the package root."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "playbook"
LEAVES = {
    "errors",
    "findings",
    "documents",
    "format",
    "calendar",
    "conditions",
    "resources",
    "intervals",
    "queries",
    "tables",
    "worktime",
}
METHODS = {
    "abtest",
    "attribution",
    "economics",
    "funnel",
    "keywords",
    "nurture",
    "response",
    "routing",
    "scoring",
}
BOOK = {"touchpoint", "derive", "book"}
LEVELS = [LEAVES, METHODS | {"data"}, BOOK, {"metrics"}, {"chapters"}, {"report"}]
LEVELS += [{"cli", "__main__"}]
MODULES = sorted(ROOT.rglob("*.py"))


def level_of(name: str) -> int:
    return next(i for i, names in enumerate(LEVELS) if name in names)


def part_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Every playbook module that a file imports, wherever it does so."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{a.name}" for a in node.names]
    return [name for name in found if name == "playbook" or name.startswith("playbook.")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_below(path):
    if path.relative_to(ROOT).parts == ("__init__.py",):
        return
    own = part_of(path)
    for name in imports(path):
        parts = name.split(".")
        assert len(parts) > 1, f"{path} imports the package root"
        other = parts[1]
        if other == own:
            continue
        assert (ROOT / other).is_dir() or (ROOT / f"{other}.py").is_file(), f"{path}: {name}"
        assert level_of(other) <= level_of(own), f"{path} imports {name}, which lies above it"
        if own in METHODS | {"data"}:
            assert other in LEAVES, f"{path} imports {name}; methods and data know only leaves"


def test_every_module_has_a_level():
    parts = {part_of(p) for p in MODULES} - {"__init__"}
    assert parts <= set().union(*LEVELS)


IN_ABTEST = ["inputs", "after", "before", "during", "decide"]


@pytest.mark.parametrize("place", range(len(IN_ABTEST)))
def test_the_parts_of_abtest_know_only_those_before_them(place):
    above = {f"playbook.abtest.{name}" for name in IN_ABTEST[place + 1 :]}
    for path in (ROOT / "abtest" / IN_ABTEST[place]).glob("*.py"):
        for name in imports(path):
            assert ".".join(name.split(".")[:3]) not in above, f"{path} imports {name}"
