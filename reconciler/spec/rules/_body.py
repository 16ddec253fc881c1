"""What a body must hold, and what is better left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting import fields
from reconciler.meeting.meeting import INSTANT, NO_FIXED_TIME, SCHEDULED, SERIES, kind
from reconciler.ports import Json


def check(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Findings about topic, type and fields that do not fit together."""
    of_type, settings = kind(attributes), attributes.get("settings")
    if not attributes.get("topic", "").strip():
        yield _topic_missing()
    if of_type == INSTANT:
        yield _instant()
    if attributes.get("pre_schedule") and of_type not in (SCHEDULED, NO_FIXED_TIME):
        yield _pre_schedule(of_type)
    if not settings:
        return
    if of_type == SERIES and settings.get("use_pmi"):
        yield _personal_id()
    for step in settings.keys() & _watched():
        for field in _watched()[step]:
            yield from _field(field, settings)


def _topic_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("topic",),
        "meeting.topic-missing",
        "Zoom would make one up, and a meeting whose answer is lost is found by its topic.",
        "Add `topic: Platform weekly`, or whatever people shall read in their calendar.",
    )


def _instant() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("type",),
        "meeting.instant",
        "Type 1 begins at the moment it is created, and Zoom never lists it.",
        "Write `type: 2` with a `start_time`, `type: 8` for a series, or `type: 3` for no fixed time.",
    )


def _pre_schedule(of_type: int) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("pre_schedule",),
        "meeting.pre-schedule",
        f"Zoom refuses `pre_schedule` with type {of_type}: it is for types 2 and 3 (its error 3000).",
        "Take `pre_schedule` out; only the Google Workspace add-on needs it.",
    )


def _personal_id() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("settings", "use_pmi"),
        "meeting.personal-id",
        "`use_pmi` means something for types 2 and 3 only.",
        "Write `use_pmi: false`.",
        Severity.WARNING,
    )


@cache
def _watched() -> Mapping[str, tuple[fields.Field, ...]]:
    """The fields of `settings` that are obsolete or required, by the first step that leads to them."""
    steps: dict[str, tuple[fields.Field, ...]] = {}
    for field in fields.table().values():
        top, _, rest = field.path.partition(".")
        if top == "settings" and (field.obsolete or _is_demanded(field)):
            step = rest.partition(".")[0].removesuffix("[]")
            steps[step] = (*steps.get(step, ()), field)
    return steps


def _is_demanded(field: fields.Field) -> bool:
    # In lists the schema demands it; mappings can be merged from defaults, so only we can.
    return bool(field.required or field.required_if) and "[]" not in field.path


def _field(field: fields.Field, settings: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    steps = tuple(field.path.replace("[]", ".[]").split("."))[1:]
    if field.obsolete:
        yield from (_obsolete(field, path) for path in _places(settings, steps, ("settings",)))
    elif _lacks(field, steps, settings):
        yield _missing(field, ("settings", *steps))


def _places(
    value: Json, steps: tuple[str, ...], path: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    """Every concrete path to which `steps` lead from `value`; `[]` is each entry of a list."""
    if not steps:
        yield path
    elif steps[0] == "[]":
        for index, item in enumerate(value):
            yield from _places(item, steps[1:], (*path, index))
    elif steps[0] in value:
        yield from _places(value[steps[0]], steps[1:], (*path, steps[0]))


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
        f"`{path[-2]}` is set without `{field.name}`. {field.about} Zoom wants it wherever `{path[-2]}` stands.",
        f"Add `{field.name}`{choice}.",
    )


def _obsolete(field: fields.Field, path: tuple[str | int, ...]) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "meeting.obsolete-field",
        f"{field.about} `{field.name}` is obsolete: Zoom takes it still, and may stop.",
        f"Take `{field.name}` out.",
        Severity.WARNING,
        on_key=True,
    )
