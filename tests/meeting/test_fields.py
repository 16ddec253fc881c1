"""The field table, and access to values by path."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import reduce
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from builders import one_off
from paths import ROOT

from reconciler.meeting import fields
from reconciler.meeting.fields import Compare, field_at, join_path, table

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DOCUMENT = """
agenda default_password duration password pre_schedule schedule_for start_time template_id timezone topic type
recurrence recurrence.end_date_time recurrence.end_times recurrence.monthly_day recurrence.monthly_week
recurrence.monthly_week_day recurrence.repeat_interval recurrence.type recurrence.weekly_days
tracking_fields tracking_fields[].field tracking_fields[].value
settings settings.additional_data_center_regions settings.allow_multiple_devices settings.alternative_hosts
settings.alternative_hosts_email_notification settings.approval_type
settings.approved_or_denied_countries_or_regions
settings.approved_or_denied_countries_or_regions.approved_list
settings.approved_or_denied_countries_or_regions.denied_list
settings.approved_or_denied_countries_or_regions.enable
settings.approved_or_denied_countries_or_regions.method
settings.audio settings.audio_conference_info settings.authentication_domains
settings.authentication_exception settings.authentication_exception[].email
settings.authentication_exception[].name settings.authentication_option settings.auto_recording
settings.breakout_room settings.breakout_room.enable settings.breakout_room.rooms
settings.breakout_room.rooms[].name settings.breakout_room.rooms[].participants settings.calendar_type
settings.close_registration settings.contact_email settings.contact_name settings.email_notification
settings.encryption_type settings.focus_mode settings.global_dial_in_countries settings.host_video
settings.jbh_time settings.join_before_host settings.language_interpretation
settings.language_interpretation.enable settings.language_interpretation.interpreters
settings.language_interpretation.interpreters[].email
settings.language_interpretation.interpreters[].languages settings.meeting_authentication
settings.meeting_invitees settings.meeting_invitees[].email settings.mute_upon_entry
settings.participant_video settings.private_meeting settings.registrants_confirmation_email
settings.registrants_email_notification settings.registration_type settings.show_share_button
settings.use_pmi settings.waiting_room settings.watermark settings.host_save_video_order
settings.alternative_host_update_polls
"""
"""Every field path in the example body of the API's first document."""


def test_every_path_of_the_first_document_is_in_the_table() -> None:
    """And create accepts all of them."""
    marked = {path for path, field in table().items() if field.first_document and field.create}

    assert marked == set(FIRST_DOCUMENT.split())


def test_create_or_update_accepts_every_field_of_the_table() -> None:
    """A field that neither accepts could be declared and never sent."""
    assert [path for path, field in table().items() if not (field.create or field.update)] == []


def test_a_change_of_a_create_only_field_is_a_replacement() -> None:
    """The API cannot change these in place."""
    create_only = [path for path, field in table().items() if field.create_only]

    assert create_only == [
        "default_password",
        "settings.additional_data_center_regions",
        "settings.show_join_info",
    ]


def test_the_secret_fields_are_marked() -> None:
    """Their values are never stored, logged or shown."""
    secret = [path for path, field in table().items() if field.secret]

    assert secret == ["password", "settings.authentication_exception[].join_url"]


@pytest.mark.parametrize("path", table())
def test_a_field_is_consistent(path: str) -> None:
    """Its parent is a mapping or a list of mappings; its meanings, default and identity fit its type."""
    field = table()[path]
    parent, _, name = path.rpartition(".")
    values = [str(value) for value in field.enum or field.elements]

    assert field.name == name
    assert not parent or table()[parent.removesuffix("[]")].type == (
        "array" if "[]" in parent[-2:] else "object"
    )
    assert list(field.meaning) == ([] if not field.meaning else values)
    assert field.default is None or not field.enum or field.default in field.enum
    assert field.identity is None or f"{path}[].{field.identity}" in table()
    assert (field.compare is Compare.KEYED_SET) == (field.items == "object")
    assert (field.compare is Compare.PARTS) == (field.type == "object")
    assert field.about.endswith(".")
    assert field.effect
    assert {*field.excludes, *field.requires, *field.required_if, *field.maximum_by} <= set(table())
    assert field.create or field.update


@pytest.mark.parametrize("path", [path for path, field in table().items() if field.pattern])
def test_an_example_fits_its_own_pattern(path: str) -> None:
    """The example of a hint is accepted; the same with a newline after it is not."""
    field = table()[path]
    example = re.split(r",? (?:in|or|for) ", field.example or "")[0].strip('"')

    assert field.pattern
    assert re.search(field.pattern, example)
    assert not re.search(field.pattern, f"{example}\n")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("topic",), "topic"),
        (("settings", "breakout_room", "rooms", 0, "name"), "settings.breakout_room.rooms[].name"),
        (("settings", "breakout_room", "rooms"), "settings.breakout_room.rooms"),
        (("settings", "breakout_room", "rooms", 0), None),
        (("settings", "toppic"), None),
        ((), None),
    ],
)
def test_a_concrete_path_finds_its_field(path: tuple[str | int, ...], expected: str | None) -> None:
    """Indices of lists do not matter; a path that is not a field gives None."""
    field = field_at(path)

    assert (field.path if field else None) == expected


def test_a_path_is_written_as_in_the_table() -> None:
    assert join_path(("tracking_fields", 12, "value")) == "tracking_fields[].value"


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        table()["topic"] = table()["agenda"]  # type: ignore[index]  # - what is tried


BODY = {"topic": "Retro", "settings": {"audio": None, "breakout_room": {"enable": True}}}


@pytest.mark.parametrize(
    ("path", "value", "is_there"),
    [
        ("topic", "Retro", True),
        ("settings.breakout_room.enable", True, True),
        (("settings", "breakout_room", "enable"), True, True),
        ("settings.audio", None, True),
        ("settings.host_video", None, False),
        ("topic.name", None, False),
        ("agenda.text", None, False),
    ],
)
def test_a_value_is_found_by_its_path(path: fields.Path, value: Any, *, is_there: bool) -> None:
    """The path is dotted or a sequence of names; a null is there."""
    assert (fields.get(BODY, path), fields.has(BODY, path)) == (value, is_there)


def test_a_value_is_put_at_its_path() -> None:
    """Mappings on the way are made, None removes, an emptied mapping stays, and the body is not changed.

    What is no mapping on the way gives way to one, as in a damaged state.
    """
    start = {"topic": "Retro", "settings": {"audio": "voip"}}

    assert [
        fields.put(start, path, value)
        for path, value in (
            ("topic", "Demo"),
            ("recurrence.type", 2),
            ("settings.audio", None),
            ("topic.name", "Demo"),
        )
    ] == [
        {"topic": "Demo", "settings": {"audio": "voip"}},
        {**start, "recurrence": {"type": 2}},
        {"topic": "Retro", "settings": {}},
        {**start, "topic": {"name": "Demo"}},
    ]
    assert start == {"topic": "Retro", "settings": {"audio": "voip"}}


def test_values_are_dropped_by_their_paths() -> None:
    """An emptied mapping is dropped as well, an absent value is ignored, and the body is not changed."""
    full = one_off(agenda="Plan", settings={"use_pmi": False, "breakout_room": {"enable": True}})

    assert [
        reduce(fields.drop, paths, full)
        for paths in (["agenda", "settings.use_pmi"], ["settings.breakout_room.enable"], ["unknown.field"])
    ] == [
        one_off(settings={"breakout_room": {"enable": True}}),
        one_off(agenda="Plan", settings={"use_pmi": False}),
        full,
    ]
    assert full == one_off(agenda="Plan", settings={"use_pmi": False, "breakout_room": {"enable": True}})


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def test_a_wheel_carries_the_schemas(tmp_path: Path) -> None:
    """An installed package has inside it the files that a checkout has next to it."""
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    pip("wheel", *isolation, "--wheel-dir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    pip("install", "--target", str(site), str(wheel))
    program = "from reconciler.meeting import fields; print(fields.__file__, len(fields.table()))"

    answer = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
    )

    assert answer.stdout == f"{site / 'reconciler' / 'meeting' / 'fields.py'} {len(table())}\n"


def test_the_fields_that_hold_any_text_are_those_that_can_be_declared() -> None:
    assert fields.free_texts() == {
        "agenda",
        "audio_conference_info",
        "authentication_option",
        "channel_id",
        "contact_name",
        "field",
        "name",
        "password",
        "resource_id",
        "sign_language",
        "summary_template_id",
        "template_id",
        "topic",
        "value",
    }
