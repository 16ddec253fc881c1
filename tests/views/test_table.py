"""The table of views: each row leads to a view, and every `--format` of the command line comes from it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from reconciler.cli.main import cli
from reconciler.views.table import VIEWS, apply_view, formats, view

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = {"state mv": "state change", "state rm": "state change"}
"""The result of a command whose row has another name than the command."""

WITHOUT_FORMAT = {"failed plan"}
"""Results that a command prints in place of its own."""


def format_options(
    group: click.Group = cli, parents: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Choice[str], object]]:
    """Yield the name of each command with `--format`, its choices and its default."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from format_options(command, (*parents, name))
        for parameter in command.params:
            if parameter.name == "format_name" and isinstance(parameter.type, click.Choice):
                yield " ".join((*parents, name)), parameter.type, parameter.default


@pytest.mark.parametrize(("result", "format_name"), VIEWS)
def test_each_row_leads_to_a_view_of_its_module(result: str, format_name: str) -> None:
    module, _, function = VIEWS[result, format_name].partition(":")

    loaded: Any = apply_view(format_name) if result == "apply" else view(result, format_name)

    assert (loaded.__module__, loaded.__name__) == (f"reconciler.views.{module}", function)


def test_a_row_is_all_that_a_format_takes() -> None:
    """Every command offers the formats of its result in the table, the first of them as its default."""
    options = list(format_options())

    assert [(name, tuple(choice.choices), default) for name, choice, default in options] == [
        (name, formats(RESULTS.get(name, name)), formats(RESULTS.get(name, name))[0])
        for name, _, _ in options
    ]
    assert {RESULTS.get(name, name) for name, _, _ in options} | WITHOUT_FORMAT == {name for name, _ in VIEWS}


def test_the_table_loads_no_view_and_the_views_of_a_plan_load_nothing_heavy() -> None:
    """Importing rich takes a tenth of a second, and `plan` does not use it."""
    program = (
        "import sys, reconciler.views.table as views\n"
        "print(sorted(name for name in sys.modules if name.startswith('reconciler.')))\n"
        "views.view('plan', 'text'), views.view('plan', 'json')\n"
        "print([name for name in ('rich', 'httpx', 'deepdiff', 'jsonschema') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "['reconciler.views', 'reconciler.views.table']\n[]\n"
