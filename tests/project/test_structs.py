"""What mypy checks of dataclasses and not of structs: the names that `replace` gets."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def fields_of_structs(trees: list[ast.Module]) -> set[str]:
    return {
        line.target.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        if any(isinstance(base, ast.Name) and base.id == "Struct" for base in node.bases)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def replaced_names(tree: ast.Module) -> set[str]:
    return {
        keyword.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace"
        for keyword in node.keywords
        if keyword.arg is not None
    }


def unknown_names(texts: list[str]) -> set[str]:
    """The names in calls of `replace` that no struct in `texts` has."""
    trees = [ast.parse(text) for text in texts]
    return set().union(*map(replaced_names, trees)) - fields_of_structs(trees)


def test_a_replace_names_fields_of_structs() -> None:
    texts = [path.read_text() for path in sorted((ROOT / "reconciler").rglob("*.py"))]

    assert unknown_names(texts) == set()


@pytest.mark.parametrize(("name", "expected"), [("code", set()), ("cod", {"cod"})])
def test_a_misspelt_name_is_reported(name: str, expected: set[str]) -> None:
    text = f"class Door(Struct):\n    code: str\n\nreplace(Door('1'), {name}='2')"

    assert unknown_names([text]) == expected
