"""Keys of meetings on the command line, as a shell completes them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Key(click.ParamType[str]):
    """A key, or a glob for several; a shell is offered those that are recorded, and declared where `spec`."""

    name = "key"

    def __init__(self, *, spec: bool = False) -> None:
        self.spec = spec

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Every key that begins so and is not there yet."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from reconciler.verbs import completing  # noqa: PLC0415 - the same

        given = ctx.params
        sandbox = bool(given.get("sandbox"))
        keys = {*completing.recorded(Path.cwd(), os.environ, state=given.get("state"), sandbox=sandbox)}
        if self.spec:
            keys |= {*completing.declared(Path.cwd(), os.environ, tuple(given.get("paths") or ()))}
        there = given.get(param.name or "") or ()
        return [
            CompletionItem(key) for key in sorted(keys) if key.startswith(incomplete) and key not in there
        ]
