"""Rules for topic, type and settings: required, contradicting and obsolete fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting import fields
from reconciler.meeting.meeting import INSTANT, NO_FIXED_TIME, SCHEDULED, kind
from reconciler.ports import Json

Path = tuple[str | int, ...]


def check(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about topic, type and fields that do not fit together."""
    if not attributes.get("topic", "").strip():
        yield UnlocatedDiagnostic(
            ("topic",),
            "meeting.topic-missing",
            "Zoom would make up a topic. After a lost response, a meeting is found again by its topic.",
            "Add the text that people read in their calendar, such as `topic: Platform weekly`.",
        )
    yield from _type(attributes)
    settings = attributes.get("settings")
    if settings:
        yield from _settings(settings)


def _type(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    of_type = kind(attributes)
    if of_type == INSTANT:
        yield UnlocatedDiagnostic(
            ("type",),
            "meeting.instant",
            "A meeting of type 1 starts when it is created, and Zoom never lists it.",
            "Write `type: 2` with a `start_time`, `type: 8` for a series, or `type: 3` for no fixed time.",
        )
    if attributes.get("pre_schedule") and of_type not in (SCHEDULED, NO_FIXED_TIME):
        yield UnlocatedDiagnostic(
            ("pre_schedule",),
            "meeting.pre-schedule",
            f"Zoom accepts `pre_schedule` for types 2 and 3 only, not for type {of_type} (its error 3000).",
            "Remove `pre_schedule`; only the Google Workspace add-on needs it.",
        )


def _settings(settings: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    for name in settings.keys() & _watched_fields():
        for field in _watched_fields()[name]:
            yield from _field(field, settings)


@cache
def _watched_fields() -> Mapping[str, tuple[fields.Field, ...]]:
    """Return the obsolete and the required fields, by the member of `settings` that leads to them."""
    watched: dict[str, tuple[fields.Field, ...]] = {}
    for field in fields.table().values():
        top, _, rest = field.path.partition(".")
        if top == "settings" and (field.obsolete or _is_required(field)):
            name = rest.partition(".")[0].removesuffix("[]")
            watched[name] = (*watched.get(name, ()), field)
    return watched


def _is_required(field: fields.Field) -> bool:
    # The schema checks entries of lists. A mapping may get the field from defaults, so it is checked here.
    return bool(field.required or field.required_if) and "[]" not in field.path


def _field(field: fields.Field, settings: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    steps = tuple(field.path.replace("[]", ".[]").split("."))[1:]
    if field.obsolete:
        for path in _concrete_paths(settings, steps, ("settings",)):
            yield UnlocatedDiagnostic(
                path,
                "meeting.obsolete-field",
                f"`{field.name}`: {field.about} Zoom still accepts the field, but may stop.",
                f"Remove `{field.name}`.",
                Severity.WARNING,
                on_key=True,
            )
    elif _lacks(field, steps, settings):
        yield _missing(field, ("settings", *steps))


def _concrete_paths(value: Json, steps: tuple[str, ...], path: Path) -> Iterator[Path]:
    """Yield the path of every value that `steps` lead to from `value`; `[]` is each entry of a list."""
    if not steps:
        yield path
    elif steps[0] == "[]":
        for index, item in enumerate(value):
            yield from _concrete_paths(item, steps[1:], (*path, index))
    elif steps[0] in value:
        yield from _concrete_paths(value[steps[0]], steps[1:], (*path, steps[0]))


def _lacks(field: fields.Field, steps: tuple[str, ...], settings: Mapping[str, Json]) -> bool:
    parent = settings
    for step in steps[:-1]:
        parent = parent.get(step, {})
    conditions = ((name.rpartition(".")[2], value) for name, value in field.required_if.items())
    is_due = all(parent.get(name) == value for name, value in conditions)
    return bool(parent) and is_due and field.name not in parent


def _missing(field: fields.Field, path: tuple[str, ...]) -> UnlocatedDiagnostic:
    choice = f": one of {', '.join(f'`{value}`' for value in field.enum)}" if field.enum else ""
    return UnlocatedDiagnostic(
        path,
        "meeting.field-missing",
        f"Zoom requires `{field.name}` in `{path[-2]}`. `{field.name}`: {field.about}",
        f"Add `{field.name}`{choice}.",
    )
