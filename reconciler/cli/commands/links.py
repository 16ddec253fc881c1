"""The command `links`: join links, read from Zoom on request, since no file may hold them."""

from __future__ import annotations

import asyncio
import os
import stat
from functools import cache
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli.connection import check_origin, connect
from reconciler.cli.keys import match_keys
from reconciler.cli.options import Key, example_epilog, format_option, state_options
from reconciler.cli.refresh import hosts_if_readable
from reconciler.cli.reporting import print_diagnostics
from reconciler.errors.diagnostic import Diagnostic, Exit, Severity
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.live.read import read_each
from reconciler.meeting import masking
from reconciler.meeting.names import as_argument
from reconciler.ports import CODE_MEETING_UNKNOWN
from reconciler.state import identity
from reconciler.state.recorded_times import recorded_schedule
from reconciler.views.results import JoinLink
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from reconciler.cli.console import Console
    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Answer, Body, Remote
    from reconciler.state.state import Record, State


@click.command(epilog=example_epilog("reconciler links", "reconciler links 'platform-*' --format json"))
@click.argument("keys", nargs=-1, type=Key(), metavar="[KEYS]...")
@format_option("links", about="For people, programs, or a pull request.")
@state_options
def links(workspace: Workspace, keys: tuple[str, ...], format_name: str) -> Exit:
    """Show join links.

    Reads from Zoom the link of every recorded meeting, or of those that KEYS name, which may be globs. Links
    hold passcodes, so they are never stored.
    """
    state, _ = workspace.read_state()
    records = {key: state.meetings[key] for key in match_keys(keys, state, workspace.store.location)}
    results = read_now(workspace, state, records)
    join_links = [each for each in results if isinstance(each, JoinLink)]
    unread = [each for each in results if isinstance(each, Diagnostic)]
    if any(link.holds_passcode for link in join_links):
        warn_of_log(workspace)
    workspace.console.stdout.write(view("links", format_name)(join_links, unread))
    workspace.console.stdout.flush()
    if format_name == "text":
        print_diagnostics(workspace, unread)
    return Exit.ERROR if unread else Exit.DONE


def read_now(
    workspace: Workspace, state: State, records: Mapping[str, Record]
) -> list[JoinLink | Diagnostic]:
    """Return the link of each recorded meeting, or the diagnostic of a read that failed."""
    return asyncio.run(_read_all(workspace, state, records)) if records else []


def warn_of_log(workspace: Workspace) -> None:
    """Warn where links that hold passcodes go to the log of a CI job."""
    if _is_ci_log(workspace.console):
        print_diagnostics(workspace, [_in_a_log()])


async def _read_all(
    workspace: Workspace, state: State, records: Mapping[str, Record]
) -> list[JoinLink | Diagnostic]:
    @cache
    def declared() -> Mapping[str, Sequence[str]]:
        return hosts_if_readable(workspace, ())

    def problem(key: str, stored: Body) -> Diagnostic | None:
        diagnostic = identity.problem(state, key, records[key], stored)
        if diagnostic is None or identity.is_followed(state, records[key], stored, declared().get(key, ())):
            return None
        return diagnostic

    async with connect(workspace, None) as remote:
        check_origin(state, await remote.origin(), workspace.store.location)
        return await read(remote, records, workspace.clock.now(), problem)


async def read(
    remote: Remote,
    records: Mapping[str, Record],
    now: datetime,
    identity_problem: Callable[[str, Body], Diagnostic | None],
) -> list[JoinLink | Diagnostic]:
    """Return the link of each key, or the diagnostic of a read that failed. Raises as `read_each` does.

    `identity_problem` returns why a stored meeting is not the recorded one; None: it is.
    """
    answers = await read_each(tuple(records.values()), lambda record: remote.read(record.id))
    return [
        (None if isinstance(answer, RemoteError) else identity_problem(key, answer.body))
        or _link(key, record, answer, now)
        for (key, record), answer in zip(records.items(), answers, strict=True)
    ]


def _link(key: str, record: Record, answer: Answer | RemoteError, now: datetime) -> JoinLink | Diagnostic:
    if isinstance(answer, GoneError) and answer.zoom_code == CODE_MEETING_UNKNOWN:
        return _gone(key, record)
    if isinstance(answer, RemoteError):
        return _unread(key, record, answer)
    stored = answer.body
    join_url = stored.get("join_url")
    if not isinstance(join_url, str) or not join_url:
        return _without_link(key, record)
    schedule = recorded_schedule(record, now)
    return JoinLink(
        key=key,
        id=record.id,
        host=record.host,
        topic=masking.as_shown(str(stored.get("topic", "")), record.attributes.get("topic")),
        next_at=schedule.next_at if schedule else None,
        join_url=join_url,
        timezone=record.attributes.get("timezone"),
    )


def _is_ci_log(console: Console) -> bool:
    """Return True where stdout goes to the log of a CI job, which many people can read."""
    if not console.is_runner:
        return False
    try:
        return not stat.S_ISREG(os.fstat(console.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # a stream without a file descriptor
        return True


def _in_a_log() -> Diagnostic:
    return Diagnostic(
        code="links.in-a-log",
        detail="Anyone who can read the log can join these meetings: `CI` is set, and stdout is not a file.",
        hint="Write them to a file that is not kept, or run the command at a terminal.",
        severity=Severity.WARNING,
    )


def _gone(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="links.gone",
        detail=f"{key}: Zoom has no meeting {record.id} of {record.host}.",
        hint=f"`reconciler apply --refresh` creates it again where it is declared; "
        f"`reconciler state rm {as_argument(key)}` forgets it.",
        key=key,
    )


def _unread(key: str, record: Record, error: RemoteError) -> Diagnostic:
    found = identity.with_remedy(error.diagnostic, key, lambda: record)
    return replace(found, key=key, detail=f"{key}: {found.detail}")


def _without_link(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="links.none",
        detail=f"{key}: Zoom's answer about meeting {record.id} has no join link.",
        hint="Look at the meeting in Zoom's web portal.",
        key=key,
    )
