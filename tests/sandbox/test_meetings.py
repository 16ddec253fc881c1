"""One meeting: created, read, changed, ended, expired."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox_world import HOST, ONCE, WEEKLY, World, error, wrong

from reconciler.sandbox import defaults

if TYPE_CHECKING:
    from reconciler.ports import Json


def test_a_created_meeting_reads_as_it_was_answered() -> None:
    """The answer to POST is the meeting, but for the start link, which is new each time."""
    world = World()

    answered = world.create()

    read = world.read(answered["id"])
    assert {**answered, "start_url": ""} == {**read, "start_url": ""}
    assert answered["start_url"] != read["start_url"]


def test_a_meeting_is_what_was_asked_for() -> None:
    meeting = World().create()

    assert {name: meeting[name] for name in ONCE} == ONCE
    assert {name: meeting[name] for name in ("status", "host_email", "created_at", "creation_source")} == {
        "status": "waiting",
        "host_email": HOST,
        "created_at": "2026-12-01T09:00:00Z",
        "creation_source": "open_api",
    }


@pytest.mark.parametrize(
    ("start_time", "timezone"),
    [
        ("9999-12-31T10:00:00Z", "UTC"),
        ("9999-12-31T23:00:00", "America/New_York"),
        ("0001-01-01T00:00:00", "Asia/Tokyo"),
    ],
)
def test_a_start_at_the_end_of_the_calendar_is_refused(start_time: str, timezone: str) -> None:
    body = ONCE | {"start_time": start_time, "timezone": timezone}

    answer = World().send("POST", f"/v2/users/{HOST}/meetings", body)

    assert wrong(answer) == (400, 300, ["start_time"])


def test_a_start_before_the_last_year_of_the_calendar_is_read_back() -> None:
    world = World()

    made = world.create(ONCE | {"start_time": "9998-12-31T23:59:59Z"})

    assert world.read(made["id"])["start_time"] == "9998-12-31T23:59:59Z"


def test_an_id_has_eleven_digits_and_is_never_given_twice() -> None:
    world = World()

    numbers = [world.create({})["id"] for _ in range(20)]

    assert (len(set(numbers)), {len(str(number)) for number in numbers}) == (20, {11})


def test_settings_that_were_not_sent_are_filled_in() -> None:
    settings = World().create(ONCE | {"settings": {"mute_upon_entry": True}})["settings"]

    contacts = {"contact_name": "Ada", "contact_email": HOST}
    assert settings == {**defaults.SETTINGS, **contacts, "mute_upon_entry": True}


def test_an_empty_body_is_a_meeting_that_begins_now() -> None:
    meeting = World().create({})

    assert {name: meeting[name] for name in ("topic", "type", "start_time", "duration", "timezone")} == {
        "topic": "Zoom Meeting",
        "type": 2,
        "start_time": "2026-12-01T09:00:00Z",
        "duration": 60,
        "timezone": "UTC",
    }


def test_a_past_start_becomes_now() -> None:
    meeting = World().create(ONCE | {"start_time": "2026-11-30T10:00:00Z"})

    assert meeting["start_time"] == "2026-12-01T09:00:00Z"


def test_a_wall_time_is_read_in_the_meetings_zone() -> None:
    meeting = World().create(ONCE | {"start_time": "2027-07-14T10:00:00"})

    assert (meeting["start_time"], meeting["timezone"]) == ("2027-07-14T08:00:00Z", "Europe/Berlin")


def test_a_wall_time_without_a_zone_is_read_in_the_hosts() -> None:
    meeting = World(user_timezone="Asia/Tokyo").create({"topic": "x", "start_time": "2027-01-14T10:00:00"})

    assert (meeting["start_time"], meeting["timezone"]) == ("2027-01-14T01:00:00Z", "Asia/Tokyo")


def test_a_passcode_is_made_where_none_was_sent() -> None:
    """Nobody declared it, and it is in the answer and in the link."""
    meeting = World().create()

    secret = parse_qs(urlsplit(meeting["join_url"]).query)["pwd"]
    assert len(meeting["password"]) == 6
    assert secret == [meeting["encrypted_password"]]
    assert len(meeting["pstn_password"]) == len(meeting["h323_password"]) == 6


def test_a_passcode_can_be_declined() -> None:
    meeting = World().create(ONCE | {"default_password": False})

    assert "password" not in meeting
    assert "pwd" not in meeting["join_url"]


def test_a_locked_passcode_rule_cannot_be_declined() -> None:
    meeting = World(passcode_locked=True, passcode_digits_only=True, passcode_length_min=8).create(
        ONCE | {"default_password": False}
    )

    assert (len(meeting["password"]), meeting["password"].isdigit()) == (8, True)


def test_another_passcode_makes_another_link() -> None:
    world = World()
    before = world.create(ONCE | {"password": "123456"})

    after = world.patch(before["id"], {"password": "654321"})

    assert (before["pstn_password"], after["pstn_password"]) == ("123456", "654321")
    assert before["join_url"] != after["join_url"]


def test_the_start_link_carries_a_key() -> None:
    assert "zak=" in World().create()["start_url"]


def test_write_only_and_unknown_fields_are_not_returned() -> None:
    meeting = World().create(ONCE | {"default_password": True, "schedule_for": HOST, "nonsense": 1})

    assert {"default_password", "schedule_for", "nonsense"}.isdisjoint(meeting)


def test_a_type_3_meeting_has_no_time() -> None:
    meeting = World().create(ONCE | {"type": 3})

    assert {"start_time", "duration", "occurrences"}.isdisjoint(meeting)


def test_a_recurrence_is_passed_over_on_another_type() -> None:
    meeting = World().create(ONCE | {"recurrence": WEEKLY["recurrence"]})

    assert {"recurrence", "occurrences"}.isdisjoint(meeting)


def test_a_meeting_scheduled_for_another_belongs_to_them() -> None:
    world = World()

    meeting = world.create(ONCE | {"schedule_for": "bob@example.com"})

    bob, ada = world.account.user("bob@example.com"), world.account.user(HOST)
    assert bob
    assert ada
    assert (meeting["host_id"], meeting["host_email"], meeting["assistant_id"]) == (bob.id, bob.email, ada.id)


def test_scheduling_for_another_can_be_forbidden() -> None:
    world = World(per_host={"bob@example.com": {"may_be_scheduled_for": False}})

    answer = world.send("POST", f"/v2/users/{HOST}/meetings", ONCE | {"schedule_for": "bob@example.com"})

    assert error(answer) == (400, 3000, "You are not allowed to schedule for bob@example.com.")


@pytest.mark.parametrize(
    ("sent", "path", "now_reads"),
    [
        ({"topic": "New"}, ("topic",), "New"),
        ({"duration": 15}, ("duration",), 15),
        ({"agenda": "Read this"}, ("agenda",), "Read this"),
        ({"settings": {"watermark": True}}, ("settings", "watermark"), True),
        ({"start_time": "2027-02-01T10:00:00"}, ("start_time",), "2027-02-01T09:00:00Z"),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    sent: Json, path: tuple[str, ...], now_reads: Json
) -> None:
    world = World()
    before = world.create()

    after = world.patch(before["id"], sent)

    wanted: Json = {**before, "settings": {**before["settings"]}, "start_url": after["start_url"]}
    place = wanted
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = now_reads
    assert after == wanted


def test_an_update_ignores_a_start_in_the_past() -> None:
    world = World()
    number = world.create()["id"]

    after = world.patch(number, {"start_time": "2026-01-01T10:00:00Z"})

    assert after["start_time"] == ONCE["start_time"]


def test_an_update_merges_objects_inside_the_settings() -> None:
    world = World()
    rooms = {"enable": True, "rooms": [{"name": "a", "participants": []}]}
    number = world.create(ONCE | {"settings": {"breakout_room": rooms}})["id"]

    after = world.patch(number, {"settings": {"breakout_room": {"rooms": []}}})

    assert after["settings"]["breakout_room"] == {"enable": True, "rooms": []}


def test_an_update_can_replace_objects_inside_the_settings() -> None:
    world = World(nested_settings="replaced")
    rooms = {"enable": True, "rooms": [{"name": "a", "participants": []}]}
    number = world.create(ONCE | {"settings": {"breakout_room": rooms}})["id"]

    after = world.patch(number, {"settings": {"breakout_room": {"rooms": []}}})

    assert after["settings"]["breakout_room"] == {"enable": False}


def test_an_update_leaves_out_what_only_a_create_takes() -> None:
    world = World()
    number = world.create(ONCE | {"settings": {"additional_data_center_regions": ["TY"]}})["id"]

    after = world.patch(number, {"settings": {"additional_data_center_regions": ["FR"]}})

    assert after["settings"]["additional_data_center_regions"] == ["TY"]


def test_a_meeting_can_lose_its_time_and_get_one_again() -> None:
    """2 to 3 and back is done in production."""
    world = World()
    number = world.create()["id"]

    timeless = world.patch(number, {"type": 3, "start_time": None, "duration": None})
    timed = world.patch(number, {"type": 2, "start_time": "2027-03-01T10:00:00Z"})

    assert {"start_time", "duration"}.isdisjoint(timeless)
    assert (timed["start_time"], timed["duration"]) == ("2027-03-01T10:00:00Z", 60)


def test_a_passcode_can_be_taken_away() -> None:
    world = World()
    number = world.create()["id"]

    assert "password" not in world.patch(number, {"password": ""})


def test_a_deleted_meeting_is_gone_for_every_verb() -> None:
    world = World()
    number = world.create()["id"]
    first = world.send("DELETE", f"/v2/meetings/{number}")

    verbs: list[tuple[str, Json]] = [("GET", None), ("PATCH", {"topic": "x"}), ("DELETE", None)]
    answers = [world.send(verb, f"/v2/meetings/{number}", body) for verb, body in verbs]

    assert (first.status_code, first.content) == (204, b"")
    assert [error(answer) for answer in answers] == [(404, 3001, f"Meeting does not exist: {number}.")] * 3


def test_the_account_remembers_what_was_deleted() -> None:
    world = World()
    gone, stays = world.create()["id"], world.create()["id"]
    world.send("DELETE", f"/v2/meetings/{gone}")

    assert [(each.id, each.deleted) for each in world.account.all_meetings_ever] == [
        (gone, True),
        (stays, False),
    ]
    assert [each.id for each in world.account.meetings_of(HOST)] == [stays]


def test_a_deleted_meeting_can_be_recovered() -> None:
    world = World()
    number = world.create()["id"]
    world.send("DELETE", f"/v2/meetings/{number}")

    answer = world.send("PUT", f"/v2/meetings/{number}/status", {"action": "recover"})

    assert answer.status_code == 204
    assert world.read(number)["topic"] == "Launch"


def test_a_running_meeting_is_started_until_it_is_ended() -> None:
    world = World()
    number = world.create()["id"]
    world.switch(running=[number])

    running = world.read(number)["status"]
    ended = world.send("PUT", f"/v2/meetings/{number}/status", {"action": "end"})

    assert (running, ended.status_code, world.read(number)["status"]) == ("started", 204, "waiting")


def test_a_status_has_two_actions() -> None:
    world = World()
    number = world.create()["id"]

    assert wrong(world.send("PUT", f"/v2/meetings/{number}/status", {"action": "pause"})) == (
        400,
        300,
        ["action"],
    )
    assert error(world.send("PUT", "/v2/meetings/12345678901/status", {"action": "recover"}))[:2] == (
        404,
        3001,
    )


def test_an_unknown_meeting_cannot_be_recovered() -> None:
    world = World(status_counts=True)

    answers = [world.send("PUT", f"/v2/meetings/{each}/status", {"action": "recover"}) for each in ("1", "x")]

    assert [error(answer)[:2] for answer in answers] == [(404, 3001)] * 2


@pytest.mark.parametrize(
    ("body", "days"),
    [
        (ONCE | {"start_time": "2026-12-01T09:30:00Z"}, 31),
        ({"type": 3}, 365),
        ({"type": 1}, 1),
        (WEEKLY | {"start_time": "2026-12-07T10:00:00"}, 20 + 365),
    ],
)
def test_a_meeting_expires(body: Json, days: int) -> None:
    """One-time after 30 days, recurring after 365, instant after one."""
    world = World()
    number = world.create(body)["id"]
    world.clock.advance(86_400 * (days - 1) - 60)
    world.read(number)

    world.clock.advance(86_400 * 1.1)

    assert error(world.send("GET", f"/v2/meetings/{number}"))[:2] == (404, 3001)


def test_a_series_without_end_never_expires() -> None:
    world = World()
    number = world.create(WEEKLY | {"recurrence": {"type": 1, "end_times": 0}})["id"]
    world.clock.advance(86_400 * 3000)

    assert len(world.read(number)["occurrences"]) == 50


def test_a_webinars_id_is_not_a_meetings() -> None:
    world = World(webinars=[91234567890])

    answer = world.send("GET", "/v2/meetings/91234567890")

    assert error(answer) == (400, 3000, "Cannot access webinar info.")


def test_an_id_is_a_number() -> None:
    assert error(World().send("GET", "/v2/meetings/abc"))[:2] == (400, 300)


def test_a_meeting_on_the_personal_id_cannot_be_deleted() -> None:
    world = World()
    meeting = world.create(ONCE | {"settings": {"use_pmi": True}})

    answer = world.send("DELETE", f"/v2/meetings/{meeting['id']}")

    assert (meeting["type"], len(meeting["pmi"])) == (4, 10)
    assert error(answer)[:2] == (400, 3018)
    assert world.patch(meeting["id"], {"topic": "Mine"})["type"] == 4


def test_a_read_can_lag_behind_a_create_and_an_update() -> None:
    world = World(read_lag_seconds=2.0)
    number = world.create()["id"]
    early = world.send("GET", f"/v2/meetings/{number}")
    world.clock.advance(2)
    stale = world.patch(number, {"topic": "New"})
    world.clock.advance(2)

    assert error(early)[:2] == (404, 3001)
    assert (stale["topic"], world.read(number)["topic"]) == ("Launch", "New")


def test_a_user_is_found_by_id_and_by_e_mail_in_any_case() -> None:
    world = World()
    user = world.send("GET", f"/v2/users/{HOST}").json()

    again = [world.send("GET", f"/v2/users/{name}").json() for name in (user["id"], HOST.upper())]

    assert again == [user, user]
    assert {name: user[name] for name in ("email", "type", "timezone", "account_id")} == {
        "email": HOST,
        "type": 2,
        "timezone": "UTC",
        "account_id": "sandbox-account",
    }


def test_me_is_the_owner() -> None:
    world = World(owner="boss@example.com")

    assert world.send("GET", "/v2/users/me").json()["email"] == "boss@example.com"


@pytest.mark.parametrize("name", ["nobody", "a@b", "@example.com"])
def test_an_invalid_name_is_no_user(name: str) -> None:
    answer = World().send("GET", f"/v2/users/{name}")

    assert error(answer) == (404, 1001, f"User does not exist: {name}.")


def test_users_can_be_a_closed_list() -> None:
    world = World(users=[HOST])

    assert world.send("GET", "/v2/users/ADA@example.com").status_code == 200
    assert error(world.send("GET", "/v2/users/bob@example.com"))[:2] == (404, 1001)


def test_the_settings_of_a_user_contain_the_passcode_rule() -> None:
    world = World(passcode_length_min=8)

    plain = world.send("GET", f"/v2/users/{HOST}/settings").json()
    security = world.send("GET", f"/v2/users/{HOST}/settings?option=meeting_security").json()

    assert plain["schedule_meeting"]["meeting_password_requirement"]["length"] == 8
    assert security["meeting_security"]["meeting_password_requirement"]["length"] == 8


def test_a_meeting_whose_host_is_lost_is_not_found() -> None:
    """An account's file that was cut by hand does not bring the emulator down."""
    world = World()
    number = world.create()["id"]
    world.account.users.clear()

    assert error(world.send("GET", f"/v2/meetings/{number}"))[:2] == (404, 3001)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"topic": 1}, ["topic"]),
        ({"topic": "x" * 201}, ["topic"]),
        ({"duration": 0}, ["duration"]),
        ({"duration": True}, ["duration"]),
        ({"duration": 1441}, ["duration"]),
        ({"type": 5}, ["type"]),
        ({"settings": {"jbh_time": 7, "audio": "carrier pigeon"}}, ["settings.jbh_time", "settings.audio"]),
        ({"settings": []}, ["settings"]),
        ({"tracking_fields": ["x"]}, ["tracking_fields"]),
        ({"tracking_fields": [{"field": 1}]}, ["tracking_fields.field"]),
        ({"settings": {"additional_data_center_regions": [1]}}, ["settings.additional_data_center_regions"]),
        ({"start_time": "2027-01-01T10:00:00+09:00"}, ["start_time"]),
        ({"start_time": "2027-02-30T10:00:00Z"}, ["start_time"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"password": "with blank"}, ["password"]),
        ({"settings": {"enforce_login_domains": "a.example,b.example"}}, ["settings.enforce_login_domains"]),
        ({"type": 8}, ["recurrence"]),
        ({"type": 8, "recurrence": {"end_times": 3}}, ["recurrence.type"]),
        ({"type": 8, "recurrence": {"type": 2}}, ["recurrence.weekly_days"]),
        ({"type": 8, "recurrence": {"type": 2, "weekly_days": "8"}}, ["recurrence.weekly_days"]),
        ({"type": 8, "recurrence": {"type": 3, "repeat_interval": 11}}, ["recurrence.repeat_interval"]),
        ({"type": 8, "recurrence": {"type": 1, "end_times": 61}}, ["recurrence.end_times"]),
        (
            {"type": 8, "recurrence": {"type": 1, "end_date_time": "2027-02-30T10:00:00Z"}},
            ["recurrence.end_date_time"],
        ),
        ({"type": 8, "recurrence": {"type": 1, "end_date_time": "2026-01-01T10:00:00Z"}}, ["recurrence"]),
        ({"schedule_for": "nobody"}, ["schedule_for"]),
    ],
)
def test_a_body_that_does_not_fit_is_refused_field_by_field(body: Json, fields: list[str]) -> None:
    answer = World().send("POST", f"/v2/users/{HOST}/meetings", body)

    assert wrong(answer) == (400, 300, fields)


@pytest.mark.parametrize("content", ["[]", "{", "null", ""])
def test_a_body_must_be_a_json_object(content: str) -> None:
    answer = World().send("POST", f"/v2/users/{HOST}/meetings", content=content)

    assert error(answer) == (400, 300, "Request Body should be a valid JSON object.")


@pytest.mark.parametrize(
    ("switches", "body", "expected"),
    [
        ({}, {"type": 1, "schedule_for": HOST}, (400, 3000)),
        ({}, WEEKLY | {"pre_schedule": True}, (400, 3000)),
        ({"may_host": False}, ONCE, (400, 3161)),
        ({"passcode_length_min": 8}, {"password": "123456"}, (400, 300)),
        ({"passcode_digits_only": True}, {"password": "abcdef"}, (400, 300)),
        ({"passcode_needs": ["letter"]}, {"password": "123456"}, (400, 300)),
        ({"passcode_needs": ["number"]}, {"password": "abcdef"}, (400, 300)),
        ({"passcode_needs": ["special_character"]}, {"password": "abc123"}, (400, 300)),
        ({"passcode_needs": ["upper_and_lower_characters"]}, {"password": "abc123"}, (400, 300)),
        ({"passcode_run_length": 4}, {"password": "a2345b"}, (400, 300)),
        ({"tracking_fields": ["Team"]}, {"tracking_fields": [{"field": "Dept", "value": "x"}]}, (400, 300)),
    ],
)
def test_what_the_account_does_not_allow_is_refused(
    switches: Json, body: Json, expected: tuple[int, int]
) -> None:
    answer = World(**switches).send("POST", f"/v2/users/{HOST}/meetings", body)

    assert error(answer)[:2] == expected


def test_text_that_is_too_long_can_be_cut() -> None:
    meeting = World(long_text="cut").create(ONCE | {"topic": "x" * 300})

    assert meeting["topic"] == "x" * 200
