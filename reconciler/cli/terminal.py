"""The verbs for people at a terminal: what a code means, how a shell completes a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.flags import example, formats, looks, surroundings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.errors import Exit
    from reconciler.workspace import Workspace


class Code(click.ParamType[str]):
    """A diagnostic code; which there are is only looked at where a shell asks."""

    name = "code"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Every code that begins so."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks for it

        from reconciler.explanations import table  # noqa: PLC0415 - the same

        del ctx, param
        return [
            CompletionItem(code, help=each.means)
            for code, each in table().items()
            if code.startswith(incomplete)
        ]


@click.command(
    epilog=example("reconciler init", "reconciler init --yes --host platform@example.com --ci github")
)
@click.option("--host", metavar="HOST", help="The Zoom user whose meetings they are: an e-mail or a user id.")
@click.option("--topic", help="Of the first meeting.")
@click.option("--timezone", metavar="ZONE", help="IANA name; by itself this machine's.")
@click.option("--start", metavar="TIME", help="Wall time, as in 2027-01-11T10:00; by itself a Monday at ten.")
@click.option("--weekly/--once", default=None, help="A series, or a single meeting.")
@click.option("--state", metavar="PLACE", help="Where the state shall live; goes into reconciler.yaml.")
@click.option("--ci", type=click.Choice(["github", "gitlab", "none"]), help="Write workflows for it.")
@click.option("--yes", is_flag=True, help="Ask nothing; take what the flags say.")
@looks
def init(workspace: Workspace, **flags: Any) -> Exit:
    """Begin: write a first spec.

    Asks what the flags leave open, where there is a terminal. Writes meetings.yaml with its schema, and
    on demand reconciler.yaml and workflows. What exists is never overwritten.
    """
    from reconciler.verbs import init as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, verb.Wishes(**flags))


@click.command(epilog=example("reconciler doctor", "reconciler doctor --sandbox"))
@formats("text", "json")
@surroundings
def doctor(workspace: Workspace, format_name: str) -> Exit:
    """Check that all is there.

    Settings, specs, state and lock, what is left of the day, credentials, scopes, clock and hosts: each
    line is ok, or says what to do. Changes nothing, and takes nothing from the daily budget.
    """
    from reconciler.verbs import doctor as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, format_name=format_name)


@click.command(epilog=example("reconciler explain state.locked"))
@click.argument("code", type=Code(), required=False)
@formats("text", "json")
@looks
def explain(workspace: Workspace, code: str | None, format_name: str) -> Exit:
    """Say what a code means.

    Why it is told, what to do, and an example, of the CODE in the brackets of any message. Without one,
    or with a family such as `state`, it lists them.
    """
    from reconciler.verbs import explain as verb  # noqa: PLC0415 - not for --help

    return verb.run(workspace, code, format_name=format_name)
