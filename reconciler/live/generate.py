"""Stored meetings as the text of a spec: what a person would have written, with its `imports` list.

Pure. What could not be declared is told in comments, so that the file is the whole story.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors.text import count_noun, shorten
from reconciler.live._from_zoom import ImportedMeeting
from reconciler.meeting import fields
from reconciler.meeting.humanize import end_words, rule_words
from reconciler.meeting.meeting import series
from reconciler.meeting.timezones import in_zone, known_zone
from reconciler.ports import Json
from reconciler.spec import defaults as spec_defaults
from reconciler.spec import keys as spec_keys
from reconciler.spec.defaults import merge
from reconciler.spec.yaml import writer
from reconciler.spec.yaml.snippet import secret_columns
from reconciler.spec.yaml.writer import Path

SCHEMA_LINE = "yaml-language-server: $schema=meetings.schema.json"
"""Tells editors where the schema is; `reconciler schema meetings` prints it."""

TOPIC_MAX = 60
"""Characters of a topic in a comment."""

_OPEN = frozenset({"settings", "defaults", "meetings", "imports"})
"""Names whose mapping or list is written over several lines, however short it is."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A meeting that is not declared, and why, in the middle of a sentence."""

    id: int
    host: str
    topic: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class SkippedSummary:
    """What is not in the file: one by one, and how many are recorded already or over."""

    left: tuple[Skipped, ...] = ()
    known: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class SpecContext:
    """What the text has to fit into: the defaults of the settings file, and keys that are in use."""

    defaults: Mapping[str, Json] = field(default_factory=dict)
    taken: Collection[str] = ()


def render(declared: Sequence[ImportedMeeting], omitted: SkippedSummary, around: SpecContext) -> str:
    """A spec of `declared`, host by host and by key, with comments on them and on all that was `omitted`.

    Keys are given in the order of `declared`.
    """
    topics = ((one.id, str(one.attributes.get("topic", ""))) for one in declared)
    named = spec_keys.assign_keys(topics, around.taken)
    hosts = tuple(dict.fromkeys(one.host for one in declared))
    declared = sorted(declared, key=lambda one: (hosts.index(one.host), _natural(named[one.id])))
    bodies = [{"host": one.host, **one.attributes} for one in declared]
    pairs = tuple(zip(bodies, (one.has for one in declared), strict=True))
    defaults = spec_defaults.extract_defaults(
        [spec_defaults.without_defaults(around.defaults, body, has) for body, has in pairs]
    )
    whole = merge(around.defaults, defaults)
    written = (spec_defaults.without_defaults(whole, body, has) for body, has in pairs)
    meetings = {named[one.id]: body for one, body in zip(declared, written, strict=True)}
    spec = {
        "version": 1,
        **({"defaults": defaults} if defaults else {}),
        "meetings": meetings,
        "imports": [{"id": one.id, "to": named[one.id]} for one in declared],
    }
    footer = (f"{writer.render_comment(line)}\n" for line in _footer(omitted))
    return writer.render(spec, _layout(spec, declared, named)) + "".join(footer)


def _layout(
    spec: Mapping[str, Json], declared: Sequence[ImportedMeeting], named: Mapping[int, str]
) -> writer.Layout:
    beside: dict[Path, str] = dict(_meanings(("defaults",), spec.get("defaults", {})))
    above: dict[Path, tuple[str, ...]] = {("version",): _header(declared)}
    above |= {(name,): ("",) for name in ("defaults", "meetings")}
    above[("imports",)] = ("", "`apply` records these; once it has, the list can go.")
    for place, one in enumerate(declared):
        path = ("meetings", named[one.id])
        above[path] = (*([""] if place else []), *one.remarks)
        beside |= _meanings(path, spec["meetings"][named[one.id]])
        beside |= _rule(path, one)
    return writer.Layout(above, beside, _is_open)


def _is_open(path: Path) -> bool:
    return path[-1] in _OPEN or path[:-1] == ("meetings",)


def _natural(key: str) -> tuple[tuple[str, int], ...]:
    """What sorts `call-2` before `call-10`."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", key))


def _header(declared: Sequence[ImportedMeeting]) -> tuple[str, ...]:
    passcodes = sum(one.has_passcode for one in declared)
    told = (
        f"{count_noun(passcodes, 'meeting has a passcode', 'meetings have passcodes')}: Zoom keeps "
        f"{'it' if passcodes == 1 else 'them'}, and none is written here."
    )
    return (SCHEMA_LINE, *((told,) if passcodes else ()))


def _meanings(path: Path, value: Json) -> Iterator[tuple[Path, str]]:
    """What the numbers mean that do not speak for themselves."""
    for name, inner in value.items():
        here = (*path, name)
        described = fields.field_at(here[1 if path[0] == "defaults" else 2 :])
        if isinstance(inner, dict) and name != "recurrence":
            yield from _meanings(here, inner)
        elif described and isinstance(inner, int) and str(inner) in described.meaning:
            yield here, described.meaning[str(inner)]
        elif name == "duration" and path == ("defaults",):
            yield here, "minutes"


def _rule(path: Path, one: ImportedMeeting) -> dict[Path, str]:
    """The rule of a series in words, and the day of its last date."""
    repeated = series(one.attributes)
    if repeated is None:
        return {}
    last = repeated.last()
    until = in_zone(last, known_zone(repeated.timezone)) if last else None
    words = rule_words(repeated.recurrence, repeated.wall_start())
    return {(*path, "recurrence"): words + end_words(None, until)}


def _footer(omitted: SkippedSummary) -> Iterator[str]:
    """What is not in the file, reason by reason."""
    reasons: dict[str, list[Skipped]] = {}
    for one in omitted.left:
        reasons.setdefault(one.reason, []).append(one)
    for reason, several in reasons.items():
        yield ""
        yield f"Left out: {reason}."
        yield from (f"  {one.id}  {one.host}  {_topic(one.topic)}" for one in several)
    counts = ((omitted.known, "recorded or declared already"), (omitted.expired, "over"))
    if told := ", ".join(f"{count} {why}" for count, why in counts if count):
        yield ""
        yield f"Left out: {told}."


def _topic(topic: str) -> str:
    if secret_columns([topic], 0, is_yaml=False):
        return "(a topic with a secret in it)"
    return shorten(topic, TOPIC_MAX)
