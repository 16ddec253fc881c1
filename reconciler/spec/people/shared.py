"""Lists of people that several imported meetings share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count

from reconciler.ports import Json
from reconciler.spec.keys import slug
from reconciler.spec.people.misplaced import SEPARATOR, TAKES_LISTS

_SHARED_MIN = 3


def shared_people(
    bodies: Sequence[dict[str, Json]], taken: Collection[str]
) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """Return a list of people for e-mails that three or more bodies share, and the bodies with its name."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, body in enumerate(bodies):
        emails = _listed(body)
        if len(emails) > 1:
            groups.setdefault(tuple(sorted(map(str.casefold, emails))), []).append(index)
    people: dict[str, Json] = {}
    renamed = list(bodies)
    for members in (members for members in groups.values() if len(members) >= _SHARED_MIN):
        emails = _listed(bodies[members[0]])
        name = _name_of(emails, {*taken, *people})
        people[name] = list(emails)
        for index in members:
            renamed[index] = {**bodies[index], "settings": {**bodies[index]["settings"], TAKES_LISTS: [name]}}
    return people, renamed


def _listed(body: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the e-mails of a body's alternative hosts; none where one of them is something else."""
    written = (body.get("settings") or {}).get(TAKES_LISTS) or ""
    words = tuple(word.strip() for word in SEPARATOR.split(written) if word.strip())
    return words if all("@" in word for word in words) else ()


def _name_of(emails: Sequence[str], taken: Collection[str]) -> str:
    """Return a name for a list of people, from its first two members."""
    first, second, *others = (slug(email.partition("@")[0]) or "somebody" for email in emails)
    name = f"{first}-{second}-and-{len(others)}-more" if others else f"{first}-and-{second}"
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)
