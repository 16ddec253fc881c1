"""Tells whether a meeting in Zoom is the recorded one, by its host and its creation time.

Others may have written the state, so an id in it may be any meeting of the account. Check each meeting with
`problem` before anything is sent to it and before anything of it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.text import sentences
from reconciler.meeting.meeting import PERSONAL, kind
from reconciler.meeting.names import as_argument, fold_host
from reconciler.ports import Json
from reconciler.state.history import Fact, Kind
from reconciler.state.state import SCHEDULE_FOR, Record, Retired, State, host_key, owner


def find(state: State, meeting_id: int) -> Record | Retired | None:
    """Return the record or the retired entry of a meeting id; None: the state has neither."""
    known: tuple[Record | Retired, ...] = (*state.meetings.values(), *state.retired)
    return next((one for one in known if one.id == meeting_id), None)


def hosts_of(state: State, known: Record | Retired) -> tuple[str, ...]:
    """Return the names under which Zoom may have the meeting: its host, or the user it was scheduled for."""
    names = (known.host, known.attributes.get(SCHEDULE_FOR) if isinstance(known, Record) else None)
    return tuple(host_key(state, name) for name in names if name)


def other_host(stored: Mapping[str, Json], hosts: tuple[str, ...]) -> str | None:
    """Return the host that Zoom names, by e-mail if it gives one; None if it is one of `hosts`."""
    user_id, email = stored.get("host_id"), stored.get("host_email")
    named = {user_id, fold_host(str(email or ""))} - {None, ""}
    return str(email or user_id) if named and named.isdisjoint(hosts) else None


def renamed_host(state: State, known: Record, stored: Mapping[str, Json]) -> str | None:
    """Return the e-mail that the recorded host has in Zoom now; None if it is unknown or the same."""
    user_id, email = stored.get("host_id"), str(stored.get("host_email") or "")
    name = fold_host(known.host)
    if not user_id or "@" not in name or "@" not in email or state.hosts.get(name) != user_id:
        return None
    other = host_key(state, email) not in {fold_host(email), user_id}
    return None if other or fold_host(email) == name else email


def host_change(state: State, key: str, before: str, now: str) -> Fact:
    """Return what the history tells of a host that changed: the same user, renamed, or another one."""
    is_same = host_key(state, before) == host_key(state, now)
    return Fact(Kind.RENAME if is_same else Kind.HAND_OVER, key, (now,))


def host_renamed(host: str, email: str, sent: str = "Nothing was sent for this host.") -> Diagnostic:
    """Return the error of a host whose user has another e-mail in Zoom now; `sent` says what was sent."""
    return Diagnostic(
        code="zoom.host-renamed",
        detail=sentences(f"{host} is {email} in Zoom now.", sent),
        hint=f"Write `host: {email}` in the spec, and in `hosts` of reconciler.yaml; "
        "its meetings and their join links stay.",
    )


def is_same_creation(known: Record | Retired, stored: Mapping[str, Json]) -> bool:
    """Return False if both sides say when the meeting was created, and say it differently."""
    recorded, current = known.created_at, stored.get("created_at")
    return not recorded or not isinstance(current, str) or _instant(recorded) == _instant(current)


def is_followed(
    state: State,
    known: Record,
    stored: Mapping[str, Json],
    declared: Collection[str],
    *,
    verified: Collection[str] = (),
) -> bool:
    """Return True if the recorded meeting was handed over in Zoom to one of the `declared` hosts.

    `verified` as in `problem`.
    """
    if not declared or not is_same_creation(known, stored):
        return False
    return all(
        other_host(stored, tuple(host_key(each, name) for name in declared)) is None
        for each in (state, _trusted(state, known, verified))
    )


def problem(
    state: State,
    key: str,
    known: Record | Retired,
    stored: Mapping[str, Json],
    *,
    verified: Collection[str] = (),
) -> Diagnostic | None:
    """Return why `stored` is not to be touched or shown for `key`; None: it is the recorded meeting.

    `verified` are the names of hosts that Zoom confirmed in this run. Where no time of creation is recorded,
    the user ids of other names are not believed: whoever can write the state could have invented both.
    """
    if not is_same_creation(known, stored):
        return _another_meeting(key, known, stored)
    others = (other_host(stored, hosts_of(each, known)) for each in (state, _trusted(state, known, verified)))
    other = next(filter(None, others), None)
    return None if other is None else _another_host(key, known, other)


def import_problem(
    state: State, host: str, attributes: Mapping[str, Json], stored: Mapping[str, Json]
) -> str | None:
    """Return why `stored` cannot be recorded as what is declared for `host`; None: it can."""
    stored_type = stored.get("type")
    if state.knows(stored["id"]):
        return "is recorded under another key already"
    if stored_type == PERSONAL:
        return "is under the host's personal id (PMI), and such a meeting cannot be managed"
    if stored_type != kind(attributes):
        return f"is of type {stored_type} (declared: {kind(attributes)})"
    other = other_host(stored, (host_key(state, owner(attributes, host)),))
    if other is not None:
        return f"belongs to {other} (declared: {host})"
    return None


def with_remedy(refused: Diagnostic, key: str, known: Callable[[], Record | Retired | None]) -> Diagnostic:
    """Return Zoom's refusal; if the id belongs to a webinar, with what to do about the entry that has it.

    `known` returns that entry, and None for the id of an import; it is only called for a webinar.
    """
    if refused.code != "zoom.webinar":
        return refused
    return replace(refused, hint=f"Webinars are not managed here: {_no_webinar(key, known())}")


def _no_webinar(key: str, known: Record | Retired | None) -> str:
    if isinstance(known, Record):
        return (
            f"run `reconciler state rm {as_argument(key)}`; if {key} is declared, the next apply creates "
            "a meeting."
        )
    if isinstance(known, Retired):
        return f"{_OUT_OF_RETIRED}."
    return f"remove the `imports` line of {key}; without it the meeting is created."


def _trusted(state: State, known: Record | Retired, verified: Collection[str]) -> State:
    """Return the state with the aliases that may be believed for this meeting."""
    if known.created_at:
        return state
    return replace(state, hosts={name: state.hosts[name] for name in verified if name in state.hosts})


def _another_meeting(key: str, known: Record | Retired, stored: Mapping[str, Json]) -> Diagnostic:
    host = stored.get("host_email") or stored.get("host_id") or "a host that it does not name"
    return Diagnostic(
        code="state.other-meeting",
        detail=f"{key} is recorded as meeting {known.id} of {known.host}, created {known.created_at}. "
        f"In Zoom, {known.id} is a meeting of {host}, created {stored.get('created_at')}. "
        "Nothing was sent to it, and nothing of it is shown.",
        hint=_restore(key, known),
        key=key,
    )


def _another_host(key: str, known: Record | Retired, other: str) -> Diagnostic:
    is_scheduled = isinstance(known, Record) and SCHEDULE_FOR in known.attributes
    field = SCHEDULE_FOR if is_scheduled else "host"
    follow = f"If somebody handed it over, write `{field}: {other}` to follow it there. "
    return Diagnostic(
        code="refresh.other-host",
        detail=f"{key} is recorded as meeting {known.id} of {known.host}. "
        f"In Zoom, it is a meeting of {other}. Nothing was sent to it, and nothing of it is shown.",
        hint=f"{follow if isinstance(known, Record) else ''}{_restore(key, known)}",
        key=key,
    )


def _restore(key: str, known: Record | Retired) -> str:
    if isinstance(known, Record):
        return (
            "If the state was changed by somebody else, restore an older version of it, or run "
            f"`reconciler state rm {as_argument(key)}` and name the right meeting under `imports`."
        )
    return f"If the state was changed by somebody else, restore an older version of it, or {_OUT_OF_RETIRED}."


_OUT_OF_RETIRED = (
    "take the entry out of `retired` (`reconciler state pull`, then `reconciler state push --force FILE`)"
)


def _instant(written: str) -> datetime | str:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return written
