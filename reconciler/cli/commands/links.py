"""`links`: join links, read from Zoom when somebody asks, since no file may hold them."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import click

from reconciler.cli import keys
from reconciler.cli.connection import check_origin, connect
from reconciler.cli.options import Key, example_epilog, format_option, state_options
from reconciler.cli.refresh import hosts_if_readable
from reconciler.errors.diagnostic import Diagnostic, Exit, Severity
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.live.read import read_each
from reconciler.ports import CODE_MEETING_UNKNOWN
from reconciler.state import identity
from reconciler.views.results import JoinLink
from reconciler.views.table import view
from reconciler.views.text import diagnostics as text_diagnostics
from reconciler.views.values import schedule_or_none

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
    """Show how people join.

    Reads from Zoom the link of every recorded meeting, or of those named; globs will do. Links hold
    passcodes, so they are kept nowhere.
    """
    return run(workspace, keys, format_name=format_name)


def run(workspace: Workspace, names: Sequence[str], *, format_name: str) -> Exit:
    """Show the link of each recorded meeting, or of those named; an error where one cannot be read."""
    state, _ = workspace.state()
    asked = keys.match_keys(names, state, workspace.store.location)
    records = {key: state.meetings[key] for key in asked}
    answers = asyncio.run(_ask(workspace, state, records)) if records else []
    links = [answer for answer in answers if isinstance(answer, JoinLink)]
    unread = [answer for answer in answers if isinstance(answer, Diagnostic)]
    if _is_ci_log(workspace.console) and any(link.holds_passcode for link in links):
        _tell(workspace, [_in_a_log()])
    workspace.console.stdout.write(view("links", format_name)(links, unread))
    workspace.console.stdout.flush()
    if format_name == "text":
        _tell(workspace, unread)
    return Exit.ERROR if unread else Exit.DONE


async def read(
    remote: Remote,
    records: Mapping[str, Record],
    now: datetime,
    stranger: Callable[[str, Body], Diagnostic | None],
) -> list[JoinLink | Diagnostic]:
    """The link of each key, or the diagnostic of a read that failed. Raises as `read_each` does.

    `stranger` tells why an answer is not the recorded meeting; None: it is.
    """
    answers = await read_each(tuple(records.values()), lambda record: remote.read(record.id))
    return [
        (None if isinstance(answer, RemoteError) else stranger(key, answer.body))
        or _link(key, record, answer, now)
        for (key, record), answer in zip(records.items(), answers, strict=True)
    ]


async def _ask(
    workspace: Workspace, state: State, records: Mapping[str, Record]
) -> list[JoinLink | Diagnostic]:
    @cache
    def declared() -> Mapping[str, Sequence[str]]:
        return hosts_if_readable(workspace, ())

    def stranger(key: str, stored: Body) -> Diagnostic | None:
        why = identity.problem(state, key, records[key], stored)
        if why is None or identity.is_followed(state, records[key], stored, declared().get(key, ())):
            return None
        return why

    async with connect(workspace, None) as remote:
        check_origin(state, await remote.origin(), workspace.store.location)
        return await read(remote, records, workspace.clock.now(), stranger)


def _link(key: str, record: Record, answer: Answer | RemoteError, now: datetime) -> JoinLink | Diagnostic:
    if isinstance(answer, GoneError) and answer.zoom_code == CODE_MEETING_UNKNOWN:
        return _gone(key, record)
    if isinstance(answer, RemoteError):
        return _unread(key, answer)
    stored = answer.body
    join_url = stored.get("join_url")
    if not isinstance(join_url, str) or not join_url:
        return _without_link(key, record)
    stands = schedule_or_none(record.attributes, now)
    return JoinLink(
        key=key,
        id=record.id,
        host=record.host,
        topic=str(stored.get("topic", "")),
        next_at=stands.next_at if stands else None,
        join_url=join_url,
    )


def _is_ci_log(console: Console) -> bool:
    """Whether what is written to stdout is kept where many can read it."""
    if not console.is_runner:
        return False
    try:
        return not stat.S_ISREG(os.fstat(console.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # no file of the system's
        return True


def _tell(workspace: Workspace, diagnostics: Sequence[Diagnostic]) -> None:
    stderr = workspace.console.stderr
    stderr.write(
        text_diagnostics.diagnostics(diagnostics, colour=workspace.console.colours(stderr, workspace.choices))
    )


def _in_a_log() -> Diagnostic:
    return Diagnostic(
        code="links.in-a-log",
        detail="Whoever can read the log can join these meetings. `CI` is set, and stdout is no file.",
        hint="Send them to a file that is not kept, or ask for them at a terminal.",
        severity=Severity.WARNING,
    )


def _gone(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="links.gone",
        detail=f"{key}: Zoom has no meeting {record.id} of {record.host}.",
        hint=f"`reconciler apply --refresh` creates it again where it is declared; "
        f"`reconciler state rm {key}` forgets it.",
        key=key,
    )


def _unread(key: str, error: RemoteError) -> Diagnostic:
    return replace(error.diagnostic, key=key, detail=f"{key}: {error.diagnostic.detail}")


def _without_link(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="links.none",
        detail=f"{key}: the answer about meeting {record.id} holds none.",
        hint="Look at the meeting in Zoom's web page.",
        key=key,
    )
