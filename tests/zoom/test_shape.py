"""The types of the parts of Zoom's answers: a part of another type is named, and goes no further."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from scripted_zoom import ScriptedZoom, answer, using

from reconciler.errors.exceptions import UnknownOutcomeError
from reconciler.zoom._shape import misshapen_meeting, misshapen_user

if TYPE_CHECKING:
    from reconciler.zoom.client import ZoomClient

SERIES: dict[str, Any] = {
    "id": 7,
    "host_id": "u-1",
    "topic": "Retro",
    "type": 8,
    "start_time": "2027-01-11T09:00:00Z",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "created_at": "2026-12-01T09:00:00Z",
    "settings": {"waiting_room": True},
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
    "occurrences": [{"occurrence_id": "1799571600000", "start_time": "2027-01-11T09:00:00Z", "duration": 45}],
}


@pytest.mark.parametrize("whole", [{}, SERIES, dict.fromkeys(SERIES), {"start_time": ""}])
def test_what_zoom_answers_passes(whole: dict[str, Any]) -> None:
    assert misshapen_meeting(whole) == ""


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ({"host_id": ["u-1"]}, "its `host_id` is a list"),
        ({"topic": {"text": "Retro"}}, "its `topic` is an object"),
        ({"created_at": 1796115600}, "its `created_at` is a number"),
        ({"start_time": {}}, "its `start_time` is an object"),
        ({"duration": "45"}, "its `duration` is text"),
        ({"type": True}, "its `type` is true or false"),
        ({"settings": []}, "its `settings` is a list"),
        ({"occurrences": {"0": {}}}, "its `occurrences` is an object"),
        ({"occurrences": [None]}, "its occurrence 1 is null"),
        ({"occurrences": [{}, {"occurrence_id": [1]}]}, "of its occurrence 2, `occurrence_id` is a list"),
        ({"occurrences": [{"start_time": 7}]}, "of its occurrence 1, `start_time` is a number"),
        ({"start_time": "soon"}, "'soon' is no start_time"),
        ({"duration": 10**9}, "'1000000000' is no duration"),
        ({"recurrence": {"type": 2, "end_times": 10**9}}, "'1000000000' is no end_times"),
        ({"recurrence": {"type": 2, "weekly_days": [2]}}, "'[2]' is no weekly_days"),
    ],
)
def test_a_part_of_another_type_is_named(part: dict[str, Any], wrong: str) -> None:
    assert misshapen_meeting({**SERIES, **part}) == wrong


def test_a_part_of_a_user_of_another_type_is_named() -> None:
    assert misshapen_user({"id": "u-1", "account_id": ["a"]}) == "its `account_id` is a list"


def test_a_create_with_such_an_answer_is_unknown() -> None:
    """The meeting may exist, so it is looked up before the create is sent again."""
    zoom = ScriptedZoom(answer(201, {**SERIES, "topic": ["Retro"]}))

    with pytest.raises(UnknownOutcomeError) as caught:
        asyncio.run(using(zoom.client(), lambda client: client.create("a@example.com", {"topic": "Retro"})))

    assert caught.value.diagnostic.detail == (
        "Creating a meeting for a@example.com: the answer about 7 cannot be read: its `topic` is a list."
    )
    assert len(zoom.asked) == 1


def test_a_list_with_such_a_meeting_is_an_error() -> None:
    """A list without it would be a partial one, and what a partial list lacks may exist."""
    zoom = ScriptedZoom(answer(200, {"meetings": [SERIES, {**SERIES, "id": 8, "duration": {}}]}))

    async def work(client: ZoomClient) -> object:
        return await client.meetings("a@example.com")

    with pytest.raises(UnknownOutcomeError) as caught:
        asyncio.run(using(zoom.client(), work))

    assert caught.value.diagnostic.detail.endswith(
        ": the answer about 8 cannot be read: its `duration` is an object."
    )
