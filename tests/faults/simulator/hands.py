"""What people do by hand: a meeting made in Zoom's own page, a lock freed under its holder, an approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.meeting.body import body
from reconciler.plan import approval
from reconciler.plan.change import Action
from reconciler.plan.plan import Options
from reconciler.plan.step import Status
from reconciler.sandbox import meetings
from reconciler.stores.leased._lease import LEASE_SECONDS
from reconciler.views.json import plan as json_view
from reconciler.views.style import TextStyle

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.meeting.closures import SingleDates
    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.ports import Json, LockInfo, Store
    from reconciler.sandbox.account import Account
    from reconciler.sandbox.switches import Switches

TIMEOUT_SECONDS = 30.0
"""What one attempt of a request may take."""

LINGERS_SECONDS = LEASE_SECONDS - TIMEOUT_SECONDS
"""How long one may still send whose lock was freed by force: no longer than without a renewal."""

FILE = "plan.json"
SENDS = {
    "POST": {Action.CREATE, Action.REPLACE, Action.RESOLVE},
    "PATCH": {Action.UPDATE, Action.RESOLVE},
    "DELETE": {Action.DESTROY, Action.REPLACE, Action.RESOLVE},
}
"""Which steps a request can be a part of."""


def make(account: Account, switches: Switches, now: datetime, declared: Meeting, passcode: str) -> int:
    """The id of a meeting that somebody makes in Zoom just as it is declared: no request of ours."""
    scheduler = account.user(declared.host)
    owner = account.user(str(declared.attributes.get("schedule_for") or declared.host))
    assert scheduler is not None
    assert owner is not None
    wanted = body(declared.attributes, now, passcode)
    host = meetings.Host(owner, switches)
    made = meetings.created(wanted, host, scheduler=scheduler, identity=account.next_number(), now=now)
    account.put(made)
    return made.id


def free_lock(store: Store, held: LockInfo) -> str:
    """Free a lock by force, whoever holds it; who held it."""
    store.force_unlock(held.lock_id)
    return held.who


class Mandate(Struct, frozen=True):
    """What a run may do: what its `--target` names, and where there is one, what the saved `plan` has."""

    options: Options = field(default_factory=Options)
    plan: Plan | None = None

    def check(self, fresh: Plan) -> None:
        """As `apply --plan` does it, by way of the file. Raises `StalePlanError`."""
        if self.plan is not None:
            document = json_view.plan(self.plan, TextStyle()).encode()
            approval.check(fresh, approval.read(document, FILE), FILE)

    def allows_date(self, topic: str, dates: SingleDates) -> bool:
        """Whether single dates may be changed of the series `topic`, of which `dates` are declared."""
        steps = () if self.plan is None else self.plan.steps
        covering = {*SENDS["POST"], *SENDS["PATCH"], Action.IMPORT}  # with the same content
        looked_at = [
            _said_of(step.meeting.dates)
            for step in steps
            if step.topic == topic and step.action in covering and step.meeting
        ]
        return self.options.takes(topic) and (self.plan is None or _said_of(dates) in looked_at)

    def allows(self, method: str, topic: str, number: int | None, sent: Json) -> bool:
        """Whether a request is asked for: about the meeting `number`, which the team knows by its `topic`."""
        if not self.options.takes(topic):
            return False
        if self.plan is None:
            return True
        return any(
            step.action in SENDS[method] and _is_about(step, topic, number) and _says(step, sent)
            for step in self.plan.steps
            if step.status in {Status.NOW, Status.DEFERRED}
        )


def _said_of(dates: SingleDates) -> tuple[dict[str, Json], set[tuple[str, str]]]:
    """What people see of the dates of a series, whatever its closures are called."""
    closed = {(each.first, each.last) for closure in dates.closures for each in closure.ranges}
    return dict(dates.exceptions), closed


def _is_about(step: Step, topic: str, number: int | None) -> bool:
    return step.topic == topic and (number is None or step.id in {None, number})


def _says(step: Step, sent: Json) -> bool:
    """Whether what is sent is what was looked at, as far as people see it."""
    if not sent or "agenda" not in sent:
        return True
    return step.meeting is not None and sent["agenda"] == step.meeting.attributes.get("agenda")
