"""Values on the command line of `calendar`: a day, and the name of a zone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

LAST_YEAR = 9000
"""The last year of a window: the calendar of this program ends a little later."""


class Day(click.ParamType[date]):
    """A day: `2027-01-11`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.fail(f"{value!r} is not a day such as 2027-01-11.", param, ctx)
        if not 1970 <= day.year <= LAST_YEAR:  # noqa: PLR2004 - where instants are counted from
            self.fail(f"{value} is not in the years 1970 to {LAST_YEAR}.", param, ctx)
        return day


class ZoneName(click.ParamType[str]):
    """The name of an IANA zone; the names are read only when one is given or completed."""

    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, if it is the name of a zone."""
        from reconciler.meeting import timezones  # noqa: PLC0415 - not for --help
        from reconciler.spec.rules.zone_names import similar  # noqa: PLC0415 - the same

        if value not in timezones.zones():
            meant = similar(value)
            remedy = (
                f"Did you mean `{meant}`?" if meant else "Write an IANA name, such as Europe/Berlin or UTC."
            )
            self.fail(f"{value!r} is not a name in the IANA time zone database. {remedy}", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return every zone that begins with `incomplete`."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for shell completion

        from reconciler.meeting import timezones  # noqa: PLC0415 - the same

        del ctx, param
        return [CompletionItem(name) for name in sorted(timezones.zones()) if name.startswith(incomplete)]
