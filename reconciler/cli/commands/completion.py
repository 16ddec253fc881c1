"""The verb that has a shell complete what one types."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import example_epilog

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Exit


VARIABLE = "_RECONCILER_COMPLETE"
"""By which the script asks the program; click derives it from the program's name."""


@click.command(
    epilog=example_epilog(
        "reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler",
        "reconciler completion zsh > ~/.zfunc/_reconciler    # a folder of your fpath",
        "reconciler completion fish > ~/.config/fish/completions/reconciler.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> Exit:
    """Print a script for your shell.

    With it the shell completes verbs, flags, codes and keys. Keys come from the specs and from a state
    in a file; nothing is asked over the network.
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - not for --help

    from reconciler.errors.diagnostic import Exit  # noqa: PLC0415 - not for --help

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells that it is offered for"
    script = kind(click.get_current_context().find_root().command, {}, "reconciler", VARIABLE)
    sys.stdout.write(script.source_template % script.source_vars())
    return Exit.DONE
