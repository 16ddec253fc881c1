"""One step of a plan: a key, what is done about it, when, why, and the digest that approval hangs on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import orjson

from reconciler.meeting.meeting import Meeting
from reconciler.meeting.passcode import redact_passcode
from reconciler.plan.change import Action, FieldChange
from reconciler.ports import Json

COSTS_A_REQUEST = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESOLVE})
"""What draws from the host's day. A resolve may have to create, so its request is set aside."""


class Status(StrEnum):
    """When a step's turn comes."""

    NOW = "now"
    DEFERRED = "deferred"
    WITHHELD = "withheld"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one key.

    `day` is the UTC day of its turn (None: it sends nothing, or never has a turn), `meeting` what the
    spec declares (None: nothing), `id` the meeting it is about where one is known, `starts_at`
    its next start, `late` that this comes before its turn, `sends_again` that an interrupted request
    which did not happen is still asked for, and `intent_action` what was interrupted.

    A move is from `from_key`. `retires`: a replace whose old meeting is to be ended in Zoom, or the
    destroy that ends it. What a keep records: `released`, the paths no longer declared, and
    `protects`, the protection where it is not the recorded one.
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
    id: int | None = None
    starts_at: datetime | None = None
    late: bool = False
    sends_again: bool = True
    from_key: str | None = None
    retires: bool = False
    released: tuple[str, ...] = ()
    protects: bool | None = None
    intent_action: Action | None = None

    @property
    def requests(self) -> int:
        """Requests of the host's day that it takes: 1, or 0."""
        if self.action not in COSTS_A_REQUEST or self.meeting is None or not self.sends_again:
            return 0
        return int(self.status is Status.NOW or self.status is Status.DEFERRED)

    @property
    def is_work(self) -> bool:
        """Whether there is something to send or record, today or on a later day."""
        if self.status not in {Status.NOW, Status.DEFERRED}:
            return False
        return self.action is not Action.KEEP or bool(self.released) or self.protects is not None

    @property
    def digest(self) -> str:
        """Of the key, the action, what is declared, and whether it is withheld; not of day and order.

        What was interrupted has the digest of the step that began it.
        """
        from hashlib import sha256  # noqa: PLC0415 - OpenSSL, which a plan for people has no use for

        return sha256(orjson.dumps(self._content(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def put(self, status: Status, reason: str) -> Step:
        """The same step with another status, and why."""
        return replace(self, status=status, reasons=(*self.reasons, reason))

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
        if self.from_key is not None:
            content["from"] = self.from_key
        return {**content, "retires": True} if self.retires else content

    def _begun_as(self) -> Action:
        return self.intent_action or Action.CREATE if self.action is Action.RESOLVE else self.action
