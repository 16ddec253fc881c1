"""Generates the text of a spec for discovered meetings, with an `imports` list to record them.

Pure. Comments name everything that could not be declared, so that the file is complete.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from reconciler.errors.secrets import secret_spans
from reconciler.errors.text import count_noun, repr_without, shorten
from reconciler.live._from_zoom import ImportedMeeting
from reconciler.meeting import fields
from reconciler.meeting.humanize import end_words, rule_words
from reconciler.meeting.meeting import series
from reconciler.meeting.timezones import in_zone, known_zone
from reconciler.ports import Json
from reconciler.spec import defaults as spec_defaults
from reconciler.spec import keys as spec_keys
from reconciler.spec.defaults import merge_levels
from reconciler.spec.people.shared import shared_people
from reconciler.spec.repeat import in_words
from reconciler.spec.yaml import writer
from reconciler.spec.yaml.writer import Path

SCHEMA_LINE = "yaml-language-server: $schema={}"
"""The comment by which editors find the schema; `reconciler schema meetings` prints it."""

TOPIC_MAX = 60
"""Characters of a topic in a comment."""

_OPEN = frozenset({"settings", "defaults", "people", "meetings", "imports", "exceptions"})
"""Names whose mapping or list is written over several lines, however short it is."""


class Skipped(Struct, frozen=True):
    """A meeting that is not declared, and the reason, in the middle of a sentence."""

    id: int
    host: str
    topic: str
    reason: str

    def __repr__(self) -> str:
        return repr_without(self, "topic")


class SkippedSummary(Struct, frozen=True):
    """The meetings that are not in the file: one by one, and counts of those recorded already or over."""

    left: tuple[Skipped, ...] = ()
    known: int = 0
    expired: int = 0

    @property
    def counted(self) -> str:
        """Return the counts in words: "3 recorded or declared already, 1 over"; empty if both are 0."""
        counts = ((self.known, "recorded or declared already"), (self.expired, "over"))
        return ", ".join(f"{count} {reason}" for count, reason in counts if count)


class SpecContext(Struct, frozen=True):
    """The context of a spec: the defaults of the settings, names in use, the schema's path from it."""

    defaults: Mapping[str, Json] = {}
    taken: Collection[str] = ()
    taken_people: Collection[str] = ()
    schema: str = "meetings.schema.json"


def render(declared: Sequence[ImportedMeeting], omitted: SkippedSummary, context: SpecContext) -> str:
    """A spec of `declared`, host by host and by key, with comments on them and on all that was `omitted`.

    Keys are given in the order of `declared`.
    """
    topics = ((meeting.id, str(meeting.attributes.get("topic", ""))) for meeting in declared)
    keys = spec_keys.assign_keys(topics, context.taken)
    hosts = tuple(dict.fromkeys(meeting.host for meeting in declared))
    declared = sorted(
        declared, key=lambda meeting: (hosts.index(meeting.host), _natural_order(keys[meeting.id]))
    )
    pairs = [({"host": meeting.host, **in_words(meeting.attributes)}, meeting.stored) for meeting in declared]
    defaults = spec_defaults.extract_defaults(
        [spec_defaults.without_defaults(context.defaults, body, stored) for body, stored in pairs]
    )
    all_defaults = merge_levels(context.defaults, defaults)
    bodies = (spec_defaults.without_defaults(all_defaults, body, stored) for body, stored in pairs)
    people, with_people = shared_people(tuple(bodies), context.taken_people)
    meetings = {
        keys[meeting.id]: _with_exceptions(body, meeting.exceptions)
        for meeting, body in zip(declared, with_people, strict=True)
    }
    spec = {
        "version": 1,
        **({"defaults": defaults} if defaults else {}),
        **({"people": people} if people else {}),
        "meetings": meetings,
        "imports": [{"id": meeting.id, "to": keys[meeting.id]} for meeting in declared],
    }
    footer = (f"{writer.render_comment(line)}\n" for line in _footer(omitted))
    layout = _layout(spec, declared, keys, SCHEMA_LINE.format(context.schema))
    return writer.render(spec, layout) + "".join(footer)


def _with_exceptions(body: Mapping[str, Json], exceptions: Mapping[str, Json]) -> Mapping[str, Json]:
    return spec_defaults.in_order({**body, "exceptions": exceptions}) if exceptions else body


def _layout(
    spec: Mapping[str, Json], declared: Sequence[ImportedMeeting], keys: Mapping[int, str], schema_line: str
) -> writer.Layout:
    beside: dict[Path, str] = dict(_meanings(("defaults",), spec.get("defaults", {})))
    above: dict[Path, tuple[str, ...]] = {("version",): (schema_line, *_header(declared))}
    above |= {(name,): ("",) for name in ("defaults", "people", "meetings") if name in spec}
    above[("imports",)] = ("", "`apply` records these meetings. After that the list can be removed.")
    for index, meeting in enumerate(declared):
        path = ("meetings", keys[meeting.id])
        above[path] = (*([""] if index else []), *meeting.remarks)
        beside |= _meanings(path, spec["meetings"][keys[meeting.id]])
        beside |= _rule(path, meeting)
    return writer.Layout(above, beside, _is_open)


def _is_open(path: Path) -> bool:
    return path[-1] in _OPEN or path[:-1] == ("meetings",)


def _natural_order(key: str) -> tuple[tuple[str, int], ...]:
    """A sort key that puts `call-2` before `call-10`."""
    return tuple((text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", key))


def _header(declared: Sequence[ImportedMeeting]) -> tuple[str, ...]:
    return (*_about_passcodes(declared), *_about_exceptions(declared))


def _about_passcodes(declared: Sequence[ImportedMeeting]) -> Iterator[str]:
    passcodes = sum(meeting.has_passcode for meeting in declared)
    if passcodes:
        have, them = ("has a passcode", "it") if passcodes == 1 else ("have passcodes", "them")
        yield f"{count_noun(passcodes, 'meeting')} {have}: Zoom keeps {them}, and none is written here."


def _about_exceptions(declared: Sequence[ImportedMeeting]) -> Iterator[str]:
    if any(meeting.exceptions for meeting in declared):
        yield "Of single dates under `exceptions`, start and duration were read. An agenda or settings that"
        yield "one date has of its own were not: add them to its exception."


def _meanings(path: Path, value: Json) -> Iterator[tuple[Path, str]]:
    """The meaning of each number that does not explain itself."""
    for name, inner in value.items():
        inner_path = (*path, name)
        described = fields.field_at(inner_path[1 if path[0] == "defaults" else 2 :])
        if isinstance(inner, dict) and name not in ("recurrence", "repeat"):
            yield from _meanings(inner_path, inner)
        elif described and isinstance(inner, int) and str(inner) in described.meaning:
            yield inner_path, described.meaning[str(inner)]
        elif name == "duration" and path == ("defaults",):
            yield inner_path, "minutes"


def _rule(path: Path, meeting: ImportedMeeting) -> dict[Path, str]:
    """The rule of a series in words, where the words are not written, and the day of its last date."""
    declared = series(meeting.attributes)
    if declared is None:
        return {}
    last = declared.last()
    until = in_zone(last, known_zone(declared.timezone)) if last else None
    if isinstance(in_words(meeting.attributes).get("repeat"), dict):  # it is in words, but for its last date
        return {(*path, "repeat"): end_words(None, until).removeprefix(", ")}
    words = rule_words(declared.recurrence, declared.wall_start())
    return {(*path, "recurrence"): words + end_words(None, until)}


def _footer(omitted: SkippedSummary) -> Iterator[str]:
    """The lines about meetings that are not in the file, reason by reason."""
    reasons: dict[str, list[Skipped]] = {}
    for meeting in omitted.left:
        reasons.setdefault(meeting.reason, []).append(meeting)
    for reason, skipped in reasons.items():
        yield ""
        yield f"Left out: {reason}."
        yield from (f"  {meeting.id}  {meeting.host}  {_topic(meeting.topic)}" for meeting in skipped)
    if omitted.counted:
        yield ""
        yield f"Left out: {omitted.counted}."


def _topic(topic: str) -> str:
    if secret_spans(topic):
        return "(a topic with a secret in it)"
    return shorten(topic, TOPIC_MAX)
