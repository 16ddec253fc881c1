"""The command `calendar`: when the declared meetings take place. Reads Zoom only for `--links`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.commands.calendar import build, output
from reconciler.cli.commands.calendar.values import Day, ZoneName
from reconciler.cli.options import Key, example_epilog, format_option, paths_argument, state_options
from reconciler.errors.diagnostic import Exit
from reconciler.spec.yaml.document import collector_off

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace


@click.command(
    epilog=example_epilog(
        "reconciler calendar --days 7 --zone America/New_York",
        "reconciler calendar --format ics --out public/feeds/",
    )
)
@paths_argument
@click.option(
    "--from", "first", type=Day(), metavar="DAY", help="First day, such as 2027-01-11.  [default: today]"
)
@click.option(
    "--days",
    type=click.IntRange(1, build.DAYS_MAX),
    metavar="N",
    help=f"Number of days.  [default: {build.DAYS_OF_AN_AGENDA} for text, else {build.DAYS_OF_A_YEAR}]",
)
@click.option("--host", "hosts", metavar="GLOB", multiple=True, help="Only hosts that match; repeatable.")
@click.option(
    "--match",
    "keys",
    type=Key(spec=True),
    metavar="GLOB",
    multiple=True,
    help="Only keys that match; repeatable.",
)
@click.option(
    "--zone",
    type=ZoneName(),
    metavar="ZONE",
    help="Zone of days and times.  [default: that of most meetings]",
)
@format_option("calendar", about="For people, programs, calendar apps, or a browser.")
@click.option(
    "--out",
    metavar="FILE|FOLDER",
    type=click.Path(),
    help="Write to a file instead of stdout; with ics also to a folder, a feed for each host.",
)
@click.option("--links", is_flag=True, help="Add join links, read from Zoom. Needs credentials.")
@click.option("--with-passcodes", is_flag=True, help="With --links: leave the passcodes in the links.")
@state_options
def calendar(
    workspace: Workspace, paths: tuple[str, ...], format_name: str, out: str | None, **flags: Any
) -> Exit:
    """Show when the declared meetings take place.

    Counts exceptions, closures and clock changes, and marks the dates on which a host has more meetings than
    it can run. Reads the specs, and the state for feeds and links; needs no credentials without --links.
    """
    if flags["with_passcodes"] and not flags["links"]:
        raise click.UsageError("--with-passcodes needs --links: it is about the links that --links adds.")
    options = build.CalendarOptions(
        **flags, is_agenda=format_name == "text", is_feed=format_name == output.FEED
    )
    target = output.target(out, format_name)
    with collector_off():  # half a million dates, and not one of them in a circle
        built = build.build(workspace, paths, options)
        output.write(workspace, target, format_name, built)
    return Exit.ERROR if built.failed else Exit.DONE
