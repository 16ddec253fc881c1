"""Checks the declared meetings by the rules of the account: passcodes, tracking fields, alternative hosts.

A rule that cannot be read is not checked, and the line names the scope that allows it. No rule ends the run.
"""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING

from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import AccessError, GoneError, RemoteError
from reconciler.errors.text import count_noun, shorten
from reconciler.meeting.names import fold_host
from reconciler.meeting.passcode import rule_of
from reconciler.plan.passcodes import host_of, passcode_of
from reconciler.views.results import Check, CheckStatus, ok, warn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.meeting.meeting import Meeting
    from reconciler.ports import Answer, Body
    from reconciler.spec.spec import Spec
    from reconciler.zoom.client import ZoomClient


BASIC = 1
"""Zoom's number for a user without a licence."""

SECURITY = "user:read:settings:admin (classic: user:read:admin)"
TRACKING = "tracking_field:read:list_tracking_fields:admin (classic: tracking_fields:read:admin)"
USERS = "user:read:user:admin (classic: user:read:admin)"

NAMED_MAX = 5
"""Meetings that a line names; more are counted."""


async def check_rules(remote: ZoomClient, spec: Spec, variable: Callable[[str], str | None]) -> list[Check]:
    """Return the lines about the rules; only rules that concern a declared meeting have one."""
    if not spec.meetings:
        return []
    return [
        *await _passcodes(remote, spec, variable),
        *await _tracking_fields(remote, spec),
        *await _alternative_hosts(remote, spec),
    ]


async def _passcodes(remote: ZoomClient, spec: Spec, variable: Callable[[str], str | None]) -> list[Check]:
    declared = {key: passcode_of(each, variable) for key, each in spec.meetings.items()}
    known = {key: value for key, value in declared.items() if value is not None}
    hosts = {key: fold_host(host_of(spec.meetings[key])) for key in known}
    names = sorted(set(hosts.values()))
    answers = await _read_all(names, remote.security)
    rules = {host: rule_of(answer) for host, answer in answers.items() if not isinstance(answer, RemoteError)}
    broken = [
        (key, problem)
        for key, passcode in known.items()
        if hosts[key] in rules and (problem := rules[hosts[key]].broken_by(passcode))
    ]
    checks = [
        Check(
            "passcodes",
            CheckStatus.FAIL,
            f"{key}: its passcode breaks the rule of {hosts[key]}: it {problem}",
            f"Choose one with {rules[hosts[key]].words}; until then apply leaves this meeting out.",
            "passcode.against-rule",
        )
        for key, problem in broken[:NAMED_MAX]
    ]
    if broken[NAMED_MAX:]:
        checks.append(_more("passcodes", len(broken) - NAMED_MAX, "passcode breaks", "passcodes break"))
    fit = sum(host in rules for host in hosts.values()) - len(broken)
    if fit:
        checks.append(
            ok("passcodes", f"{count_noun(fit, 'passcode fits', 'passcodes fit')} the rules of Zoom")
        )
    return [*checks, *_unread("passcodes", "the rule for passcodes", SECURITY, answers)]


async def _tracking_fields(remote: ZoomClient, spec: Spec) -> Iterator[Check]:
    answer = (await _read_all(("",), lambda _: remote.tracking_fields()))[""]
    if isinstance(answer, RemoteError):
        return _unread("tracking", "required tracking fields", TRACKING, {"": answer})
    listed = answer.get("tracking_fields")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    required = [str(row.get("field")) for row in rows if row.get("required") is True]
    return chain(_lacking(spec, required), _unknown(spec, [str(row.get("field")) for row in rows]))


def _lacking(spec: Spec, required: Sequence[str]) -> Iterator[Check]:
    complete = True
    for field in required:
        keys = [key for key, each in spec.meetings.items() if field not in _tracked(each)]
        if keys:
            complete = False
            name = shorten(field, 60)
            yield warn(
                "tracking",
                f"the account requires the tracking field {name}, which {_named(keys)} not have",
                f"Add `tracking_fields: [{{field: {name}, value: ...}}]` to them, or to `defaults`.",
            )
    if required and complete:
        yield ok("tracking", f"every meeting has {count_noun(len(required), 'required tracking field')}")


def _unknown(spec: Spec, fields: Sequence[str]) -> Iterator[Check]:
    declared: dict[str, list[str]] = {}
    for key, each in spec.meetings.items():
        for field in _tracked(each):
            declared.setdefault(field, []).append(key)
    for field in sorted(declared.keys() - set(fields)) if fields else ():
        yield warn(
            "tracking",
            f"the account has no tracking field {shorten(field, 60)}, which {_list(declared[field])} declare"
            f"{'s' if len(declared[field]) == 1 else ''}",
            suggestion(did_you_mean(field, tuple(fields)), "Remove it, or add the field to the account."),
        )


async def _alternative_hosts(remote: ZoomClient, spec: Spec) -> list[Check]:
    named: dict[str, list[str]] = {}
    for key, each in spec.meetings.items():
        for email in _alternatives(each):
            named.setdefault(email, []).append(key)
    answers = await _read_all(sorted(named), remote.user)
    checks = [*_unlicensed(named, answers)]
    others = {email: answer for email, answer in answers.items() if not isinstance(answer, GoneError)}
    unread = [*_unread("alternates", "licences of alternative hosts", USERS, others)]
    if named and not checks and not unread:
        count = count_noun(len(named), "alternative host is", "alternative hosts are")
        return [ok("alternates", f"{count} licensed")]
    return [*checks, *unread]


def _unlicensed(
    named: Mapping[str, Sequence[str]], answers: Mapping[str, Body | RemoteError]
) -> Iterator[Check]:
    for email, answer in answers.items():
        if isinstance(answer, GoneError):
            problem = "is not a user of this account"
        elif not isinstance(answer, RemoteError) and answer.get("type") == BASIC:
            problem = "has no licence"
        else:
            continue
        yield warn(
            "alternates",
            f"{email}, an alternative host of {_list(named[email])}, {problem}",
            "Zoom takes only licensed users of the account: give this one a licence, or name another.",
        )


def _unread(
    name: str, subject: str, scope: str, answers: Mapping[str, Body | RemoteError]
) -> Iterator[Check]:
    """Yield one line for what could not be read: the scope to grant, or the reason."""
    errors = [answer for answer in answers.values() if isinstance(answer, RemoteError)]
    if not errors:
        return
    denied = next((each for each in errors if isinstance(each, AccessError)), None)
    if denied is not None and denied.diagnostic.code == "zoom.scopes":
        yield ok(name, f"{subject}: not checked: grant {scope}")
    else:
        yield ok(name, f"{subject}: not checked: {(denied or errors[0]).diagnostic.summary}")


async def _read_all(
    names: Iterable[str], read: Callable[[str], Awaitable[Answer]]
) -> dict[str, Body | RemoteError]:
    async def one(name: str) -> Body | RemoteError:
        try:
            answer = await read(name)
        except RemoteError as error:
            return error
        return answer.body

    names = tuple(names)
    return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))


def _more(name: str, count: int, noun: str, plural: str) -> Check:
    summary = f"{count_noun(count, f'more {noun}', f'more {plural}')} a rule"
    return Check(name, CheckStatus.FAIL, summary, "Correct the first ones, then run doctor again.")


def _tracked(meeting: Meeting) -> set[str]:
    return {str(each.get("field")) for each in meeting.attributes.get("tracking_fields") or ()}


def _alternatives(meeting: Meeting) -> Iterator[str]:
    settings = meeting.attributes.get("settings") or {}
    for email in str(settings.get("alternative_hosts") or "").replace(",", ";").split(";"):
        if email.strip():
            yield fold_host(email.strip())


def _named(keys: Sequence[str]) -> str:
    return f"{_list(keys)} {'does' if len(keys) == 1 else 'do'}"


def _list(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - NAMED_MAX} more" if len(keys) > NAMED_MAX else ""
    return f"{', '.join(keys[:NAMED_MAX])}{more}"
