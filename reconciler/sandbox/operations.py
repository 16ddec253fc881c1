"""The endpoints of the API: the function, the label and the cost of each."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.sandbox import listing, meetings, occurrences, rendering, silent_changes, users, validation
from reconciler.sandbox.emulator import Call, Emulator, Operation
from reconciler.sandbox.replies import Reply, invalid_parameter, no_meeting, refusal
from reconciler.sandbox.validation import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.account import StoredMeeting
    from reconciler.sandbox.switches import Switches


def create(emulator: Emulator, call: Call) -> Reply:
    """POST /users/{userId}/meetings."""
    scheduler = emulator.user(call.parts["user"])
    host = emulator.host(scheduler)
    body = validation.known_fields(call.body, host.switches)
    validation.check_create(body, host.switches)
    if wanted := body.get("schedule_for"):
        host = _scheduled_for(emulator, wanted, host)
    if not host.switches.may_host:
        raise refusal(400, 3161, "The user may not host or schedule meetings.")
    identity = emulator.account.next_number()
    now = emulator.now()
    meeting = meetings.created(body, host, scheduler=scheduler, identity=identity, now=now)
    emulator.put(meeting)
    return Reply(201, rendering.render(meeting, host.switches, now))


def read(emulator: Emulator, call: Call) -> Reply:
    """GET /meetings/{meetingId}."""
    meeting = emulator.as_read(emulator.meeting(call.parts["meeting"]))
    previous = call.query.get("show_previous_occurrences") == "true"
    switches = _host(emulator, meeting).switches
    document = rendering.render(meeting, switches, emulator.now(), previous=previous)
    if occurrence_id := call.query.get("occurrence_id"):
        document = occurrences.read(document, occurrences.found(meeting, occurrence_id, switches))
    return Reply(200, document)


def update(emulator: Emulator, call: Call) -> Reply:
    """PATCH /meetings/{meetingId}."""
    meeting = emulator.meeting(call.parts["meeting"])
    host = _host(emulator, meeting)
    body = validation.known_fields(call.body, host.switches)
    validation.check(body, body.get("type") or meeting.document["type"], host.switches)
    serial, now = emulator.account.serial + 1, emulator.now()
    if occurrence_id := call.query.get("occurrence_id"):
        occurrence = occurrences.found(meeting, occurrence_id, host.switches)
        taken = silent_changes.without_held(body, host.switches)
        emulator.put(occurrences.patched(meeting, occurrence, taken, serial=serial, now=now))
    else:
        if wanted := body.get("schedule_for"):
            host = _scheduled_for(emulator, wanted, host)
            meeting = meetings.handed_over(meeting, host)
        emulator.put(meetings.patched(meeting, body, host, serial=serial, now=now))
    return Reply(204)


def delete(emulator: Emulator, call: Call) -> Reply:
    """DELETE /meetings/{meetingId}."""
    meeting = emulator.meeting(call.parts["meeting"])
    serial = emulator.account.serial + 1
    if occurrence_id := call.query.get("occurrence_id"):
        occurrence = occurrences.found(meeting, occurrence_id, _host(emulator, meeting).switches)
        emulator.put(occurrences.deleted(meeting, occurrence, serial=serial))
    elif meeting.document["type"] == PERSONAL:
        raise refusal(400, 3018, "A personal meeting id cannot be deleted.")
    else:
        emulator.account.put(replace(meeting, deleted=True, serial=serial))
    return Reply(204)


def status(emulator: Emulator, call: Call) -> Reply:
    """PUT /meetings/{meetingId}/status: end a running meeting, or recover a deleted one."""
    action = call.body.get("action") if isinstance(call.body, dict) else None
    if action == "recover":
        meeting = emulator.meeting(call.parts["meeting"], deleted=True)
        emulator.account.put(replace(meeting, deleted=False, serial=emulator.account.serial + 1))
    elif action == "end":
        ended = emulator.meeting(call.parts["meeting"]).id
        running = tuple(number for number in emulator.switches.running if number != ended)
        emulator.switches = replace(emulator.switches, running=running)
    else:
        raise invalid_parameter("action")
    return Reply(204)


def list_meetings(emulator: Emulator, call: Call) -> Reply:
    """GET /users/{userId}/meetings."""
    host = emulator.host(emulator.user(call.parts["user"]))
    hosted = [each for each in emulator.account.meetings_of(host.user.id) if emulator.is_listed(each)]
    return listing.list_page(
        hosted,
        host.user.id,
        query=call.query,
        pages=emulator.pages,
        switches=host.switches,
        now=emulator.now(),
    )


def list_users(emulator: Emulator, call: Call) -> Reply:
    """GET /users: the owner, the users of the switch, and all that were named so far."""
    account, switches = emulator.account, emulator.switches
    for email in {switches.owner, *(switches.users or ())} - account.departed:
        account.provide(email)
    hosts = [emulator.host(each) for each in account.users.values() if account.user(each.email)]
    listed = sorted((users.user_json(host.user, host.switches) for host in hosts), key=itemgetter("email"))
    return listing.users_page(
        listed, query=call.query, pages=emulator.pages, switches=switches, now=emulator.now()
    )


def user(emulator: Emulator, call: Call) -> Reply:
    """GET /users/{userId}."""
    host = emulator.host(emulator.user(call.parts["user"]))
    return Reply(200, users.user_json(host.user, host.switches))


def user_settings(emulator: Emulator, call: Call) -> Reply:
    """GET /users/{userId}/settings."""
    host = emulator.host(emulator.user(call.parts["user"]))
    return Reply(200, users.settings(host.switches, call.query.get("option", "")))


def tracking_fields(emulator: Emulator, _call: Call) -> Reply:
    """GET /tracking_fields."""
    return Reply(200, users.tracking_fields(emulator.switches))


def _scheduled_for(emulator: Emulator, wanted: str, scheduler: meetings.Host) -> meetings.Host:
    if not (emulator.account.is_email(wanted) or emulator.account.user(wanted)):
        raise invalid_parameter("schedule_for")
    host = emulator.host(emulator.user(wanted))
    if not host.switches.may_be_scheduled_for and host.user != scheduler.user:
        raise refusal(400, 3000, f"You are not allowed to schedule for {wanted}.")
    return host


def _host(emulator: Emulator, meeting: StoredMeeting) -> meetings.Host:
    user = emulator.account.users.get(meeting.host_id)
    if user is None:  # the account's file was edited
        raise no_meeting(meeting.id)
    return emulator.host(user)


# The user whose budget a request is charged to


def _user_in_path(emulator: Emulator, call: Call) -> str:
    return emulator.user(call.parts["user"]).id


def _nobody(_emulator: Emulator, _call: Call) -> str:
    return ""


def _host_of_meeting(emulator: Emulator, call: Call) -> str:
    return emulator.meeting(call.parts["meeting"]).host_id


def _payer_of_update(emulator: Emulator, call: Call) -> str:
    if emulator.switches.patch_charged_per_meeting:
        return f"meeting {emulator.meeting(call.parts['meeting']).id}"
    return _host_of_meeting(emulator, call)


def _host_of_deleted(emulator: Emulator, call: Call) -> str:
    number = call.parts["meeting"]
    meeting = emulator.account.meeting(int(number)) if number.isdecimal() else None
    if meeting is None:
        raise no_meeting(number)
    return meeting.host_id


def _label(name: str) -> Callable[[Switches], str]:
    return lambda _: name


def _always(_: Switches) -> bool:
    return True


def _never(_: Switches) -> bool:
    return False


CREATE = Operation("create", lambda switches: switches.create_label, _always, _user_in_path, create)
LIST = Operation("list", _label("Medium"), _never, _user_in_path, list_meetings)
READ = Operation("read", _label("Light"), _never, _host_of_meeting, read)
UPDATE = Operation("update", _label("Light"), _always, _payer_of_update, update)
DELETE = Operation(
    "delete", _label("Light"), lambda switches: switches.delete_counts, _host_of_meeting, delete
)
STATUS = Operation(
    "status", _label("Light"), lambda switches: switches.status_counts, _host_of_deleted, status
)
USERS = Operation("users", _label("Medium"), _never, _nobody, list_users)
USER = Operation("user", _label("Light"), _never, _user_in_path, user)
USER_SETTINGS = Operation("user_settings", _label("Medium"), _never, _user_in_path, user_settings)
TRACKING_FIELDS = Operation("tracking_fields", _label("Medium"), _never, _nobody, tracking_fields)
