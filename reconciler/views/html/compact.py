"""A calendar's JSON document in the form that the page reads: each meeting once, its dates as runs of steps.

A year of 2,000 weekly meetings is 104,000 dates: 20 MB written out, less than half of one as runs.

Only `calendar.js` reads this form. Instants are seconds since 1970. The dates of a meeting are
`[first, step, times, step, times, ...]`; `moved`, `changed` and `clashing` are `[first, last, ...]`, ranges
of positions in its dates.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from reconciler.errors.text import escape_hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    Clashing = AbstractSet[tuple[str, str]]

LINK_SCHEMES = ("https://", "http://")


def compact(document: Mapping[str, Any], clashing: Clashing) -> dict[str, Any]:
    """Return the data of the page: the same for the same document, in the same order.

    `clashing` has the key and the `start_at` of each date that clashes; the document has only their number.
    """
    return {
        "from": document["from"],
        "to": document["to"],
        "zone": document["zone"],
        "meetings": _meetings(document, clashing),
        "skipped": _skipped(document),
        "clashes": [_clash(each) for each in document["clashes"]],
        "closures": [
            {"name": _text(each["name"]), "from": each["from"], "to": each["to"]}
            for each in document["closures"]
        ],
    }


def _meetings(document: Mapping[str, Any], clashing: Clashing) -> list[dict[str, Any]]:
    """Return what the dates of each meeting have in common, and the dates; one that differs has its own."""
    dates = document["dates"]
    links = document.get("links", {})
    meetings: dict[tuple[Any, ...], list[tuple[int, str | None, bool]]] = {}
    for each in dates:
        same = (each["key"], each["topic"], each["host"], each["timezone"], each.get("note"))
        start = _seconds(each["start_at"])
        marks = (each["exception"], (each["key"], each["start_at"]) in clashing)
        meetings.setdefault((*same, _seconds(each["end_at"]) - start), []).append((start, *marks))
    return [
        _meeting(same, [start for start, *_ in own])
        | _link(links.get(same[0], ""))
        | _marks([(exception, clashes) for _, exception, clashes in own])
        for same, own in meetings.items()
    ]


def _meeting(same: tuple[Any, ...], starts: Sequence[int]) -> dict[str, Any]:
    key, topic, host, zone, note, seconds = same
    return {
        "key": _text(key),
        "topic": _text(topic),
        "host": _text(host),
        "zone": zone,
        "seconds": seconds,
        "dates": runs(starts),
        **({"note": _text(note)} if note else {}),
    }


def _link(address: str) -> dict[str, str]:
    """Return the link that a person may follow; another scheme could run a script."""
    return {"link": address} if address.startswith(LINK_SCHEMES) else {}


def _marks(dates: Sequence[tuple[str | None, bool]]) -> dict[str, list[int]]:
    """Return the ranges of moved, changed and clashing dates, where there are any."""
    marks = {
        "moved": ranges(at for at, (exception, _) in enumerate(dates) if exception == "moved"),
        "changed": ranges(at for at, (exception, _) in enumerate(dates) if exception == "changed"),
        "clashing": ranges(at for at, (_, clashes) in enumerate(dates) if clashes),
    }
    return {name: found for name, found in marks.items() if found}


def _skipped(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the days that each meeting leaves out, in order of the days."""
    days: dict[tuple[str, str, str, str | None], list[str]] = {}
    for each in document["skipped"]:
        same = (each["key"], each["topic"], each["host"], each["closure"])
        days.setdefault(same, []).append(each["date"])
    return [
        {
            "key": _text(key),
            "topic": _text(topic),
            "host": _text(host),
            "closure": closure and _text(closure),
            "days": runs([date.fromisoformat(day).toordinal() for day in sorted(each)]),
        }
        for (key, topic, host, closure), each in days.items()
    ]


def _clash(clash: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "host": _text(clash["host"]),
        "keys": [_text(key) for key in clash["keys"]],
        "first": _seconds(clash["first_at"]),
        "dates": clash["dates"],
        "free": [_text(host) for host in clash["free_hosts"]],
    }


def runs(values: Sequence[int]) -> list[int]:
    """Return ascending values as `[first, step, times, step, times, ...]`; none as nothing."""
    steps = groupby(after - before for before, after in pairwise(values))
    return [*values[:1], *(number for step, each in steps for number in (step, sum(1 for _ in each)))]


def ranges(positions: Iterable[int]) -> list[int]:
    """Return ascending positions as `[first, last, first, last, ...]`."""
    found: list[int] = []
    for position in positions:
        if found and found[-1] == position - 1:
            found[-1] = position
        else:
            found += (position, position)
    return found


def _seconds(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def _text(text: str) -> str:
    """Return a value as people may see it: a character that hides or reorders others is escaped."""
    return escape_hidden(text)
