"""One step of a plan: key, action, day, reasons, and the digest that an approval refers to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

import orjson
from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.meeting.passcode import redact_passcode
from reconciler.meeting.single_dates import Edit
from reconciler.plan.change import Action, FieldChange
from reconciler.ports import Json
from reconciler.state.state import SCHEDULE_FOR, owner

COSTS_A_REQUEST = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESOLVE})
"""Actions that use the host's daily budget. A resolve may have to create, so its request is reserved."""

HOST_PATHS = frozenset({"host", SCHEDULE_FOR})
"""The paths whose change gives a meeting another host."""


class Status(StrEnum):
    """When a step is done."""

    NOW = "now"
    DEFERRED = "deferred"
    WITHHELD = "withheld"
    EXPIRED = "expired"


class DateAction(StrEnum):
    """The action on one date of a series. BACK: it is held again as the rule gives it."""

    SKIP = "skip"
    CHANGE = "change"
    BACK = "back"


class DateStep(Struct, frozen=True):
    """The action on one date: its name, the start that the rule gives it, its edit afterwards and before.

    `turn_at` is the earlier of its own start and the one that it is moved to; `closure` names why it is
    skipped, and is empty for an exception. `day` is the UTC day of its turn.
    """

    date: str
    action: DateAction
    start: datetime
    edit: Edit
    before: Edit
    turn_at: datetime
    closure: str = ""
    status: Status = Status.NOW
    day: str | None = None
    late: bool = False

    @property
    def requests(self) -> int:
        """The requests that it uses of the host's day. The rule brings skipped dates back without one."""
        return int(self.edit != SKIP if self.action is not DateAction.BACK else self.before != SKIP)


class Step(Struct, frozen=True):
    """The action of a plan for one key.

    `day` is the UTC day of its turn (None: it sends nothing, or has no turn); `meeting` is the declared
    meeting (None: not declared); `recorded` are the attributes of its record or intent (None: it has
    neither); `id` is the id of the existing meeting, if known; `starts_at` is the next start; `late` means
    that the meeting starts before its turn. For an interrupted request, `intent_action` is its action, and
    `sends_again` is set if it is sent again where it did not happen.

    A move is from `from_key`; a withheld create with a `from_key` looks like the meeting of that key, and
    is `late` if it starts soon. `retires` marks a replace whose old meeting is deleted in Zoom, and the
    destroy that deletes it. `may_be_forgotten` marks an update of a meeting whose recorded dates are over: if
    Zoom does not have it any more, apply creates it. `lost_id` is the id of a former meeting that Zoom does
    not have any more, in whose place one is created. `recorded_dates` are the edits of single dates that
    are recorded, `dates` are the actions on single dates of a series;
    `unskipped` is the last date that Zoom still has of a series of which only skips are left: it stays;
    `resends` is set if its rule is sent again to bring skipped dates back, `undoes` if what was done to
    single dates is lost by the step and done again. `extends` marks an update that only extends the window of
    a series, which nobody has to approve. `slots` are the changes of a room's timetable in words, which are
    recorded and not sent, `recorded_timetable` are its slots as recorded, and `slot_starts` the slots whose
    times are new, each with its next start. A keep may record `released`, the paths that are no
    longer declared, and `protects`, a changed protection. `passes` is set if it is withheld, or deferred to
    its `day`, for a reason that passes by itself. `notes` are the notes that are shown, by date: those of its
    `dates`, and for a new meeting those of its other dates.
    """

    key: str
    action: Action
    host: str
    topic: str
    status: Status = Status.NOW
    day: str | None = None
    reasons: tuple[str, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    meeting: Meeting | None = None
    recorded: Mapping[str, Json] | None = None
    id: int | None = None
    starts_at: datetime | None = None
    late: bool = False
    sends_again: bool = True
    from_key: str | None = None
    retires: bool = False
    released: tuple[str, ...] = ()
    protects: bool | None = None
    intent_action: Action | None = None
    may_be_forgotten: bool = False
    lost_id: int | None = None
    recorded_dates: Mapping[str, Edit] = MappingProxyType({})
    dates: tuple[DateStep, ...] = ()
    unskipped: str | None = None
    resends: bool = False
    undoes: bool = False
    extends: bool = False
    slots: tuple[FieldChange, ...] = ()
    recorded_timetable: Mapping[str, Json] = MappingProxyType({})
    slot_starts: tuple[tuple[Slot, datetime], ...] = ()
    passes: bool = False
    notes: Mapping[str, str] = MappingProxyType({})

    @property
    def requests(self) -> int:
        """The requests that it uses of the host's days: its own, and one for each date that is changed."""
        return self.own_requests + sum(each.requests for each in self.charged_dates)

    @property
    def own_requests(self) -> int:
        """The requests of its create or update: 1 or 0."""
        if self.action not in COSTS_A_REQUEST or self.meeting is None or not self.sends_again:
            return 0
        if self.is_of_dates:
            return 0
        return int(self.status is Status.NOW or self.status is Status.DEFERRED)

    @property
    def charged_dates(self) -> tuple[DateStep, ...]:
        """The dates that are changed by a request of their own."""
        if not self.dates or self.status not in {Status.NOW, Status.DEFERRED}:
            return ()
        # A date that the rule brings back, because it is sent anyway, needs none.
        return tuple(
            each
            for each in self.dates
            if not (self.undoes and each.action is DateAction.BACK) and each.requests
        )

    @property
    def last_day(self) -> str | None:
        """The UTC day of the last of its turns, those of its dates included; None if it has none."""
        return max((day for day in (self.day, *(each.day for each in self.dates)) if day), default=None)

    @property
    def is_of_dates(self) -> bool:
        """True for an update that changes nothing but single dates."""
        return self.action is Action.UPDATE and bool(self.dates) and not (self.changes or self.resends)

    @property
    def timezone(self) -> str | None:
        """Return the name of the meeting's own zone, as declared or else as recorded; None if it has none."""
        attributes = self.meeting.attributes if self.meeting else self.recorded or {}
        return attributes.get("timezone")

    @property
    def new_host(self) -> str | None:
        """Return the user to whom an update hands the meeting over; None if it keeps its host."""
        if self.meeting is None or self._begun_as() is not Action.UPDATE or not self._host_changes():
            return None
        return owner(self.meeting.attributes, self.meeting.host)

    @property
    def rest(self) -> tuple[FieldChange, ...]:
        """Return the changes besides that of the host."""
        return tuple(change for change in self.changes if change.path not in HOST_PATHS)

    @property
    def waits_for_person(self) -> bool:
        """True if it is withheld until somebody changes the spec."""
        return self.status is Status.WITHHELD and not self.passes

    @property
    def is_work(self) -> bool:
        """True if there is something to send or record, today or on a later day."""
        if self.status not in {Status.NOW, Status.DEFERRED}:
            return False
        return (
            self.action is not Action.KEEP or bool(self.released or self.slots) or self.protects is not None
        )

    @property
    def digest(self) -> str:
        """Return the digest of key, action, declared content, and whether it is withheld.

        Day and order are left out. An interrupted step has the digest of the step that began it.
        """
        from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, which a text plan does not need

        return sha256(orjson.dumps(self._content(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def content_digest(self) -> str:
        """Return the digest of the declared content alone: it covers a step of single dates."""
        from hashlib import sha256  # noqa: PLC0415 - as above

        whole = self._content()
        content = {
            name: whole[name] for name in ("key", "host", "attributes", "protect", "dates") if name in whole
        }
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def with_status(self, status: Status, reason: str) -> Step:
        """Return this step with another status, and the reason for it."""
        return replace(self, status=status, reasons=(*self.reasons, reason), passes=False)

    def withheld_for_now(self, reason: str) -> Step:
        """Return this step withheld for a reason that passes by itself: no person has to do anything."""
        return replace(self.with_status(Status.WITHHELD, reason), passes=True)

    @property
    def is_protected(self) -> bool:
        """True where its meeting is declared as protected: nothing may end it."""
        return self.meeting is not None and self.meeting.protect

    def deferred_until(self, moment: datetime, reason: str) -> Step:
        """Return this step deferred until an instant (aware), for a reason that is not the budget."""
        day = moment.astimezone(UTC).date().isoformat()
        return replace(self.with_status(Status.DEFERRED, reason), passes=True, day=day)

    def _content(self) -> Json:
        declared, action = self.meeting, self._begun_as()
        content = {
            "key": self.key,
            "action": action,
            "withheld": self.status is Status.WITHHELD,
            "host": self.host,
            "attributes": redact_passcode(declared.attributes) if declared else None,
            "protect": declared.protect if declared else None,
            "passcode_changes": any(change.path == "password" for change in self.changes),
            "id": None if action is Action.CREATE else self.id,
        }
        if declared and (dates := declared.dates.content()):
            content["dates"] = dates
        if self.new_host is not None:
            content["to_host"] = self.new_host
        if self.from_key is not None:
            content["from"] = self.from_key
        return {**content, "retires": True} if self.retires else content

    def _host_changes(self) -> bool:
        return any(change.path in HOST_PATHS for change in self.changes)

    def _begun_as(self) -> Action:
        if self.may_be_forgotten:
            return Action.UPDATE
        return self.intent_action or Action.CREATE if self.action is Action.RESOLVE else self.action
