"""The command `completion`: a script with which a shell completes the command line."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class

from reconciler.cli.options import example_epilog
from reconciler.errors.diagnostic import Exit

VARIABLE = "_RECONCILER_COMPLETE"
"""The variable by which the script calls the program; click derives it from the program's name."""


@click.command(
    epilog=example_epilog(
        "reconciler completion bash > ~/.local/share/bash-completion/completions/reconciler",
        "reconciler completion zsh > ~/.zfunc/_reconciler    # a folder of your fpath",
        "reconciler completion fish > ~/.config/fish/completions/reconciler.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> Exit:
    """Print a shell completion script.

    The shell then completes commands, options, files, diagnostic codes and keys. Keys come from the specs and
    from a state in a local file; completion sends no request.
    """
    shell_class = get_completion_class(shell)
    assert shell_class is not None, "click supports every shell that is offered"
    script = shell_class(click.get_current_context().find_root().command, {}, "reconciler", VARIABLE)
    sys.stdout.write(script.source_template % script.source_vars())
    return Exit.DONE
